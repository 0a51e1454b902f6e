"""What two photos of one scene have in common: cells that look alike to the network's encoder.

Each photo's looks are told from their own mean, so the means are brought together first, by the cells of both that are
each other's nearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kindred", "Seen", "kindred"]

Array = NDArray[np.float32]

# Difference of looks that separates; all looks of a photo differ from their mean by 1
_LOOK: Final = np.float32(0.5)
_LIGHT: Final = np.float32(25.0)  # L*, beside how much lighter one photo is as a whole
_ROUNDS: Final = 2  # in which the means are brought together
_SOFT: Final = np.float32(2.0)  # squared difference by which cells must differ to be told apart
_TRUSTED: Final = np.float32(6.0)  # squared difference to the most alike at which trust ends
_HEARD: Final = 8  # cells of the other that each is compared with in the end


@dataclass(frozen=True, eq=False)
class Seen:
    """What is compared of a photo."""

    looks: NDArray[np.float16]
    """(h, w, c) what the encoder sees, with a mean of 0."""
    light: Array
    """(h, w) L* of the same cells."""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.looks.shape[0], self.looks.shape[1]

    def features(self) -> Array:
        """Of each cell (n, c + 1), in units of what separates."""
        cells = self.looks.reshape(-1, self.looks.shape[2]).astype(np.float32) / _LOOK
        return np.column_stack([cells, self.light.reshape(-1) / _LIGHT]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Kindred:
    """Where the cells of one photo are in another."""

    cells: NDArray[np.int16]
    """(n, k) the other's most alike, the best first."""
    weights: Array
    """(n, k) of those; rows sum to 1."""
    trust: Array
    """(n,) how surely each is in the other too, 0 to 1."""

    def heard(self, values: Array) -> Array:
        """For each cell of the one, the mean of `values` (m, q) over those of the other that are like it: (n, q)."""
        total = np.zeros((len(self.cells), values.shape[1]), np.float32)
        for which, weight in zip(self.cells.T, self.weights.T, strict=True):
            total += values[which] * weight[:, None]
        return total


def kindred(one: Seen, other: Seen) -> tuple[Kindred, Kindred]:
    """Where the cells of each of two photos are in the other."""
    mine, theirs = one.features(), other.features()
    for _ in range(_ROUNDS):
        apart = _squares(mine, theirs)
        nearest = apart.argmin(axis=1)
        mutual = np.flatnonzero(apart.argmin(axis=0)[nearest] == np.arange(len(apart)))  # never empty
        far = apart[mutual, nearest[mutual]]
        near = mutual[far <= np.median(far)]
        mine += np.median(theirs[nearest[near]] - mine[near], axis=0)
    apart = _squares(mine, theirs)
    return _found(apart), _found(apart.T)


def _found(apart: Array) -> Kindred:
    """From squared distances (n, m)."""
    count = min(_HEARD, apart.shape[1])
    cells = np.argpartition(apart, count - 1, axis=1)[:, :count]
    far = np.take_along_axis(apart, cells, axis=1)
    order = far.argsort(axis=1, kind="stable")
    cells, far = np.take_along_axis(cells, order, axis=1), np.take_along_axis(far, order, axis=1)
    weights = np.exp((far[:, :1] - far) / _SOFT)
    weights /= weights.sum(axis=1, keepdims=True)
    trust = np.exp(-((far[:, 0] / _TRUSTED) ** 2))
    return Kindred(cells.astype(np.int16), weights.astype(np.float32), trust.astype(np.float32))


def _squares(one: Array, other: Array) -> Array:
    """Squared distances (n, m)."""
    square = (one * one).sum(axis=1)[:, None] + (other * other).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.maximum(square, 0), np.float32)
