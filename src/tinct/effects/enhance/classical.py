"""Enlarging and sharpening without a network: Lanczos, back-projection, and detail held inside what is nearby.

After Irani and Peleg 1991, "Improving resolution by image registration" (back-projection), and He, Sun and Tang 2010,
"Guided image filtering" (detail enhancement).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["enlarged", "sharpened"]

Array = NDArray[np.float32]

_ROUNDS = 4
_SLACK = np.float32(0.1)  # of the nearby range, by which results may leave it
_RADIUS = 2
_FLAT = 0.03**2  # variance below which differences are noise rather than edges
_GAIN = np.float32(0.8)
_GRAIN = 2.5 / 255  # detail below this is rather grain, and left as it is


def enlarged(seen: Array, scale: int) -> Array:
    """A window (h, w) or (h, w, 3) at `scale` times its size, without halos.

    Scaled back by area averages it gives the window again, nearly: that is what the rounds are for.
    """
    if scale == 1:
        return seen
    height, width = seen.shape[:2]
    size = (width * scale, height * scale)
    low, high = (cv2.resize(bound, size, interpolation=cv2.INTER_LINEAR) for bound in _nearby(seen))
    out = np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_LANCZOS4), np.float32)
    for _ in range(_ROUNDS):
        np.clip(out, low, high, out=out)
        missing = seen - cv2.resize(out, (width, height), interpolation=cv2.INTER_AREA)
        out += cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(out, low, high), np.float32)


def sharpened(seen: Array) -> Array:
    """A window (h, w, 3) with more detail: what a guided filter smooths away, once more, but no halos."""
    box = (2 * _RADIUS + 1, 2 * _RADIUS + 1)
    light = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    mean = cv2.blur(light, box)
    variance = np.maximum(cv2.blur(light * light, box) - mean * mean, 0)
    slope = variance / (variance + np.float32(_FLAT))
    smooth = cv2.blur(slope, box) * light + cv2.blur(mean - slope * mean, box)
    detail = np.asarray(light - smooth, np.float32)
    squared = detail * detail
    detail *= _GAIN * squared / (squared + np.float32(_GRAIN**2))
    low, high = _nearby(seen)
    out = seen + detail[..., None]
    return np.asarray(np.clip(out, low, high), np.float32)


def _nearby(seen: Array) -> tuple[Array, Array]:
    """The smallest and largest values around each pixel, with some slack."""
    around = np.ones((3, 3), np.uint8)
    low, high = (np.asarray(f(seen, around), np.float32) for f in (cv2.erode, cv2.dilate))
    slack = (high - low) * _SLACK
    return low - slack, high + slack
