"""A field made small, brought to the photo's own size."""

from __future__ import annotations

import math

import cv2
import numpy as np

from tinct.imaging.fill.offset_field import Ground, Ints, OffsetField, repair
from tinct.imaging.fill.scene import Flags

__all__ = ["aligned", "upsampled"]

_ALIGNED = 24  # small pixels that must share a way for it to be aligned
_SAID = 3000  # pixels that are asked about an alignment


def upsampled(field: OffsetField, hole: Flags, ground: Ground) -> OffsetField:
    """Copy by the same ways at a larger size.

    A way that was found small is right to half a small pixel only. So each one that many pixels share is moved by a
    few large pixels to where the surroundings of those pixels fit best, and lines meet.

    Parameters
    ----------
    field : OffsetField
        Small.
    hole : ndarray, (h, w), bool
        The small hole.
    ground : Ground
        Large.

    Returns
    -------
    OffsetField
        Large; every pixel of the hole leads to a known one.
    """
    (h, w), (height, width) = hole.shape, ground.hole.shape
    rows, columns = (index.astype(np.int32) for index in np.nonzero(ground.hole))
    small = (rows * h // height), (columns * w // width)
    factors = height / h, width / w
    down = np.rint(field.down[small] * factors[0]).astype(np.int32)
    right = np.rint(field.right[small] * factors[1]).astype(np.int32)
    large = repair(ground, OffsetField.at(ground.hole.shape, rows, columns, down, right))
    reach = math.ceil(max(factors) / 2) if max(factors) > 1 else 0
    return repair(ground, aligned(ground, large, reach, round(_ALIGNED * factors[0] * factors[1])))


def aligned(ground: Ground, field: OffsetField, reach: int, least: int) -> OffsetField:
    """Move each way, in place, that `least` pixels share by up to `reach` pixels; the most shared first."""
    rows, columns = (index.astype(np.int32) for index in np.nonzero(ground.hole))
    way = field.down[rows, columns].astype(np.int64) * (1 << 32) + field.right[rows, columns]
    _, number, counts = np.unique(way, return_inverse=True, return_counts=True)
    order = np.argsort(number, kind="stable")
    groups = np.split(order, np.cumsum(counts)[:-1])
    for group in sorted(groups, key=len, reverse=True):
        if len(group) < max(least, 1) or not reach:
            break
        i, j = _best_step(ground, field, rows[group], columns[group], reach)
        field.down[rows[group], columns[group]] += i
        field.right[rows[group], columns[group]] += j
    return field


def _best_step(ground: Ground, field: OffsetField, rows: Ints, columns: Ints, reach: int) -> tuple[int, int]:
    """By how much pixels that share a way should move it for what lies around them to fit best."""
    at = _surroundings(ground, rows, columns, reach + 2)
    way = field.down[rows[0], columns[0]], field.right[rows[0], columns[0]]
    theirs = field.down[at], field.right[at]
    best, lowest = (0, 0), math.inf
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            mine = np.full(len(at[0]), way[0] + i), np.full(len(at[0]), way[1] + j)
            cost = np.minimum(ground.difference(*at, mine, theirs), 1).mean() if len(at[0]) else 0.0
            cost = float(cost) + 1e-6 * (i * i + j * j)
            if cost < lowest:
                best, lowest = (i, j), cost
    return best


def _surroundings(ground: Ground, rows: Ints, columns: Ints, width: int) -> tuple[Ints, Ints]:
    """Pixels up to `width` away that are known or filled by other ways; some of them where they are many."""
    top, left = max(rows.min() - width, 0), max(columns.min() - width, 0)
    mine = np.zeros((rows.max() + width + 1 - top, columns.max() + width + 1 - left), np.uint8)
    mine = mine[: ground.hole.shape[0] - top, : ground.hole.shape[1] - left]
    mine[rows - top, columns - left] = 1
    window = np.s_[top : top + mine.shape[0], left : left + mine.shape[1]]
    around = cv2.dilate(mine, np.ones((2 * width + 1,) * 2, np.uint8)) > mine
    around &= ground.hole[window] | ground.known[window]
    at = np.flatnonzero(around)
    at = at[np.linspace(0, len(at) - 1, min(len(at), _SAID)).astype(np.int64)]
    near, across = np.unravel_index(at, mine.shape)
    return (near + top).astype(np.int32), (across + left).astype(np.int32)
