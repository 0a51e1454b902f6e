"""A shift field: for every pixel of a hole, the way to the known pixel that it copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.scene import Array, Flags, nearest_known
from tinct.photo.photo import Pixels

__all__ = ["SIDES", "Ground", "Ints", "OffsetField", "icm", "repair", "seam_cost"]

Ints = NDArray[np.int32]

SIDES = ((0, 1), (1, 0), (0, -1), (-1, 0))
_FORBIDDEN = np.float32(1e3)
"""Cost of looking where nothing is known."""


@dataclass(frozen=True, eq=False)
class OffsetField:
    """Ways from pixels to their sources.

    Parameters
    ----------
    down, right : ndarray, (h, w), int32
        Zero outside the hole.
    """

    down: Ints
    right: Ints

    @classmethod
    def at(cls, size: tuple[int, int], rows: Ints, columns: Ints, down: Ints, right: Ints) -> OffsetField:
        """A field that is zero but for the pixels (rows, columns)."""
        field = cls(np.zeros(size, np.int32), np.zeros(size, np.int32))
        field.down[rows, columns], field.right[rows, columns] = down, right
        return field


@dataclass(frozen=True, eq=False)
class Ground:
    """What a field points into.

    Parameters
    ----------
    picture : ndarray, (h, w, channels), float32 or whole numbers
    known, hole : ndarray, (h, w), bool
        Pixels that may be copied; pixels to fill.
    """

    picture: Array | Pixels
    known: Flags
    hole: Flags

    @property
    def unit(self) -> np.float32:
        """Brings values of the picture to about 0..1."""
        whole = {"uint8": 255, "uint16": 65535}.get(self.picture.dtype.name, 1)
        return np.float32(1 / whole)

    def difference(self, rows: Ints, columns: Ints, one: tuple[Ints, Ints], two: tuple[Ints, Ints]) -> Array:
        """Squared difference of the two pixels that lie the ways `one` and `two` from (rows, columns): (n,).

        Very large where one of them is not known.
        """
        first, known = self.look(rows + one[0], columns + one[1])
        second, also = self.look(rows + two[0], columns + two[1])
        gap = (first - second) * self.unit
        return np.where(known & also, np.einsum("ij,ij->i", gap, gap), _FORBIDDEN)

    def look(self, rows: Ints, columns: Ints) -> tuple[Array, Flags]:
        """Pixels as float32 (n, channels), and which of them are known (n,)."""
        height, width = self.known.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        rows, columns = np.where(inside, rows, 0), np.where(inside, columns, 0)
        return self.picture[rows, columns].astype(np.float32), inside & self.known[rows, columns]


def _edges(
    ground: Ground,
    field: OffsetField,
    rows: Ints,
    columns: Ints,
    way: tuple[Ints, Ints],
    side: tuple[int, int],
) -> Array:
    """Cost of the joint between pixels that shift by `way` and their neighbours on one side: (n,).

    Two neighbours that copy by different ways should not show it: what one of them would be under the other's way is
    what it is. A neighbour outside the hole has the way (0, 0).
    """
    height, width = ground.hole.shape
    near, across = rows + side[0], columns + side[1]
    inside = (near >= 0) & (near < height) & (across >= 0) & (across < width)
    near, across = np.where(inside, near, rows), np.where(inside, across, columns)
    filled = inside & ground.hole[near, across]
    theirs = field.down[near, across], field.right[near, across]
    differ = inside & (filled | ground.known[near, across])
    differ &= (theirs[0] != way[0]) | (theirs[1] != way[1])
    cost = np.zeros(len(rows), np.float32)
    at = np.flatnonzero(differ)
    mine, other = (way[0][at], way[1][at]), (theirs[0][at], theirs[1][at])
    cost[at] = ground.difference(near[at], across[at], mine, other)
    both = np.flatnonzero(differ & filled)
    mine, other = (way[0][both], way[1][both]), (theirs[0][both], theirs[1][both])
    cost[both] += ground.difference(rows[both], columns[both], mine, other)
    return cost


def seam_cost(ground: Ground, field: OffsetField, labels: Ints) -> NDArray[np.float64]:
    """How much the joints of a field show in each part of the hole.

    Parameters
    ----------
    ground : Ground
    field : OffsetField
    labels : ndarray, (h, w), int32
        Number of the part that a pixel belongs to, from 1 on in the hole.

    Returns
    -------
    ndarray, (number of parts + 1,), float64
        By number of the part; to be compared between fields.
    """
    rows, columns = _places(ground.hole)
    way = field.down[rows, columns], field.right[rows, columns]
    total = np.zeros(int(labels.max()) + 1)
    for side in SIDES:
        cost = np.minimum(_edges(ground, field, rows, columns, way, side), 1)
        near = np.clip(rows + side[0], 0, ground.hole.shape[0] - 1)
        across = np.clip(columns + side[1], 0, ground.hole.shape[1] - 1)
        cost *= np.where(ground.hole[near, across], 0.5, 1)  # joints within the hole are met from both sides
        total += np.bincount(labels[rows, columns], cost, len(total))
    return total


def _places(flags: Flags) -> tuple[Ints, Ints]:
    rows, columns = np.nonzero(flags)
    return rows.astype(np.int32), columns.astype(np.int32)


def repair(ground: Ground, field: OffsetField) -> OffsetField:
    """Give pixels whose source is not known a way that leads to one: a neighbour's, or the nearest known pixel."""
    down, right = field.down.copy(), field.right.copy()
    lost = _lost(ground, down, right)
    while len(lost[0]):
        rows, columns = lost
        open_ = np.ones(len(rows), bool)
        for side in SIDES:
            near = np.clip(rows + side[0], 0, ground.hole.shape[0] - 1)
            across = np.clip(columns + side[1], 0, ground.hole.shape[1] - 1)
            way = down[near, across], right[near, across]
            fits = open_ & ground.look(rows + way[0], columns + way[1])[1]
            down[rows[fits], columns[fits]], right[rows[fits], columns[fits]] = way[0][fits], way[1][fits]
            open_ &= ~fits
        if open_.all():
            break
        lost = rows[open_], columns[open_]
    if len(lost[0]):
        to_rows, to_columns = (np.zeros(ground.known.shape, np.int32) for _ in range(2))
        to_rows[~ground.known], to_columns[~ground.known] = nearest_known(ground.known)
        down[lost] = to_rows[lost] - lost[0]
        right[lost] = to_columns[lost] - lost[1]
    return OffsetField(down, right)


def _lost(ground: Ground, down: Ints, right: Ints) -> tuple[Ints, Ints]:
    rows, columns = _places(ground.hole)
    height, width = ground.known.shape
    to_row, to_column = rows + down[rows, columns], columns + right[rows, columns]
    fine = (to_row >= 0) & (to_row < height) & (to_column >= 0) & (to_column < width)
    fine[fine] = ground.known[to_row[fine], to_column[fine]]
    return rows[~fine], columns[~fine]


def icm(ground: Ground, field: OffsetField, rounds: int) -> OffsetField:
    """Move seams to where they show least, by iterated conditional modes (Besag 1986).

    Pixels at a seam take a neighbour's way where that costs less.

    References
    ----------
    Besag 1986, "On the statistical analysis of dirty pictures" (iterated conditional modes), in two chequered halves.
    """
    field = OffsetField(field.down.copy(), field.right.copy())
    for turn in range(2 * rounds):
        seam = _seam(ground.hole, field)
        seam[turn % 2 :: 2, ::2] = False
        seam[(turn + 1) % 2 :: 2, 1::2] = False
        rows, columns = _places(seam)
        if not len(rows):
            continue
        best = field.down[rows, columns], field.right[rows, columns]
        lowest = _around(ground, field, rows, columns, best)
        for side in SIDES:
            near = np.clip(rows + side[0], 0, seam.shape[0] - 1)
            across = np.clip(columns + side[1], 0, seam.shape[1] - 1)
            way = field.down[near, across], field.right[near, across]
            cost = _around(ground, field, rows, columns, way)
            cost[~ground.look(rows + way[0], columns + way[1])[1]] = np.inf
            better = cost < lowest
            lowest = np.where(better, cost, lowest)
            best = np.where(better, way[0], best[0]), np.where(better, way[1], best[1])
        field.down[rows, columns], field.right[rows, columns] = best
    return field


def _around(ground: Ground, field: OffsetField, rows: Ints, columns: Ints, way: tuple[Ints, Ints]) -> Array:
    costs = [_edges(ground, field, rows, columns, way, side) for side in SIDES]
    return np.asarray(np.sum(costs, axis=0), np.float32)


def _seam(hole: Flags, field: OffsetField) -> Flags:
    """Pixels of the hole with a neighbour that copies by another way."""
    seam = np.zeros(hole.shape, bool)
    across = (field.down[:, 1:] != field.down[:, :-1]) | (field.right[:, 1:] != field.right[:, :-1])
    upright = (field.down[1:] != field.down[:-1]) | (field.right[1:] != field.right[:-1])
    seam[:, 1:] |= across
    seam[:, :-1] |= across
    seam[1:] |= upright
    seam[:-1] |= upright
    return seam & hole
