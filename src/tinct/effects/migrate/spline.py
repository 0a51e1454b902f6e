"""A smooth displacement field over a colour space: cubic B-splines on a grid, fitted by penalised least squares.

P-splines (Eilers & Marx 1996, "Flexible smoothing with B-splines and penalties") in three dimensions. Smoothness is a
property of the space of maps itself: every field has two continuous derivatives, so a map cannot posterise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SplineGrid"]

Array = NDArray[np.float32]

_DEGREE = 3


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
        return int(np.prod(self.shape))

    def _weights(self, colors: Array) -> tuple[NDArray[np.intp], Array]:
        """Indices and weights of the 64 basis functions that reach each colour, both (n, 64)."""
        inside = np.clip(colors, self.low, self.high)
        spans = np.asarray(self.shape) - _DEGREE
        position = (inside - self.low) / (self.high - self.low) * spans  # (n, 3) in knot intervals
        first = np.clip(np.floor(position).astype(np.intp), 0, spans - 1)  # (n, 3)
        t = (position - first)[..., None]  # (n, 3, 1) within the interval
        w = np.concatenate(
            [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=-1
        ).astype(np.float32) / np.float32(6)  # (n, 3, 4)
        step = np.arange(4)
        i, j, k = (first[:, axis, None] + step for axis in range(3))  # (n, 4) each
        index = (i[:, :, None, None] * self.shape[1] + j[:, None, :, None]) * self.shape[2] + k[
            :, None, None, :
        ]
        weight = w[:, 0, :, None, None] * w[:, 1, None, :, None] * w[:, 2, None, None, :]
        return index.reshape(len(colors), 64), weight.reshape(len(colors), 64)

    def design(self, colors: Array) -> Array:
        """Basis values at `colors` (n, 3), as an (n, size) float32 matrix."""
        index, weight = self._weights(colors)
        matrix = np.zeros((len(colors), self.size), np.float32)
        np.put_along_axis(matrix, index, weight, axis=1)
        return matrix

    def evaluate(self, coefficients: Array, colors: Array) -> Array:
        """Field with `coefficients` (size, c) at `colors` (n, 3): (n, c) float32."""
        out = np.empty((len(colors), coefficients.shape[1]), np.float32)
        for start in range(0, len(colors), 8192):
            index, weight = self._weights(colors[start : start + 8192])
            out[start : start + 8192] = np.einsum("nk,nkc->nc", weight, coefficients[index])
        return out

    def roughness(self, order: int, axis_weights: tuple[float, float, float]) -> Array:
        """Quadratic form that measures the field's differences of `order`, per unit of colour: (size, size)."""
        total = np.zeros((self.size, self.size), np.float32)
        eyes = [np.eye(n, dtype=np.float32) for n in self.shape]
        for axis, axis_weight in enumerate(axis_weights):
            spacing = (self.high - self.low)[axis] / (self.shape[axis] - _DEGREE)
            difference = np.diff(eyes[axis], order, axis=0) / spacing**order
            factors = list(eyes)
            factors[axis] = (difference.T @ difference).astype(np.float32) * axis_weight
            total += np.kron(np.kron(factors[0], factors[1]), factors[2])
        return total / np.float32(self.size)
