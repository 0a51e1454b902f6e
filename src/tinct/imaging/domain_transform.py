"""Let neighbours that look alike agree: small blotches dissolve in what surrounds them, edges stop the mixing.

The recursive filter of the domain transform (Gastal and Oliveira 2011, "Domain transform for edge-aware image and
video processing"): along every row and column, values are carried over distances that lightness stretches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["coherent"]

Array = NDArray[np.float32]

_ROUNDS = 2  # of rows and columns


def coherent(values: Array, light: Array, reach: float, edge: float) -> Array:
    """Smooth along what looks alike.

    Parameters
    ----------
    values : ndarray, (h, w, q), float32
    light : ndarray, (h, w), float32
        L*, 0..100.
    reach : float
        Standard deviation in cells where lightness is even.
    edge : float
        Steps of L* that add up to as much as `reach` cells.

    Returns
    -------
    ndarray, (h, w, q), float32
        Each a weighted mean of `values`.
    """
    out = values.copy()
    across = 1 + reach / edge * np.abs(np.diff(light, axis=1))  # (h, w - 1) distances
    down = 1 + reach / edge * np.abs(np.diff(light, axis=0))
    for number in range(_ROUNDS):
        spread = reach * 3**0.5 * 2 ** (_ROUNDS - number - 1) / (4**_ROUNDS - 1) ** 0.5
        _carry(out, np.exp(-(2**0.5) / spread * down))
        _carry(out.transpose(1, 0, 2), np.exp(-(2**0.5) / spread * across).T)
    return out


def _carry(lines: Array, keep: Array) -> None:
    """Move each of `lines` (h, w, q) in place towards the one before it, then the one after, by `keep` (h - 1, w)."""
    keep = np.asarray(keep, np.float32)[..., None]
    for y in range(1, len(lines)):
        lines[y] += keep[y - 1] * (lines[y - 1] - lines[y])
    for y in range(len(lines) - 2, -1, -1):
        lines[y] += keep[y] * (lines[y + 1] - lines[y])
