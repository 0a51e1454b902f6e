"""Let places that look like parts of the same thing agree, however far apart: a car is not half coloured.

The probabilities of each cell become their mean over all cells, weighted by how alike they look to the network's
encoder, how near and how alike in lightness they are: one step of the mean field of a fully connected random field
(Krähenbühl and Koltun 2011, "Efficient inference in fully connected CRFs with Gaussian edge potentials"), with learned
features where that has RGB. Only what is coarser than a cell of the features moves; finer edges stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.photo.resize import resize

__all__ = ["agreed", "evened", "resized"]

Array = NDArray[np.float32]

_LOOK = 0.5  # difference of looks that separates; all looks of a photo differ from their mean by 1
_FAR = 0.3  # of the longer side
_LIGHT = 15.0  # L*
_RARE = np.float32(1e-6)  # probability below which a class does not count
_EVEN = 0.8  # how far single values become those of what looks alike
_CHANNELS = 64  # that OpenCV resizes at once


def agreed(logits: Array, light: Array, looks: Array) -> Array:
    """Logits where what looks alike agrees.

    Parameters
    ----------
    logits : ndarray, (h, w, q), float32
    light : ndarray, (h, w), float32
        L*, 0..100.
    looks : ndarray, (h / 2, w / 2, c), float32
        What the encoder sees, with a mean of 0.

    Returns
    -------
    ndarray, (h, w, q), float32
    """
    size = (looks.shape[0], looks.shape[1])
    weights = _alike(light, looks)
    coarse = resized(logits, size).reshape(len(weights), -1)
    coarse -= coarse.max(axis=1, keepdims=True)
    p = np.exp(coarse)
    p /= p.sum(axis=1, keepdims=True)
    moved = np.log(weights @ p + _RARE) - np.log(p + _RARE)
    return logits + resized(moved.reshape(*size, -1), (logits.shape[0], logits.shape[1]))


def evened(values: Array, light: Array, looks: Array) -> Array:
    """`values` (h, w) made nearly alike where things look alike; `light` and `looks` as for `agreed`."""
    size = (looks.shape[0], looks.shape[1])
    coarse = resize(values, size)
    moved = (_alike(light, looks) @ coarse.ravel()).reshape(size) - coarse
    return np.asarray(values + np.float32(_EVEN) * resize(moved, values.shape), np.float32)


def _alike(light: Array, looks: Array) -> Array:
    """How alike each two cells of the features are, (n, n); rows sum to 1."""
    size = (looks.shape[0], looks.shape[1])
    down, across = (axis.astype(np.float32) / np.float32(_FAR * max(size)) for axis in np.indices(size))
    told = np.dstack([looks / np.float32(_LOOK), resize(light, size) / np.float32(_LIGHT), down, across])
    told = told.reshape(size[0] * size[1], -1)  # (n, c + 3)
    square = (told * told).sum(axis=1)
    weights = told @ told.T
    weights -= square / np.float32(2)
    weights -= square[:, None] / np.float32(2)  # minus half the squared distance
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights, np.float32)


def resized(planes: Array, size: tuple[int, int]) -> Array:
    """`planes` (h, w, q) at another size; OpenCV takes some channels at once."""
    parts = range(0, planes.shape[2], _CHANNELS)
    found = [resize(np.ascontiguousarray(planes[..., k : k + _CHANNELS]), size) for k in parts]
    return np.concatenate(found, axis=2)
