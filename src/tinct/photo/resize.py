"""Make a picture smaller (by area averages) or bring a map to another size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.picture import Pixels

__all__ = ["fit_size", "resize", "shrink"]

_LEFT = 2
"""Times smaller that is left to do after halving: averages of four are many times faster than those of odd areas."""


def fit_size(height: int, width: int, side: int) -> tuple[int, int]:
    """The (height, width) of a picture whose longer side is at most `side`, same shape.

    Raises
    ------
    ParameterError
        `side` is below 1.
    """
    if side < 1:
        raise ParameterError("side", side, "1 or more pixels")
    longer = max(height, width)
    if longer <= side:
        return height, width
    return max(1, round(height * side / longer)), max(1, round(width * side / longer))


def shrink(pixels: Pixels, side: int) -> Pixels:
    """A copy whose longer side is at most `side`, each pixel the average of the area it covers.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3) or (H, W), uint8 or uint16
        Averaged as they are encoded.
    side : int
        Longer side in pixels; a smaller picture comes back as it is.

    Returns
    -------
    ndarray, (h, w, 3) or (h, w), dtype of `pixels`

    Raises
    ------
    ParameterError
        `side` is below 1.
    """
    import cv2

    height, width = pixels.shape[:2]
    h, w = fit_size(height, width, side)
    if (h, w) == (height, width):
        return pixels
    whole = height % h == 0 and width % w == 0  # fast as it is
    halvings = 0 if whole else max(0, int(math.log2(min(height / h, width / w) / _LEFT)))
    for _ in range(halvings):
        pixels = _halved(pixels)
    scale = 2.0**halvings  # of the whole size: halving has left out a row or column where it was odd
    across, down = w * scale / width, h * scale / height
    small: Pixels = cv2.resize(pixels, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small


def _halved(pixels: Pixels) -> Pixels:
    """Averages of four pixels; what is odd at the end is left out."""
    import cv2

    height, width = (side // 2 for side in pixels.shape[:2])
    even = pixels[: 2 * height, : 2 * width]
    half: Pixels = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return half


def resize(array: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Bring a float picture or map to `size`: area averages down, bicubic-free linear steps up.

    Parameters
    ----------
    array : ndarray, (H, W) or (H, W, C), float32
    size : tuple of int
        The new (height, width).

    Returns
    -------
    ndarray, (height, width) or (height, width, C), float32
        Never outside the range of `array`.

    Raises
    ------
    ParameterError
        A side of `size` is below 1.
    """
    import cv2

    h, w = size
    if h < 1 or w < 1:
        raise ParameterError("size", size, "a height and a width of 1 or more pixels")
    if array.shape[:2] == (h, w):
        return array
    down = h <= array.shape[0] and w <= array.shape[1]
    method = cv2.INTER_AREA if down else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, (w, h), interpolation=method), dtype=np.float32)
