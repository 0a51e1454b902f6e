"""The corners of a mouth, laid where the line between its lips ends.

The mesh often ends short of them by a few hundredths of the mouth's width, and what is painted with it. The line in
which lips meet is darker than what is above and below it: it is followed outwards from inside the mouth, by dynamic
programming over columns, to where it is no longer as deep.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.points import LIPS_RING, MOUTH_RING

__all__ = ["reached"]

Array = NDArray[np.float32]
Points = NDArray[np.float64]

_INSIDE, _OUTSIDE, _ASIDE = 0.08, 0.1, 0.06  # how far is looked, of the mouth's width
_STEP: Final = 0.004  # between samples, of the same
_BESIDE: Final = 0.028  # how far above and below the line what is lighter is looked for
_LEFT: Final = 0.5  # share of its depth inside the mouth down to which the line goes on
_DEEP: Final = 0.05  # logarithm of light by which it is darker, or nothing is told
_CLEAR: Final = 1.6  # by how many times it is at least deeper than what else lies beside the corner
_BEND: Final = 0.3  # cost of a step aside between neighbours, of the line's depth
_WITH: Final = 0.3  # how far from a corner points go with it, of the mouth's width


def reached(light: Array, points: Points) -> Points:
    """The mesh with the corners of its mouth where the photo has them; only ever further out.

    Parameters
    ----------
    light, points : ndarray
        As of :func:`tinct.faces.lips.lips`.

    Returns
    -------
    ndarray, (478, 3), float64
        Points of the lips near a corner go with it; the others stay.
    """
    ends = points[[LIPS_RING[0], LIPS_RING[10]], :2]
    across = ends[1] - ends[0]
    width = float(np.linalg.norm(across))
    out = points.copy()
    if width < 16:
        return out
    across = across / width
    soft = cv2.GaussianBlur(light.mean(axis=-1), (0, 0), max(0.6, 0.008 * width))
    numbers = [*LIPS_RING, *MOUTH_RING]
    for end, outwards in zip(ends, (-across, across), strict=True):
        shift = _end(soft, end, outwards, width)
        along = np.linalg.norm(points[numbers, :2] - end, axis=1) / width
        share = np.clip(1 - along / _WITH, 0, 1)
        out[numbers, :2] += (share * share * (3 - 2 * share))[:, None] * shift
    return out


def _end(soft: Array, end: Points, outwards: Points, width: float) -> Points:
    """How far the corner is from the mesh's, (2,) pixels."""
    down = np.array([-outwards[1], outwards[0]])
    along = np.arange(-_INSIDE, _OUTSIDE + 1e-9, _STEP)
    aside = np.arange(-_ASIDE - _BESIDE, _ASIDE + _BESIDE + 1e-9, _STEP)
    at = end + width * (along[:, None, None] * outwards + aside[None, :, None] * down)
    x, y = (np.asarray(at[..., axis], np.float32) for axis in (0, 1))
    seen = np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)
    off = round(_BESIDE / _STEP)
    depth = np.minimum(seen[:, : -2 * off], seen[:, 2 * off :]) - seen[:, off:-off]
    path = _deepest(depth)
    line = depth[np.arange(len(path)), path]
    line = np.convolve(np.pad(line, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    start = int(np.searchsorted(along, 0))
    inside = float(np.median(line[:start]))
    if inside < max(_DEEP, _CLEAR * float(np.median(np.abs(depth[start:])))):
        return np.zeros(2)
    short = np.flatnonzero(line[start:] < _LEFT * inside)
    if not len(short):  # a fold of the cheek, which goes on
        return np.zeros(2)
    last = start + int(short[0])
    if last == start:
        return np.zeros(2)
    return np.asarray(width * (along[last] * outwards + aside[off + path[last]] * down))


def _deepest(depth: Points) -> NDArray[np.intp]:
    """The deepest way through columns (n, m) from the first to the last, as rows (n,)."""
    cost = -np.clip(depth, 0, np.percentile(depth, 98))
    bend = _BEND * float(-cost.min()) + 1e-9
    total, came = cost[0], np.zeros(cost.shape, np.intp)
    rows = np.arange(cost.shape[1])
    for column in range(1, len(cost)):
        before = np.pad(total, 1, constant_values=np.inf)
        ways = np.stack([before[:-2] + bend, before[1:-1], before[2:] + bend])
        came[column] = np.clip(rows + ways.argmin(axis=0) - 1, 0, len(rows) - 1)
        total = ways.min(axis=0) + cost[column]
    path = [int(total.argmin())]
    for column in range(len(cost) - 1, 0, -1):
        path.append(int(came[column, path[-1]]))
    return np.array(path[::-1])
