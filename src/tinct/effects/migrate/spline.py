"""A smooth displacement field over a colour space: cubic B-splines on a grid, fitted by penalised least squares.

P-splines (Eilers & Marx 1996, "Flexible smoothing with B-splines and penalties") in three dimensions. Smoothness is a
property of the space of maps itself: every field has two continuous derivatives, so a map cannot posterise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SplineGrid"]

Array = NDArray[np.float32]

_DEGREE = 3
_ROWS = 16  # colours of a block


@dataclass(frozen=True)
class SplineGrid:
    """Tensor-product cubic B-splines over a box.

    Parameters
    ----------
    low, high : ndarray, (3,), float
        Corners of the box; colours outside it take the displacement of the nearest face.
    shape : tuple of 3 int
        Number of basis functions along each axis, each at least 4.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    shape: tuple[int, int, int]

    @property
    def size(self) -> int:
        """Number of coefficients per output channel."""
        return math.prod(self.shape)

    def basis(self, colors: Array) -> Basis:
        """The basis functions at `colors` (n, 3)."""
        return Basis.of(self, *self._reaching(colors))

    def contrast(self, one: Array, other: Array, weight: Array) -> Array:
        """Quadratic form of the field's steps from colours `one` to `other` (n, 3), by `weight` (n,): (size, size).

        Pairs of one cell share its functions; the others are few.
        """
        (corner, values), (beyond, others) = self._reaching(one), self._reaching(other)
        root = np.sqrt(weight)[:, None]
        same = corner == beyond
        form = Basis.of(self, corner[same], (values - others)[same] * root[same]).gram()
        step = np.zeros((int((~same).sum()), self.size), np.float32)
        rows = np.arange(len(step))[:, None]
        step[rows, corner[~same, None] + self._reach] = values[~same] * root[~same]
        step[rows, beyond[~same, None] + self._reach] -= others[~same] * root[~same]
        return np.asarray(form + step.T @ step)

    @property
    def _reach(self) -> NDArray[np.intp]:
        """(64,) from the first function of a cell to all that reach it."""
        _, m, k = self.shape
        step = np.arange(_DEGREE + 1)
        return np.asarray(((step[:, None, None] * m + step[:, None]) * k + step).reshape(-1))

    def _reaching(self, colors: Array) -> tuple[NDArray[np.intp], Array]:
        """The first function (n,) that reaches each of `colors` (n, 3), and the values of all 64 (n, 64)."""
        inside = np.clip(colors, self.low, self.high)
        spans = np.asarray(self.shape) - _DEGREE
        position = (inside - self.low) / (self.high - self.low) * spans  # (n, 3) in knot intervals
        first = np.clip(np.floor(position).astype(np.intp), 0, spans - 1)  # (n, 3)
        t = (position - first).astype(np.float32)[..., None]  # (n, 3, 1) within the interval
        square, rest = t * t, 1 - t
        cube = square * t  # many times faster than a power
        w = np.concatenate(
            [rest * rest * rest, 3 * cube - 6 * square + 4, 3 * (square + t - cube) + 1, cube], axis=-1
        ).astype(np.float32) / np.float32(6)  # (n, 3, 4)
        product = w[:, 0, :, None, None] * w[:, 1, None, :, None] * w[:, 2, None, None, :]
        _, m, k = self.shape
        corner = (first[:, 0] * m + first[:, 1]) * k + first[:, 2]
        return corner, np.asarray(product.reshape(-1, 64), np.float32)

    def design(self, colors: Array) -> Array:
        """Basis values at `colors` (n, 3), as an (n, size) float32 matrix."""
        return self.basis(colors).dense()

    def evaluate(self, coefficients: Array, colors: Array) -> Array:
        """Field with `coefficients` (size, c) at `colors` (n, 3): (n, c) float32."""
        return self.basis(colors).apply(coefficients)

    def roughness(self, order: int, axis_weights: Sequence[float] | NDArray[np.float64]) -> Array:
        """Quadratic form that measures the field's differences of `order`, per unit of colour: (size, size)."""
        return self.stiffness({order: axis_weights})

    def stiffness(self, orders: Mapping[int, Sequence[float] | NDArray[np.float64]]) -> Array:
        """The sum of `roughness` of several orders, each with its weights along the axes: (size, size)."""
        total = np.zeros((*self.shape, *self.shape), np.float32)
        diagonals = ("ajkbjk->abjk", "iakibk->abik", "ijaijb->abij")  # of the other two axes
        for axis, diagonal in enumerate(diagonals):
            spacing = (self.high - self.low)[axis] / (self.shape[axis] - _DEGREE)
            factor = np.zeros((self.shape[axis],) * 2)
            for order, weights in orders.items():
                difference = np.diff(np.eye(self.shape[axis]), order, axis=0) / spacing**order
                factor += weights[axis] * (difference.T @ difference)
            np.einsum(diagonal, total)[...] += factor.astype(np.float32)[:, :, None, None]
        return total.reshape(self.size, self.size) / np.float32(self.size)


@dataclass(frozen=True, eq=False)
class Basis:
    """Values of functions at n colours, gathered by knot cell: the colours of a cell share the 64 that reach them.

    So products with the values are small dense ones, without the zeros of an (n, size) matrix.
    """

    shape: tuple[int, int, int]
    """Of the grid."""
    slot: NDArray[np.intp]
    """(n,) where each colour lies among blocks x rows."""
    weight: Array
    """(blocks, rows, 64); zero where a block has no colour."""
    index: NDArray[np.intp]
    """(cells, 64) the functions that reach a cell."""
    cell: NDArray[np.intp]
    """(blocks,) of which cell each block is."""
    start: NDArray[np.intp]
    """(cells,) the first block of each."""

    @classmethod
    def of(cls, grid: SplineGrid, corner: NDArray[np.intp], values: Array) -> Basis:
        """From the first function that reaches each colour (n,), and the values of all 64 (n, 64)."""
        order = np.argsort(corner, kind="stable")
        corners, begin, count = np.unique(corner[order], return_index=True, return_counts=True)
        blocks = -(-count // _ROWS)  # of each cell
        start = np.cumsum(blocks) - blocks
        rank = np.arange(len(corner)) - np.repeat(begin, count)
        slot = np.empty(len(corner), np.intp)
        slot[order] = np.repeat(start, count) * _ROWS + rank
        weight = np.zeros((int(blocks.sum()) * _ROWS, 64), np.float32)
        weight[slot] = values
        return cls(
            shape=grid.shape,
            slot=slot,
            weight=weight.reshape(-1, _ROWS, 64),
            index=corners[:, None] + grid._reach,
            cell=np.repeat(np.arange(len(corners)), blocks),
            start=start,
        )

    @property
    def size(self) -> int:
        """Number of functions."""
        return math.prod(self.shape)

    def apply(self, coefficients: Array) -> Array:
        """Values of fields with `coefficients` (size, c): (n, c)."""
        made = self.weight @ coefficients[self.index][self.cell]  # (blocks, rows, c)
        return np.asarray(made.reshape(-1, coefficients.shape[1])[self.slot])

    def adjoint(self, values: Array) -> Array:
        """Sums of `values` (n, c) over the colours, weighted by each function: (size, c)."""
        placed = np.zeros((self.weight.shape[0] * _ROWS, values.shape[1]), np.float32)
        placed[self.slot] = values
        sums = self.weight.transpose(0, 2, 1) @ placed.reshape(-1, _ROWS, values.shape[1])  # (blocks, 64, c)
        cells = np.add.reduceat(sums, self.start, axis=0)
        out = np.empty((self.size, values.shape[1]), np.float32)
        where = self.index.reshape(-1)
        for channel in range(values.shape[1]):
            out[:, channel] = np.bincount(where, cells[..., channel].reshape(-1), self.size)
        return out

    def gram(self) -> Array:
        """Sums over the colours of the products of any two functions: (size, size)."""
        total = np.zeros((*self.shape, *self.shape), np.float32)
        ends = np.append(self.start[1:], len(self.weight))
        for corner, start, end in zip(self.index[:, 0], self.start, ends, strict=True):
            values = self.weight[start:end].reshape(-1, 64)
            box = tuple(slice(first, first + 4) for first in np.unravel_index(corner, self.shape))
            total[box + box] += (values.T @ values).reshape((4,) * 6)
        return total.reshape(self.size, self.size)

    def dense(self) -> Array:
        """All values, (n, size)."""
        out = np.zeros((len(self.slot), self.size), np.float32)
        index = self.index[self.cell[self.slot // _ROWS]]
        np.put_along_axis(out, index, self.weight.reshape(-1, 64)[self.slot], axis=1)
        return out
