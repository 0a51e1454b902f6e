"""Hold a result to the colours of its source: a network may add detail, but nothing broad."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["REACH", "area", "pinned"]

Array = NDArray[np.float32]

_SIGMA = 2.0  # pixels of the source; what is broader than that comes from the source
REACH = 6  # pixels of the source around a place that have a say in it


def area(values: Array, factor: int) -> Array:
    """Area averages of blocks of `factor` x `factor` pixels."""
    if factor == 1:
        return values
    size = (values.shape[1] // factor, values.shape[0] // factor)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def pinned(result: Array, source: Array, scale: int) -> Array:
    """`result` with the low frequencies of `source`.

    Parameters
    ----------
    result : ndarray, (h * scale, w * scale, 3), float32
    source : ndarray, (h, w, 3), float32
        Of full precision: the sum is as smooth as the source, whatever the network's own steps are.
    scale : int

    Returns
    -------
    ndarray, (h * scale, w * scale, 3), float32
    """
    drift = cv2.GaussianBlur(source - area(result, scale), (2 * REACH + 1, 2 * REACH + 1), _SIGMA)
    if scale > 1:
        drift = cv2.resize(drift, (result.shape[1], result.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(result + drift, np.float32)
