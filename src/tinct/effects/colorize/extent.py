"""How far the thing that a dot is on goes: what is told of each cell, and what the network of hints makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.colorize.cells import Cells, near
from tinct.models.runtime import session

__all__ = ["TOLD", "extents", "told"]

Array = NDArray[np.float32]

TOLD: Final = 15
"""Numbers that are told of each cell."""
_AT_ONCE: Final = 8  # dots
_DOT: Final = 2.0  # cells: how wide the dot is drawn


def extents(cells: Cells, dots: Sequence[tuple[tuple[int, int], Array]]) -> Array:
    """Log-odds that each cell is of the thing that each dot is on, (n, h, w).

    Parameters
    ----------
    cells : Cells
    dots : sequence
        Row and column, and how much heat (h, w) of its colour's points reaches each cell.
    """
    found = []
    seen = np.ascontiguousarray(cells.seen.transpose(2, 0, 1), np.float32)
    for start in range(0, len(dots), _AT_ONCE):
        some = dots[start : start + _AT_ONCE]
        feeds = {
            "told": np.stack([told(cells, heat, at) for at, heat in some]),
            "looks": np.repeat(seen[None], len(some), axis=0),
            "dot": np.stack([seen[:, row // 2, column // 2] for (row, column), _ in some]),
        }
        found.append(session("extent").run(feeds)[0][:, 0])
    return np.asarray(np.concatenate(found), np.float32)


def told(cells: Cells, heat: Array, at: tuple[int, int]) -> Array:
    """What is told of each cell about a dot, beside what the encoder sees of both.

    Parameters
    ----------
    cells : Cells
    heat : ndarray, (h, w), float32
        How much heat of its colour's points reaches each cell.
    at : tuple of int
        Row and column of the dot.

    Returns
    -------
    ndarray, (TOLD, h, w), float32
    """
    beside, around = cells.beside(heat, at), near(*at)
    expected = cells.expected[around].reshape(-1, 3).mean(axis=0)
    every = [
        cells.light / 50 - 1,
        beside.lighter / 30,
        beside.warm / 7 + 1,
        beside.like,
        beside.looks - 1,
        beside.roots,
        *np.moveaxis(cells.expected / 40, -1, 0),
        *np.moveaxis((cells.expected - expected)[..., :2] / 40, -1, 0),
        beside.away / np.float32(max(heat.shape)),
        np.exp(-(beside.away**2) / np.float32(2 * _DOT * _DOT)),
        cells.subject * 2 - 1,
        cells.subject - np.median(cells.subject[around]),
    ]
    return np.asarray(np.stack(every), np.float32)
