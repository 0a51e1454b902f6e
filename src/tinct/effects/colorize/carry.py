"""Carry known colours over the things that they were given for, and no further.

Colour is solved for as heat that flows between cells which look alike (Levin, Lischinski, Weiss 2004, "Colorization
using optimization"), with what the network's encoder sees and what it expects beside lightness; known points are hot,
and cells unlike them leak, so that far from a known point the network's own colouring stays. The heat of a point, and
how like it a cell is, are evidence that the cell is of its thing. A network of its own (`extent`) and a logistic
regression weigh it, both learned from regions of one colour in colour photos (`training.hints`,
`training.colorizer.hints`), so no outline drawn by hand was needed for them; and a dot on what stands out in the photo
rarely goes for what lies behind. Where the networks that outline things are installed (`tinct.imaging.things`), all
this tells them what to outline (`outlined`), and that counts as well. Together they are the prior of a random walk
(Grady 2005, "Multilabel random walker image segmentation using prior models"), whose chance of ending on the thing says
how far the colour goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.effects.colorize.cells import COLD, Cells, near
from tinct.effects.colorize.extent import extents
from tinct.effects.colorize.outlined import outlined
from tinct.imaging.conduction import steady
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.things import Things

__all__ = ["Carried", "carry", "evidence", "heat_of"]

Array = NDArray[np.float32]

# Difference of L*, looks and root probabilities to the known cell at which a cell begins to leak
_KIN = (28.0, 0.42, 0.55)
_LEAK = 1.5e-3
_SLOW = 0.38  # power of kinship in the leak
_TWIN = (9.0, 0.37, 0.27)  # at which a cell is warmed from afar: parts of a thing that something lies across
_NEAR = 0.16  # of the longer side: how far
_WARMED = 1e-3
_WEIGHTS = (0.8197, 0.0527, 2.7946, -5.6282, 0.1399, -0.0012, -1.9581, 0.3272, -0.4351)  # of the evidence
_BIAS = 3.6542
_TRUST = 0.7  # times the log-odds by the network and by the evidence, which know much of the same
_WITHIN, _ACROSS = 1.0, 3.0  # log-odds more where both are of what stands out, and less where one of both is
_BELIEF = 0.005  # how far cells hold to their evidence against their neighbours'
_OUTLINED = 0.03  # the same, where an outline is part of it
_HALF, _STEEP = np.float32(0.54), np.float32(12)  # chance at which a thing ends, and how sudden, as a power
_LIT = 1.15  # times its known lightness beyond which a surface shines and gains no more chroma


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


def carry(predicted: ChromaDistribution, hints: Array, things: Things | None = None) -> Carried:
    """Find out how far each known colour goes.

    Parameters
    ----------
    predicted : ChromaDistribution
        What the network knows of the photo.
    hints : ndarray, (n, 4), float32
        Row and column as shares 0..1, then a*, b*; of several in one cell the last counts.
    things : Things, optional
        The photo, as it can be asked for outlines.
    """
    cells = Cells.of(predicted)
    h, w = cells.light.shape
    known = {(min(int(y * h), h - 1), min(int(x * w), w - 1)): (a, b) for y, x, a, b in hints.tolist()}
    colors = list(dict.fromkeys(known.values()))
    points = [[at for at, color in known.items() if color == one] for one in colors]
    heat, fixed = heat_of(cells, points)  # (h, w, n), (h, w)
    every = [(k, at) for k, group in enumerate(points) for at in group]
    said = extents(cells, [(at, heat[..., k]) for k, at in every])
    lit = cells.light + np.float32(16)  # chroma of one surface grows with it, as all of XYZ does with light
    total, color = np.zeros((h, w), np.float32), np.zeros((h, w, 2), np.float32)
    belief, kin = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    for (k, at), odds in zip(every, said, strict=True):
        own = _likely(cells, heat[..., k], at, odds)
        if things is not None:
            own = outlined(own, things, at, [other for one, other in every if one != k])
        np.maximum(belief, own, out=belief)
        np.maximum(kin, cells.expected_as(*at), out=kin)
        weight = np.maximum(own * heat[..., k], np.float32(1e-9))
        total += weight
        color += (weight * np.minimum(lit / lit[at], np.float32(_LIT)))[..., None] * np.array(colors[k])
    held = np.full((h, w), _BELIEF if things is None else _OUTLINED, np.float32)
    start = fixed.astype(np.float32)[..., None]
    thing = steady(cells.flow, held, (held * belief)[..., None], start, fixed)[..., 0]
    share = 1 / (1 + (_HALF / np.maximum(thing, COLD)) ** _STEEP)
    return Carried(np.asarray(share * kin, np.float32), color / total[..., None])


def _likely(cells: Cells, heat: Array, at: tuple[int, int], said: Array) -> Array:
    """How likely cells are of the thing of a point, (h, w), 0 to 1, of which the network says log-odds (h, w)."""
    weighed = evidence(cells, heat, at) @ np.asarray(_WEIGHTS, np.float32) + np.float32(_BIAS)
    subject, point = cells.subject, np.median(cells.subject[near(*at)])
    across = subject * (1 - point) + (1 - subject) * point  # one of both is of the subject, the other is not
    odds = np.float32(_TRUST) * (said + weighed) + np.float32(_WITHIN) * subject * point
    odds -= np.float32(_ACROSS) * across * across
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def evidence(cells: Cells, heat: Array, at: tuple[int, int]) -> Array:
    """What tells whether cells are of the thing that a point is on.

    Parameters
    ----------
    cells : Cells
    heat : ndarray, (h, w), float32
        How much heat of its colour's points reaches each cell.
    at : tuple of int
        Row and column of the point.

    Returns
    -------
    ndarray, (h, w, 9), float32
    """
    beside = cells.beside(heat, at)
    warm, like, unlike = beside.warm, beside.like, beside.roots
    far, lighter = beside.away / np.float32(max(heat.shape)), np.abs(beside.lighter)
    every = [warm, warm * warm, like, unlike, unlike * unlike, lighter, far, far * far, warm * unlike]
    return np.asarray(np.stack(every, axis=-1), np.float32)


def heat_of(cells: Cells, points: list[list[tuple[int, int]]]) -> tuple[Array, NDArray[np.bool_]]:
    """How much of the heat of each colour's points reaches every cell, (h, w, n), 0 to 1; which cells are points."""
    h, w = cells.light.shape
    leak, warmed = np.full((h, w), np.inf, np.float32), np.zeros((h, w, len(points)), np.float32)
    hot, fixed = np.zeros((h, w, len(points)), np.float32), np.zeros((h, w), bool)
    down, across = (axis.astype(np.float32) for axis in np.indices((h, w)))
    every = [(k, at) for k, group in enumerate(points) for at in group]
    for k, (row, column) in every:
        kin = cells.alike(_KIN, row, column)
        np.minimum(leak, np.float32(_LEAK) * (1 - kin) ** np.float32(_SLOW), out=leak)
        away = ((down - row) ** 2 + (across - column) ** 2) / np.float32((_NEAR * max(h, w)) ** 2)
        twin = np.float32(_WARMED) * cells.alike(_TWIN, row, column) * np.exp(-away / 2)
        np.maximum(warmed[..., k], twin, out=warmed[..., k])
        around = near(row, column)
        hot[around][kin[around] > 0.3] = 0  # of overlapping points the later
        hot[around][..., k][kin[around] > 0.3] = 1
        fixed[around] |= kin[around] > 0.3
    for k, at in every:
        hot[at] = 0
        hot[at][k] = 1
        fixed[at] = True
    return steady(cells.flow, leak + warmed.sum(axis=-1) + np.float32(1e-6), warmed, hot, fixed), fixed
