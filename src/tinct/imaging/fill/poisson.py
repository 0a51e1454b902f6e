"""Make seams vanish: between pieces that are copied from different places, tones are poisson_blend out.

References
----------
Pérez, Gangnet, Blake 2003, "Poisson image editing"; Briggs, Henson, McCormick 2000, "A multigrid tutorial".
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.offset_field import SIDES, Ground, Ints, OffsetField
from tinct.imaging.fill.scene import Array

__all__ = ["excess_steps", "poisson_blend"]

_TONE, _HUE = 0.15, 0.05
"""Steps over a joint (of 1) in tone and in colour well above these are edges of the picture, not seams; levelling them
would let colours run."""
_CYCLES = 2
_SMOOTHING = 2
_FEW = 16  # cells that are solved without coarser ones


def poisson_blend(ground: Ground, field: OffsetField, box: tuple[slice, slice]) -> Array:
    """The filled hole without visible seams.

    Parameters
    ----------
    ground : Ground
        The photo, whole numbers.
    field : OffsetField
        What to copy; every pixel of the hole leads to a known one.
    box : tuple of slice
        Rows and columns around the hole.

    Returns
    -------
    ndarray, (h, w, 3), float32
        Of the box, in the photo's unit; only the hole is meaningful. May lie a little outside the photo's range.
    """
    number = np.full(ground.hole.shape, -1, np.int32)
    rows, columns = (index.astype(np.int32) for index in np.nonzero(ground.hole))
    number[rows, columns] = np.arange(len(rows), dtype=np.int32)
    colors, _ = ground.look(rows + field.down[rows, columns], columns + field.right[rows, columns])
    wanted = excess_steps(ground, field, number, len(rows))
    if wanted.any():
        colors += _solve(_System.of(ground, rows, columns), wanted) / ground.unit
    filled = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start, 3), np.float32)
    filled[rows - box[0].start, columns - box[1].start] = colors
    return filled


@dataclass(frozen=True, eq=False)
class _System:
    """Equations ``(held + sum of ties) * u - sum of ties * u beside = wanted``, one for each of n cells.

    Parameters
    ----------
    rows, columns : ndarray, (n,), int32
        Where the cells are, in order of rows, then columns.
    held : ndarray, (n,), float32
        How strongly a cell is held at 0.
    ties : ndarray, (4, n), float32
        Strength of the tie to the neighbour on each side; 0 where there is none.
    beside : ndarray, (4, n), int64
        Number of that neighbour; n where there is none.
    """

    rows: Ints
    columns: Ints
    held: Array
    ties: Array
    beside: NDArray[np.int64]

    @classmethod
    def of(cls, ground: Ground, rows: Ints, columns: Ints) -> _System:
        """Neighbours are tied; those beside the rim are held, and all a little, so that tones do not wander."""
        hole, known = np.pad(ground.hole, 1), np.pad(ground.known, 1)
        depth = float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5).max())
        held = np.full(len(rows), 0.25 / max(depth, 1) ** 2, np.float32)
        for i, j in SIDES:
            held += known[rows + 1 + i, columns + 1 + j]
        beside = _neighbours(rows, columns)
        return cls(rows, columns, held, (beside < len(rows)).astype(np.float32), beside)

    @functools.cached_property
    def whole(self) -> Array:
        """Factor of u itself: (n, 1)."""
        return np.asarray(self.held + self.ties.sum(axis=0), np.float32)[:, None]

    def pull(self, u: Array) -> Array:
        """Sum of the neighbours of each cell, each times its tie: (n, 3)."""
        padded = np.concatenate([u, np.zeros((1, 3), np.float32)])
        total = np.zeros_like(u)
        for tie, beside in zip(self.ties, self.beside, strict=True):
            total += tie[:, None] * padded[beside]
        return total

    def coarser(self) -> tuple[_System, NDArray[np.int64]]:
        """The equations of cells of 2 x 2, and the number of the cell that each of these is in.

        A tie of twice the length holds half as strongly.
        """
        stride = int(self.columns.max()) // 2 + 1
        keys, parent = np.unique(
            (self.rows // 2).astype(np.int64) * stride + self.columns // 2, return_inverse=True
        )
        count = len(keys)
        ties = np.zeros((4, count), np.float32)
        for side in range(4):
            out = np.flatnonzero(self.beside[side] < len(self.rows))
            out = out[parent[out] != parent[self.beside[side][out]]]
            ties[side] = np.bincount(parent[out], self.ties[side][out], count) / 2
        rows, columns = (keys // stride).astype(np.int32), (keys % stride).astype(np.int32)
        held = np.bincount(parent, self.held, count).astype(np.float32)
        return _System(rows, columns, held, ties, _neighbours(rows, columns)), parent


def _neighbours(rows: Ints, columns: Ints) -> NDArray[np.int64]:
    """Number of the cell on each side of each cell, n where there is none: (4, n); cells are in order."""
    stride = int(columns.max()) + 3
    keys = rows.astype(np.int64) * stride + columns + 1
    beside = np.empty((4, len(keys)), np.int64)
    for side, (i, j) in enumerate(SIDES):
        wanted = keys + i * stride + j
        at = np.searchsorted(keys, wanted)
        found = keys[np.minimum(at, len(keys) - 1)] == wanted
        beside[side] = np.where(found, at, len(keys))
    return beside


def excess_steps(ground: Ground, field: OffsetField, number: Ints, count: int) -> Array:
    """Steps that seams would have to lose, (n, 3), in parts of 1: the right-hand side of the equations.

    `number` (h, w) says which of the `count` cells a pixel is, -1 outside of the hole.
    """
    wanted = np.zeros((count + 1, 3), np.float32)  # the last row gathers what falls on known pixels
    inside = ground.hole | ground.known
    for side in ((0, 1), (1, 0)):
        h, w = ground.hole.shape[0] - side[0], ground.hole.shape[1] - side[1]
        here, there = np.s_[:h, :w], np.s_[side[0] :, side[1] :]
        joint = inside[here] & inside[there] & (ground.hole[here] | ground.hole[there])
        joint &= (field.down[here] != field.down[there]) | (field.right[here] != field.right[there])
        rows, columns = (index.astype(np.int32) for index in np.nonzero(joint))
        step = _excess(ground, field, rows, columns, side)
        np.add.at(wanted, number[rows, columns], step)
        np.add.at(wanted, number[rows + side[0], columns + side[1]], -step)
    return wanted[:-1]


def _excess(ground: Ground, field: OffsetField, rows: Ints, columns: Ints, side: tuple[int, int]) -> Array:
    """Step over each joint beyond the one that the sources of its two sides have there: (n, 3)."""
    near, across = rows + side[0], columns + side[1]
    one = field.down[rows, columns], field.right[rows, columns]
    two = field.down[near, across], field.right[near, across]
    first, _ = ground.look(rows + one[0], columns + one[1])
    second, _ = ground.look(near + two[0], across + two[1])
    total, count = np.zeros_like(first), np.zeros((len(rows), 1), np.float32)
    for way, at in ((one, (rows, columns)), (two, (near, across))):
        start, known = ground.look(rows + way[0], columns + way[1])
        end, also = ground.look(near + way[0], across + way[1])
        usable = (known & also & ground.hole[at])[:, None]
        total += np.where(usable, end - start, 0)
        count += usable
    step = np.where(count > 0, (second - first) - total / np.maximum(count, 1), 0) * ground.unit
    tone = step.mean(axis=1, keepdims=True)
    hue = np.linalg.norm(step - tone, axis=1, keepdims=True)
    return np.asarray(step / (1 + ((tone / _TONE) ** 2 + (hue / _HUE) ** 2) ** 2), np.float32)


def _solve(system: _System, wanted: Array) -> Array:
    """Solve from coarse to fine, then improve at each size by cycles through the coarser ones."""
    chain, parents, sides = [system], [], [wanted]
    while len(chain[-1].held) > _FEW:
        coarser, parent = chain[-1].coarser()
        sides.append(_sums(sides[-1], parent, len(coarser.held)))
        chain.append(coarser)
        parents.append(parent)
    u = np.zeros_like(sides[-1])
    for level in range(len(chain) - 1, -1, -1):
        if level < len(parents):
            u = u[parents[level]]
        for _ in range(_CYCLES):
            u = _cycle(chain, parents, level, sides[level], u)
    return u


def _cycle(
    chain: list[_System], parents: list[NDArray[np.int64]], level: int, wanted: Array, u: Array
) -> Array:
    system = chain[level]
    if level == len(parents):
        return _relaxed(system, wanted, u, 40)
    u = _relaxed(system, wanted, u, _SMOOTHING)
    rest = _sums(wanted + system.pull(u) - system.whole * u, parents[level], len(chain[level + 1].held))
    u = u + _cycle(chain, parents, level + 1, rest, np.zeros_like(rest))[parents[level]]
    return _relaxed(system, wanted, u, _SMOOTHING)


def _relaxed(system: _System, wanted: Array, u: Array, times: int) -> Array:
    """After some steps of damped Jacobi iteration."""
    for _ in range(times):
        u = u + np.float32(0.8) * ((wanted + system.pull(u)) / system.whole - u)
    return u


def _sums(values: Array, parent: NDArray[np.int64], count: int) -> Array:
    """Sums over the cells of each parent: (count, 3)."""
    return np.stack([np.bincount(parent, v, count) for v in values.T], axis=1).astype(np.float32)
