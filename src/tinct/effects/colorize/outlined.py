"""A thing outlined, where the networks for that are installed: what is known of cells becomes points that they ask of.

One point may mean a button or a coat. What other evidence is sure of, far from the point, are further points on the
thing; what it denies, although it hangs together with the point, are points beside it.
"""

from __future__ import annotations

from math import hypot

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.things import Cell, Things, spread
from tinct.photo.resize import resize

__all__ = ["outlined"]

Array = NDArray[np.float32]

_SURE, _DENIED = 0.85, 0.08  # how likely cells are that become points on the thing, and beside it
_MORE, _BESIDE = 4, 2  # how many of each
_NEAR = 16  # points on other things that are told, the nearest: each makes the answer slower
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
    others = sorted(others, key=lambda other: hypot(other[0] - at[0], other[1] - at[1]))[:_NEAR]
    most = resize(things.at(size, [at], others).most, size) > 0
    more = spread(likely > _SURE, [at], _MORE)
    beside = spread((likely < _DENIED) & most, [at, *more], _BESIDE)
    outline = resize(things.at(size, [at, *more], beside + others).thing, size)
    odds = np.log(np.maximum(likely, np.float32(1e-6)) / np.maximum(1 - likely, np.float32(1e-6)))
    odds = np.clip(odds, -_OTHERS, _OTHERS) + np.clip(outline, -_OUTLINE, _OUTLINE)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)
