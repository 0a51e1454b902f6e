"""The two steps that all colour conversions share: sRGB's curve, extended beyond 0..1, and a 3 x 3 matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["linear_to_srgb", "mix", "srgb_to_linear"]


def srgb_to_linear(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB-encoded values to linear light (IEC 61966-2-1), odd-symmetric below 0.

    Parameters
    ----------
    rgb : ndarray, any shape, float32

    Returns
    -------
    ndarray, same shape, float32
    """
    x = np.asarray(rgb, np.float32)
    size = np.abs(x)
    curve = np.power((size + np.float32(0.055)) * np.float32(1 / 1.055), np.float32(2.4))
    return np.copysign(np.where(size <= 0.04045, size * np.float32(1 / 12.92), curve), x)


def linear_to_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light to sRGB-encoded values, the inverse of `srgb_to_linear`."""
    x = np.asarray(linear, np.float32)
    size = np.abs(x)
    curve = np.power(size, np.float32(1 / 2.4)) * np.float32(1.055) - np.float32(0.055)
    return np.copysign(np.where(size <= 0.0031308, size * np.float32(12.92), curve), x)


def mix(values: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Multiply every vector of (..., 3) by a 3 x 3 matrix."""
    import cv2

    flat = np.ascontiguousarray(values, np.float32).reshape(-1, 1, 3)
    if not flat.size:
        return values
    mixed = cv2.transform(flat, matrix)  # many times faster than a product of such narrow matrices
    return np.asarray(mixed, np.float32).reshape(values.shape)
