"""One smooth map from the displacements that a photo's colours should have.

Penalised least squares on cubic B-splines over (L*, a, b), with three terms: go where each colour is sent; two pixels
of one smooth area keep the difference that they had, so a sky may turn but not spread into a rainbow; bend little. The
map is stiffened until smooth areas spread no further than a bound.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph, drawn
from tinct.effects.migrate.space import from_srgb, to_srgb
from tinct.effects.migrate.spline import SplineGrid
from tinct.imaging.colormap import GRID, ColorMap, grid
from tinct.imaging.gamut import EDGE

__all__ = ["SmoothFit", "smooth_step"]

Array = NDArray[np.float32]

_SHAPE: Final = (8, 9, 9)
_POINTS: Final = 1600
_PAIRS: Final = 1200
_EVEN: Final = (1.5, 1.0, 1.0)  # of bending along L*, a and b
_STIFFER: Final = np.float32(2.5)  # from one round to the next
_ROUNDS: Final = 4
_COUNTS: Final = 0.05  # weight from which a pixel's colour is one that the grid must hold
_SPREAD_OF: Final = 93  # percentile of the pairs that the bound is about


class SmoothFit:
    """All that depends on the photo alone, so that several maps of it share the work.

    Parameters
    ----------
    graph : ColorGraph
    together : float
        Weight of the pairs that lie in one smooth area.
    slope, bend : float
        Weights of the field's first and second differences.
    grey : ndarray, (n, 2)
        L* of points on the grey axis, and how firmly each stays.
    accent : float
        How much more coloured pixels count than grey ones.
    """

    def __init__(
        self,
        graph: ColorGraph,
        *,
        together: float,
        slope: float,
        bend: float,
        grey: Array,
        accent: float = 0.0,
    ) -> None:
        rng = np.random.default_rng(0)
        flat = graph.colors.reshape(-1, 3)
        self._field = field = _box(flat[graph.weight.ravel() > _COUNTS])
        lively = np.minimum(np.hypot(flat[:, 1], flat[:, 2]) / 15, 2)
        weight = np.asarray(graph.weight.ravel() * (1 + accent * lively), np.float32)
        self.at = drawn(weight, _POINTS, rng)
        """(n,) flat numbers of the pixels that the map is fitted to."""
        self.design = field.design(flat[self.at])
        """(n, m) the field's basis at those pixels."""
        first, second, sure = graph.pairs
        sure = sure + np.float32(1e-12)
        keep = rng.choice(len(first), _PAIRS, p=sure / sure.sum(dtype=np.float64))
        self._first, self._second = first[keep], second[keep]
        gap = (flat[self._first] - flat[self._second])[:, 1:]
        self._gap = np.linalg.norm(gap, axis=1, keepdims=True)  # (n, 1) what they differ by in the photo
        self._step = field.design(flat[self._first]) - field.design(flat[self._second])
        dense = min(1.0, float(sure.mean()) * 4)  # little weight where the photo has few smooth areas
        self._together = np.float32(together * dense / _PAIRS)
        self._gram = self.design.T @ self.design / np.float32(_POINTS) + 1e-5 * np.eye(
            field.size, dtype=np.float32
        )
        axis = np.zeros((len(grey), 3), np.float32)
        axis[:, 0] = grey[:, 0]
        anchor = field.design(axis) * np.sqrt(grey[:, 1:]).astype(np.float32)
        self._gram += anchor.T @ anchor / np.float32(len(grey))
        self._gram_pairs = self._together * (self._step.T @ self._step)
        self._stiff = np.float32(slope) * field.roughness(1, _EVEN) + np.float32(bend) * field.roughness(
            2, _EVEN
        )
        self._inverses: dict[int, Array] = {}

    def solve(self, target: Array, most_spread: float) -> Array:
        """Coefficients of the field.

        Parameters
        ----------
        target : ndarray, (h, w, 2), float32
            Displacement of a, b wanted at each pixel of the graph.
        most_spread : float
            Most by which two pixels of one smooth area may move apart.
        """
        flat = target.reshape(-1, 2)
        wish = flat[self._first] - flat[self._second]
        size = np.linalg.norm(wish, axis=1, keepdims=True)
        # A cut through one thing is not wanted
        wish = wish * np.minimum(1, (self._gap + 1) / np.maximum(size, 1e-6))
        right = self.design.T @ flat[self.at] / np.float32(_POINTS)
        right_pairs = self._together * (self._step.T @ wish)
        for number in range(_ROUNDS):
            factor = _STIFFER**number
            coefficients = self._inverse(number) @ (right + factor * right_pairs)
            spread = np.percentile(np.linalg.norm(self._step @ coefficients, axis=1), _SPREAD_OF)
            if spread <= most_spread:
                break
        return np.asarray(coefficients, np.float32)

    def answer(self, colors: Array, graph: ColorGraph) -> NDArray[np.complex64]:
        """What the softest fit makes of `colors` (n, 3) when one cluster's a + ib goes from 0 to its own: (n, K).

        So a turn of cluster k by a factor c moves a colour by (c - 1) times column k, less what stiffening takes.
        """
        return self._answers(self._field.design(colors), graph)

    def answer_of_pairs(
        self, graph: ColorGraph, every: int
    ) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """The same for the differences within some pairs of smooth areas: those of the photo (n,), and (n, K)."""
        own = graph.colors.reshape(-1, 3)[:, 1] + 1j * graph.colors.reshape(-1, 3)[:, 2]
        gap = own[self._first[::every]] - own[self._second[::every]]
        return gap.astype(np.complex64), self._answers(self._step[::every], graph)

    def _answers(self, design: Array, graph: ColorGraph) -> NDArray[np.complex64]:
        flat, label = graph.colors.reshape(-1, 3), graph.label.ravel()
        own = (flat[:, 1] + 1j * flat[:, 2]).astype(np.complex64)
        reach = design @ self._inverse(0)  # (n, size)
        at = reach @ (self.design.T / np.float32(_POINTS))  # (n, points)
        along = reach @ (self._together * self._step.T)  # (n, pairs)
        out = np.zeros((len(design), len(graph.centre)), np.complex64)
        for numbers, gives in ((self.at, at), (self._first, along), (self._second, -along)):
            spread = np.zeros((len(numbers), out.shape[1]), np.complex64)
            spread[np.arange(len(numbers)), label[numbers]] = own[numbers]
            out += gives @ spread.real + 1j * (gives @ spread.imag)
        return out

    @staticmethod
    def moving(colors: Array, *, dark: tuple[float, float], hold: tuple[float, float] | None) -> Array:
        """How much of the field `map` lets `colors` (n, 3) have: (n,) 0..1."""
        moves = smooth_step(colors[:, 0], *dark)
        if hold is not None:
            moves = moves * smooth_step(np.hypot(colors[:, 1], colors[:, 2]), *hold)
        return np.asarray(moves)

    def _inverse(self, number: int) -> Array:
        if number not in self._inverses:
            factor = _STIFFER**number
            matrix = self._gram + factor * self._gram_pairs + np.sqrt(factor) * self._stiff
            self._inverses[number] = np.linalg.inv(matrix).astype(np.float32)
        return self._inverses[number]

    def map(
        self,
        coefficients: Array,
        title: str,
        *,
        dark: tuple[float, float],
        hold: tuple[float, float] | None = None,
        margin: tuple[float, float] = EDGE,
    ) -> ColorMap:
        """The field as a LUT.

        Parameters
        ----------
        dark : tuple of float
            L* below which nothing moves, for colour there is noise, and above which all does.
        margin : tuple of float
            How far channels keep from 0 and 1; see `imaging.gamut`.
        hold : tuple of float, optional
            The same for chroma.
        """
        nodes = _nodes()
        # The field is far smoother than the lattice
        every = nodes.reshape(GRID, GRID, GRID, 3)[::2, ::2, ::2]
        moved = self._field.evaluate(coefficients, np.ascontiguousarray(every.reshape(-1, 3)))
        moved = _between(moved.reshape(*every.shape[:3], 2)).reshape(-1, 2)
        moves = self.moving(nodes, dark=dark, hold=hold)
        out = nodes.copy()
        out[:, 1:] += moved
        lattice = grid().reshape(-1, 3)
        lattice += moves[:, None] * (to_srgb(out, margin=margin, rounds=1) - lattice)
        return ColorMap(lattice.reshape(GRID, GRID, GRID, 3), title)


def smooth_step(values: Array, low: float, high: float) -> Array:
    """From 0 at `low` to 1 at `high`, without a corner."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _box(flat: Array) -> SplineGrid:
    """A grid over the photo's own colours (n, 3)."""
    low, high = np.percentile(flat[::3], (0.1, 99.9), axis=0).astype(np.float64)
    low, high = np.minimum(low - 6, -8), np.maximum(high + 6, 8)
    low[0], high[0] = 0, 100
    return SplineGrid(low, high, _SHAPE)


@functools.cache
def _nodes() -> Array:
    """The lattice's nodes in the space of the fit, (GRID ** 3, 3)."""
    return from_srgb(grid().reshape(-1, 3))


def _between(values: Array) -> Array:
    """Linear interpolation of (n, n, n, c) to twice as many steps along the first three axes."""
    for axis in range(3):
        first = np.moveaxis(values, axis, 0)
        dense = np.empty((2 * len(first) - 1, *first.shape[1:]), np.float32)
        dense[::2] = first
        dense[1::2] = 0.5 * (first[1:] + first[:-1])
        values = np.moveaxis(dense, 0, axis)
    return values
