"""Carry known colours over the things that they were given for, and no further.

Colour is solved for as heat that flows between cells which look alike (Levin, Lischinski, Weiss 2004, "Colorization
using optimization"), with what the network's encoder sees and what it expects beside lightness; known points are hot,
and cells unlike them leak, so that far from a known point the network's own colouring stays. How much of the heat of
one point reaches a cell is the chance that a walk from there ends at that point (Grady 2006, "Random walks for image
segmentation"). The thing ends at the level of heat whose outline costs least for the area inside (a sweep cut:
Andersen, Chung, Lang 2006, "Local graph partitioning using PageRank vectors").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.conduction import Flow, conducted, steady
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.mean_field import resized

__all__ = ["Carried", "carry"]

Array = NDArray[np.float32]
Part = tuple[slice, slice]

_CONDUCTS = (2.0, 0.26, 0.2)  # difference of L*, of looks, and of root probabilities at which flow falls
_LEAST = 3.2e-3  # of the flow between the most alike, through any edge
_KIN = (28.0, 0.42, 0.55)  # the same differences to the known cell at which a cell begins to leak
_LEAK = 1.5e-3
_SLOW = 0.38  # power of kinship in the leak
_TWIN = (9.0, 0.37, 0.27)  # at which a cell is warmed from afar: parts of a thing that something lies across
_NEAR = 0.16  # of the longer side: how far
_WARMED = 1e-3
_AREA = 1.0  # power of the area that an outline's cost is compared with
_LEVELS = np.geomspace(0.03, 0.12, 24).astype(np.float32)  # of heat, at one of which the thing ends
_STEEP = 12.0  # how sudden the end is, as a power
_SMALLEST = 0.003  # share of the cells
_LIT = 1.15  # times its known lightness beyond which a surface shines and gains no more chroma
_OTHER, _SUDDEN = (
    0.6,
    12.0,
)  # of root probabilities: from there a thing inside the warmth is another, such as a face


@dataclass(frozen=True, eq=False)
class Carried:
    """What known points make of the cells."""

    share: Array
    """(h, w) 0 to 1: how far a cell takes a known colour."""
    chroma: Array
    """(h, w, 2) a*, b* that it takes."""

    def over(self, chroma: Array) -> Array:
        """A colouring (h, w, 2) with the known colours."""
        return np.asarray(chroma + (self.chroma - chroma) * self.share[..., None], np.float32)


def carry(predicted: ChromaDistribution, hints: Array) -> Carried:
    """Find out how far each known colour goes.

    Parameters
    ----------
    predicted : ChromaDistribution
        What the network knows of the photo.
    hints : ndarray, (n, 4), float32
        Row and column as shares 0..1, then a*, b*; of several in one cell the last counts.
    """
    cells = _Cells.of(predicted)
    h, w = cells.light.shape
    known = {(min(int(y * h), h - 1), min(int(x * w), w - 1)): (a, b) for y, x, a, b in hints.tolist()}
    heat = _heat(cells, list(known))  # (h, w, n)
    lit = cells.light + np.float32(16)  # chroma of one surface grows with it, as all of XYZ does with light
    total, color = np.zeros((h, w), np.float32), np.zeros((h, w, 2), np.float32)
    share = np.zeros((h, w), np.float32)
    for k, ((row, column), chroma) in enumerate(known.items()):
        warm = np.maximum(heat[..., k], np.float32(1e-3))
        inside = 1 / (1 + (_end(warm, cells.flow) / warm) ** np.float32(_STEEP))
        inside *= cells.expected_as(row, column)
        here = np.minimum(lit / lit[row, column], np.float32(_LIT))
        weight = inside * warm
        total += weight
        color += (weight * here)[..., None] * np.asarray(chroma, np.float32)
        np.maximum(share, inside, out=share)
    color /= np.maximum(total, np.float32(1e-12))[..., None]
    return Carried(share, color)


@dataclass(frozen=True, eq=False)
class _Cells:
    """What is compared between cells, and how well neighbours conduct."""

    light: Array
    """(h, w) L*."""
    looks: Array
    """(h, w, c)."""
    roots: Array
    """(h, w, q) square roots of probabilities: their distance is that of Hellinger."""
    flow: Flow

    @classmethod
    def of(cls, predicted: ChromaDistribution) -> _Cells:
        h, w = predicted.light.shape
        p = np.exp(predicted.logits - predicted.logits.max(axis=-1, keepdims=True))
        roots = np.sqrt(p / p.sum(axis=-1, keepdims=True))
        looks = resized(predicted.looks, (h, w))
        told = list(zip((predicted.light, looks, roots), _CONDUCTS, strict=True))
        return cls(predicted.light, looks, roots, conducted(told, _LEAST))

    def _apart(
        self, scales: tuple[float, float, float], part: Part, others: tuple[Array, Array, Array]
    ) -> Array:
        """Squared difference of the cells in a part to others, in units of `scales`."""
        light, looks, roots = others
        return np.asarray(
            ((self.light[part] - light) / np.float32(scales[0])) ** 2
            + ((self.looks[part] - looks) ** 2).sum(axis=-1) / np.float32(scales[1] ** 2)
            + ((self.roots[part] - roots) ** 2).sum(axis=-1) / np.float32(scales[2] ** 2)
        )

    def alike(self, scales: tuple[float, float, float], row: int, column: int) -> Array:
        """How like the surroundings of one cell each is, (h, w), 0 to 1."""
        around = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        looks, roots = (x[around].reshape(-1, x.shape[2]) for x in (self.looks, self.roots))
        middle = np.asarray(np.median(self.light[around]), np.float32)
        told = middle, np.median(looks, axis=0).astype(np.float32), roots.mean(axis=0, dtype=np.float32)
        return np.asarray(np.exp(-self._apart(scales, np.s_[:, :], told) / 2), np.float32)

    def expected_as(self, row: int, column: int) -> Array:
        """1 where the network expects colours such as around one cell, 0 where it expects others: (h, w)."""
        around = self.roots[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        apart = self.roots - around.reshape(-1, self.roots.shape[2]).mean(axis=0)
        far = np.sqrt((apart * apart).sum(axis=-1)) / np.float32(_OTHER)
        return np.asarray(1 / (1 + far ** np.float32(_SUDDEN)), np.float32)


def _heat(cells: _Cells, known: list[tuple[int, int]]) -> Array:
    """How much of the heat of each known cell reaches every cell, (h, w, n), 0 to 1."""
    h, w = cells.light.shape
    leak, warmed = np.full((h, w), np.inf, np.float32), np.zeros((h, w, len(known)), np.float32)
    hot, fixed = np.zeros((h, w, len(known)), np.float32), np.zeros((h, w), bool)
    down, across = (axis.astype(np.float32) for axis in np.indices((h, w)))
    for k, (row, column) in enumerate(known):
        kin = cells.alike(_KIN, row, column)
        np.minimum(leak, np.float32(_LEAK) * (1 - kin) ** np.float32(_SLOW), out=leak)
        away = ((down - row) ** 2 + (across - column) ** 2) / np.float32((_NEAR * max(h, w)) ** 2)
        warmed[..., k] = np.float32(_WARMED) * cells.alike(_TWIN, row, column) * np.exp(-away / 2)
        around = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        hot[around][kin[around] > 0.3] = 0  # of overlapping points the later
        hot[around][..., k] = kin[around] > 0.3
        fixed[around] |= kin[around] > 0.3
    for k, (row, column) in enumerate(known):
        hot[row, column] = 0
        hot[row, column, k] = 1
        fixed[row, column] = True
    return steady(cells.flow, leak + warmed.sum(axis=-1) + np.float32(1e-6), warmed, hot, fixed)


def _end(warm: Array, flow: Flow) -> np.float32:
    """The level of heat (h, w) at which the outline is cheapest for the area inside."""
    best, found = np.inf, _LEVELS[len(_LEVELS) // 2]
    for level in _LEVELS:
        inside = warm >= level
        area = int(inside.sum())
        if area < _SMALLEST * inside.size or area == inside.size:
            continue
        cut = sum(float(weight[inside[one] != inside[other]].sum()) for one, other, weight in flow)
        if cut / area**_AREA < best:
            best, found = cut / area**_AREA, level
    return np.float32(found)
