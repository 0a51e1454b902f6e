"""Hold a result to its source: a network may add detail, but nothing broad, and nothing the source contradicts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.classical import enlarged
from tinct.imaging.guided import smoothstep

__all__ = ["area", "consistent", "grained", "plausible"]

Array = NDArray[np.float32]

_SIGMA = 2.0  # pixels of the source; what is broader than that comes from the source
_REACH = 6  # pixels of the source around a place that have a say in it
_GRAIN = 3 / 255  # largest that is given back: more is an edge, which was made sharper on purpose
_DOUBT = (0.2, 0.35)  # of the full range; good answers stay below 0.13


def area(values: Array, factor: int) -> Array:
    """Area averages of blocks of `factor` x `factor` pixels."""
    if factor == 1:
        return values
    size = (values.shape[1] // factor, values.shape[0] // factor)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def plausible(result: Array, seen: Array, scale: int) -> Array:
    """`result` where it makes sense, else `seen` enlarged without a network.

    Small networks now and then burst into wild patterns. What gives another picture than the source when scaled back
    is not plausible.

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


def consistent(result: Array, source: Array, scale: int) -> Array:
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
    return np.asarray(result + _enlarged(_smooth(source - area(result, scale)), scale), np.float32)


def grained(result: Array, source: Array, scale: int, share: float) -> Array:
    """`result` with a share of the fine grain that `source` has and it lost; the rest as in `consistent`.

    Networks that restore leave skin without pores. What they took and is too weak to be an edge is laid over it again.
    """
    lost = source - area(result, scale)
    fine = np.clip(lost - _smooth(lost), -_GRAIN, _GRAIN) * np.float32(share)
    return np.asarray(result + _enlarged(np.asarray(fine, np.float32), scale), np.float32)


def _smooth(values: Array) -> Array:
    return np.asarray(cv2.GaussianBlur(values, (2 * _REACH + 1, 2 * _REACH + 1), _SIGMA), np.float32)


def _enlarged(values: Array, scale: int) -> Array:
    if scale == 1:
        return values
    size = (values.shape[1] * scale, values.shape[0] * scale)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_CUBIC), np.float32)
