"""Masks grown, shrunk and blurred over many pixels, at no more precision and no larger than that needs."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.resize import resize

__all__ = ["blurred", "disc", "grown", "shrunk"]

Array = NDArray[np.float32]

_WIDE: Final = 4.0  # pixels: a wider blur is made on a smaller copy, on which it is at least so wide


def disc(radius: float) -> NDArray[np.uint8]:
    """A round structuring element; `radius` in pixels, at least 1."""
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _levels(mask: NDArray[np.generic]) -> NDArray[np.uint8]:
    """0..1 in 8 bits, in which growing takes a quarter of the time."""
    return np.asarray(cv2.convertScaleAbs(np.ascontiguousarray(mask, np.float32), alpha=255), np.uint8)


def grown(mask: NDArray[np.generic], radius: float) -> Array:
    """A mask (h, w), 0..1 or bool, widened by `radius` pixels."""
    return np.asarray(cv2.dilate(_levels(mask), disc(radius)), np.float32) / np.float32(255)


def shrunk(mask: NDArray[np.generic], radius: float) -> Array:
    """A mask (h, w), 0..1 or bool, narrowed by `radius` pixels."""
    return np.asarray(cv2.erode(_levels(mask), disc(radius)), np.float32) / np.float32(255)


def blurred(picture: NDArray[np.generic], sigma: float) -> Array:
    """A Gaussian blur of a picture (h, w) or (h, w, 3); `sigma` in pixels."""
    values = np.ascontiguousarray(picture, np.float32)
    height, width = values.shape[:2]
    smaller = int(sigma / _WIDE)
    if smaller < 2:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
    size = (max(1, round(height / smaller)), max(1, round(width / smaller)))
    # areas that are averaged, and read back linearly, blur by themselves
    left = np.sqrt(max((sigma / smaller) ** 2 - 1 / 4, 0.25))
    return resize(
        np.asarray(cv2.GaussianBlur(resize(values, size), (0, 0), left), np.float32), (height, width)
    )
