"""What is to be removed: a mask checked against its photo."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.photo import Photo

__all__ = ["boxes", "grown", "removal"]

_GRAY = 12  # levels of 255 between channels that still count as grey: JPEG masks are not exactly so
# Levels of 255; beyond them a mask is black or white, so that JPEG noise removes nothing
_BLACK, _WHITE = 15, 240


def removal(photo: Photo, mask: Photo) -> NDArray[np.uint8]:
    """How much of each pixel of `photo` is to be replaced.

    Parameters
    ----------
    photo : Photo
    mask : Photo
        Of the same size, grey: white is removed, black is kept, between them the two are mixed. Where the mask has
        opacity it is laid on black: what is transparent is kept.

    Returns
    -------
    ndarray, (H, W), uint8
        0 keeps, 255 replaces.

    Raises
    ------
    ParameterError
        The mask has another size or colours, or marks nothing or everything.
    """
    if (mask.width, mask.height) != (photo.width, photo.height):
        found, wanted = f"{mask.width}x{mask.height}", f"{photo.width}x{photo.height}"
        raise ParameterError("mask", found, f"{wanted}, the size of the photo; scale the mask to it")
    weight = _gray(mask)
    if mask.alpha is not None:
        opacity = _bytes(mask.alpha)
        weight = np.asarray(cv2.multiply(weight, opacity, scale=1 / 255), np.uint8)
    weight[weight <= _BLACK] = 0
    weight[weight >= _WHITE] = 255
    if not weight.any():
        hidden = mask.alpha is not None and bool((_gray(mask) > _BLACK).any())
        found = "nothing white that is not transparent" if hidden else "nothing but black"
        raise ParameterError("mask", found, "white and opaque where something is to be removed")
    return _some_left(weight)


def grown(weight: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """`weight` (H, W) widened by some pixels.

    Raises
    ------
    ParameterError
        Nothing is left beside it.
    """
    if by:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
        weight = np.asarray(cv2.dilate(weight, disc), np.uint8)
    return _some_left(weight, f" after growing by {by} px" if by else "")


def _some_left(weight: NDArray[np.uint8], after: str = "") -> NDArray[np.uint8]:
    if weight.all():
        raise ParameterError(
            "mask", f"every pixel marked{after}", "some of the photo left black, to copy from"
        )
    return weight


def _bytes(values: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    eight = values if values.dtype == np.uint8 else values >> 8
    return np.asarray(eight, np.uint8)


def _gray(mask: Photo) -> NDArray[np.uint8]:
    levels = _bytes(mask.pixels)
    red, green, blue = (levels[..., channel] for channel in range(3))
    low = np.minimum(np.minimum(red, green), blue)
    colored = np.maximum(np.maximum(red, green), blue) - low > _GRAY
    if mask.alpha is not None:
        colored &= mask.alpha > 0
    if colored.any():
        row, column = np.unravel_index(int(colored.argmax()), colored.shape)
        found = f"#{levels[row, column].tobytes().hex().upper()} at x={column}, y={row}"
        raise ParameterError("mask", found, "grey alone: white removes, black keeps")
    return green.copy()


def boxes(photo: Photo, rectangles: Iterable[tuple[int, int, int, int]]) -> Photo:
    """A mask that removes rectangles.

    Parameters
    ----------
    photo : Photo
        Whose size the mask gets.
    rectangles : iterable of (x, y, width, height)
        In pixels from the upper left corner; what lies outside the photo is cut off.

    Returns
    -------
    Photo

    Raises
    ------
    ParameterError
        A rectangle is empty or lies outside the photo.
    """
    mask = np.zeros((photo.height, photo.width, 3), np.uint8)
    for x, y, width, height in rectangles:
        right, bottom = min(x + width, photo.width), min(y + height, photo.height)
        left, top = max(x, 0), max(y, 0)
        if right <= left or bottom <= top:
            allowed = f"x,y,width,height that overlap the photo of {photo.width}x{photo.height}"
            raise ParameterError("box", f"{x},{y},{width},{height}", allowed)
        mask[top:bottom, left:right] = 255
    return Photo(mask, gray=True)
