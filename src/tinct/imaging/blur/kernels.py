"""What blurs a photo: a soft lens or a resize, a lens out of focus, a camera that moved."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Kernel", "disc", "gaussian", "motion"]

Kernel = NDArray[np.float32]
"""Square, its sides odd, its sum 1."""

_FINE = 9  # parts of a pixel in which kernels are drawn


def gaussian(sigma: float) -> Kernel:
    """A Gaussian of this standard deviation in pixels."""
    line = cv2.getGaussianKernel(2 * round(4 * sigma) + 1, sigma)
    return np.asarray(line @ line.T, np.float32)


def disc(radius: float) -> Kernel:
    """Even inside a circle: a lens out of focus."""
    return _drawn(radius, lambda fine, middle: cv2.circle(fine, middle, round(radius * _FINE), 1.0, -1))


def motion(length: float, degrees: float) -> Kernel:
    """Even along a straight way; degrees turn from level downwards."""
    angle = np.deg2rad(degrees)
    half = max(length - 1, 0) / 2 * _FINE  # the pen adds half a pixel to each end
    right, down = half * np.cos(angle), half * np.sin(angle)

    def draw(fine: Kernel, middle: tuple[int, int]) -> None:
        one, two = ((round(middle[0] + s * right), round(middle[1] + s * down)) for s in (-1, 1))
        cv2.line(fine, one, two, 1.0, _FINE)

    return _drawn(length / 2, draw)


def _drawn(reach: float, draw: Callable[[Kernel, tuple[int, int]], object]) -> Kernel:
    side = 2 * int(np.ceil(reach + 1)) + 1
    fine = np.zeros((side * _FINE, side * _FINE), np.float32)
    draw(fine, (side * _FINE // 2, side * _FINE // 2))
    kernel = cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(kernel / kernel.sum(), np.float32)
