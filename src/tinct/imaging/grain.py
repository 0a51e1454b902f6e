"""How noisy a picture is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["grain_of"]

Array = NDArray[np.float32]


def grain_of(colors: Array, where: NDArray[np.bool_] | None = None) -> float:
    """Standard deviation of the noise in (h, w, 3), 0..1, that smooth places show.

    References
    ----------
    Immerkaer 1996, "Fast noise variance estimation"; of the places, those that are quieter than the middle count.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    fine = np.abs(cv2.filter2D(colors.mean(axis=2), -1, kernel))[1:-1, 1:-1]
    if where is not None:
        fine = fine[where[1:-1, 1:-1]]
    if fine.size < 16:
        return 0.0
    return float(np.quantile(fine, 0.25) / 0.3186)  # quantile of |normal|
