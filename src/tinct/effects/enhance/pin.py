"""Hold a result to its source: a network may add detail, but nothing broad, and nothing the source contradicts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.classical import enlarged
from tinct.photo.masks import smoothstep

__all__ = ["area", "believed", "pinned"]

Array = NDArray[np.float32]

_SIGMA = 2.0  # pixels of the source; what is broader than that comes from the source
_REACH = 6  # pixels of the source around a place that have a say in it
_DOUBT = (0.2, 0.35)  # of the full range; good answers stay below 0.13


def area(values: Array, factor: int) -> Array:
    """Area averages of blocks of `factor` x `factor` pixels."""
    if factor == 1:
        return values
    size = (values.shape[1] // factor, values.shape[0] // factor)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def believed(result: Array, seen: Array, scale: int) -> Array:
    """`result` where it makes sense, else `seen` enlarged without a network.

    Small networks now and then burst into wild patterns. What gives another picture than the source when scaled back
    is not believed.

    Parameters
    ----------
    result : ndarray, (h * scale, w * scale, 3), float32
    seen : ndarray, (h, w, 3), float32
        What the network was given.
    scale : int
    """
    apart = np.abs(area(result, scale) - seen).max(axis=2)
    if not apart.max() > _DOUBT[0] and np.isfinite(apart).all():
        return result
    apart = cv2.dilate(np.nan_to_num(apart, nan=1, posinf=1), np.ones((9, 9), np.uint8))
    doubt = cv2.GaussianBlur(smoothstep(np.asarray(apart, np.float32), *_DOUBT), (9, 9), 0)
    doubt = np.asarray(cv2.resize(doubt, (result.shape[1], result.shape[0])), np.float32)[..., None]
    plain = enlarged(seen, scale)
    return np.where(doubt > 0, plain * doubt + np.nan_to_num(result) * (1 - doubt), result)


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
    drift = cv2.GaussianBlur(source - area(result, scale), (2 * _REACH + 1, 2 * _REACH + 1), _SIGMA)
    if scale > 1:
        drift = cv2.resize(drift, (result.shape[1], result.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(result + drift, np.float32)
