"""A thing outlined, where the networks for that are installed: what is known of cells becomes points that they ask of.

One point may mean a button or a coat. What other evidence is sure of, far from the point, are further points on the
thing; what it denies, although it hangs together with the point, are points beside it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.things import Things
from tinct.photo.resize import resize

__all__ = ["outlined"]

Array = NDArray[np.float32]
Cell = tuple[int, int]

_SURE, _DENIED = 0.85, 0.08  # how likely cells are that become points on the thing, and beside it
_MORE, _BESIDE = 4, 2  # how many of each
_WITHIN = np.ones((5, 5), np.uint8)  # no point is nearer to where that ends
_APART = 8  # cells between points
_OTHERS, _OUTLINE = 8.0, 4.0  # log-odds: the most that other evidence and that the outline say


def outlined(likely: Array, things: Things, at: Cell, others: list[Cell]) -> Array:
    """How likely cells are of a thing, by its outline too.

    Parameters
    ----------
    likely : ndarray, (h, w), float32
        The same by other evidence, 0 to 1.
    things : Things
        The photo.
    at : tuple of int
        Row and column of the point.
    others : list
        Points that are on other things.

    Returns
    -------
    ndarray, (h, w), float32
    """
    size = likely.shape[0], likely.shape[1]
    most = resize(things.at(*_asked(size, [at], others)).most, size) > 0
    more = _far(likely > _SURE, [at], _MORE)
    beside = _far((likely < _DENIED) & most, [at, *more], _BESIDE)
    outline = resize(things.at(*_asked(size, [at, *more], beside + others)).thing, size)
    odds = np.log(np.maximum(likely, np.float32(1e-6)) / np.maximum(1 - likely, np.float32(1e-6)))
    odds = np.clip(odds, -_OTHERS, _OTHERS) + np.clip(outline, -_OUTLINE, _OUTLINE)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def _far(where: NDArray[np.bool_], taken: list[Cell], most: int) -> list[Cell]:
    """Up to `most` cells well within an area, each as far from all others as one can be."""
    rows, columns = np.nonzero(cv2.erode(where.astype(np.uint8), _WITHIN))
    found: list[Cell] = []
    while len(rows) and len(found) < most:
        away = np.min([np.hypot(rows - row, columns - column) for row, column in taken + found], axis=0)
        best = int(np.argmax(away))
        if away[best] < _APART:
            break
        found.append((int(rows[best]), int(columns[best])))
    return found


def _asked(size: Cell, on: list[Cell], beside: list[Cell]) -> tuple[Array, NDArray[np.bool_]]:
    """Middles of cells as shares (n, 2), and which of them are on the thing."""
    places = (np.array([*on, *beside], np.float32) + np.float32(0.5)) / np.array(size, np.float32)
    return places.astype(np.float32), np.arange(len(places)) < len(on)
