"""How far the thing that a dot is on goes: what is told of each cell, and what the network of hints makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session

if TYPE_CHECKING:
    from tinct.effects.colorize.carry import Cells

__all__ = ["TOLD", "extents", "told"]

Array = NDArray[np.float32]

TOLD: Final = 15
"""Numbers that are told of each cell."""
_COLD: Final = np.float32(1e-3)  # heat below which there is none
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
    light, looks, roots = cells.around(*at)
    row, column = at
    near = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    expected = cells.expected[near].reshape(-1, 3).mean(axis=0)
    norm = np.linalg.norm(cells.looks, axis=-1) * np.linalg.norm(looks)
    down, across = (axis.astype(np.float32) for axis in np.indices(heat.shape))
    away = np.hypot(down - row, across - column)
    size = np.float32(max(heat.shape))
    every = [
        cells.light / 50 - 1,
        (cells.light - light) / 30,
        np.log(np.maximum(heat, _COLD)) / 7 + 1,
        cells.looks @ looks / np.maximum(norm, np.float32(1e-6)),
        np.linalg.norm(cells.looks - looks, axis=-1) - 1,
        np.linalg.norm(cells.roots - roots, axis=-1),
        *np.moveaxis(cells.expected / 40, -1, 0),
        *np.moveaxis((cells.expected - expected)[..., :2] / 40, -1, 0),
        away / size,
        np.exp(-away * away / np.float32(2 * _DOT * _DOT)),
        cells.subject * 2 - 1,
        cells.subject - np.median(cells.subject[near]),
    ]
    return np.asarray(np.stack(every), np.float32)
