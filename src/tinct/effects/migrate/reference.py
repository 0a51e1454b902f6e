"""REFERENCE: carry a reference picture's colours over by a smooth, regularised optimal-transport map.

The map is a displacement field over CIELAB from `SplineGrid`. It is found by alternating two steps: sliced optimal
transport says where the photo's colours, as mapped so far, should still go; penalised least squares finds the
smoothest field that goes there. The penalty holds what a photographer would: lightness may bend only gently and
hardly depend on hue, and neighbouring pixels keep the contrast between them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.cholesky import Solver, solver
from tinct.effects.migrate.spline import SplineGrid
from tinct.effects.migrate.transport import frames, sliced_step
from tinct.imaging.colormap import GRID, ColorMap, grid
from tinct.imaging.gamut import fit_gamut
from tinct.imaging.sample import Sample
from tinct.imaging.threads import single_threaded
from tinct.photo.color import lab_to_srgb, srgb_to_lab

__all__ = ["fit_reference"]

Array = NDArray[np.float32]

_SHAPE = (8, 7, 7)  # L*, a*, b*: 5 and 4 intervals over the photo's own range
_STEPS = 26
_ROTATIONS = 2  # frames that a step averages over
_POINTS = 3000
_MARGIN = 6.0  # Lab units around the photo's colours


@dataclass(frozen=True)
class _Stiffness:
    """Weights of the penalty against the transport term; larger keeps more of the photo."""

    saturation: float
    """Steepness of the a*, b* displacement: how far a uniform area may be spread over many colours."""
    chroma: float
    """Bending of the a*, b* displacement."""
    lightness: float
    """Bending of the L* displacement along L*."""
    crosstalk: float
    """How much stiffer L* is along a*, b* than along L*."""
    contrast: float
    """Keeping the L* difference of neighbouring pixels, relative to that difference."""
    ends: float
    """Keeping black black and white white."""

    @classmethod
    def of(cls, smoothness: float) -> _Stiffness:
        """From tight (0) to smooth (1), geometric between; chosen on the evaluation pairs and by eye."""

        def between(tight: float, smooth: float) -> float:
            return float(tight ** (1 - smoothness) * smooth**smoothness)

        return cls(
            saturation=between(1, 2000),
            chroma=between(50, 3600),
            lightness=between(12, 1200),
            crosstalk=between(5, 100),
            contrast=between(5, 20),
            ends=between(0.01, 500),
        )


@single_threaded
def fit_reference(source: Sample, reference: Sample, smoothness: float = 0.5, seed: int = 0) -> ColorMap:
    """Fit the map that gives `source` the colours of `reference`.

    Parameters
    ----------
    source, reference : Sample
        Proxies of the two photos.
    smoothness : float
        0 follows the reference's colours most tightly, 1 keeps the photo's own drawing most.
    seed : int
        The same seed gives the same map.
    """
    rng = np.random.default_rng(seed)
    stiffness = _Stiffness.of(smoothness)
    start = srgb_to_lab(source.colors(_POINTS, rng))  # (n, 3) Lab
    goal = srgb_to_lab(reference.colors(_POINTS, rng))
    field = _box(start)
    basis = field.basis(start)
    gram = basis.gram() / np.float32(len(start))
    solve_l, solve_ab = _solvers(field, gram, source, stiffness, rng)
    moved = np.zeros_like(start)
    plain = np.eye(3, dtype=np.float32)
    for axes in (plain, *frames(_STEPS - 1, _ROTATIONS, 3, rng)):
        wanted = moved + sliced_step(start + moved, goal, axes)
        right = basis.adjoint(wanted) / np.float32(len(start))  # (size, 3)
        coefficients = np.concatenate([solve_l(right[:, :1]), solve_ab(right[:, 1:])], axis=1)
        moved = basis.apply(coefficients)
    lab = _nodes() + _displacement(field, coefficients)
    mapped = fit_gamut(lab_to_srgb(lab, clip=False).reshape(-1, 3))
    return ColorMap(mapped.reshape(lab.shape), "Colours of a reference")


@functools.cache
def _nodes() -> Array:
    """The lattice's nodes in Lab, (GRID, GRID, GRID, 3)."""
    return srgb_to_lab(grid())


def _displacement(field: SplineGrid, coefficients: Array) -> Array:
    """The field at every node of the lattice, (GRID, GRID, GRID, 3).

    Taken at every other node and interpolated: the field is far smoother than the lattice.
    """
    sparse = _nodes()[::2, ::2, ::2]
    moved = field.evaluate(coefficients, sparse.reshape(-1, 3)).reshape(sparse.shape)
    for axis in range(3):
        middle = 0.5 * (np.delete(moved, 0, axis) + np.delete(moved, -1, axis))
        shape: list[int] = list(moved.shape)
        shape[axis] = GRID
        dense = np.empty(shape, np.float32)
        np.moveaxis(dense, axis, 0)[::2] = np.moveaxis(moved, axis, 0)
        np.moveaxis(dense, axis, 0)[1::2] = np.moveaxis(middle, axis, 0)
        moved = dense
    return moved


def _box(lab: Array) -> SplineGrid:
    """A grid over the range of the photo's own colours, with a margin."""
    low, high = np.percentile(lab, (0.2, 99.8), axis=0)
    low, high = low - _MARGIN, high + _MARGIN
    low[0], high[0] = 0, 100
    return SplineGrid(low.astype(np.float64), high.astype(np.float64), _SHAPE)


def _solvers(
    field: SplineGrid, gram: Array, source: Sample, stiffness: _Stiffness, rng: np.random.Generator
) -> tuple[Solver, Solver]:
    """Of the penalised normal equations, for L* and for a*, b*."""
    ridge = gram + 1e-5 * np.eye(field.size, dtype=np.float32)
    along = np.array([1, stiffness.crosstalk, stiffness.crosstalk]) * stiffness.lightness
    bend_l = field.stiffness({1: 0.5 * along, 2: 30 * along})
    one, other = (srgb_to_lab(c) for c in source.neighbours(_POINTS // 2, rng))
    near = np.asarray(1 / ((one[:, 0] - other[:, 0]) ** 2 + 1), np.float32)
    contrast = field.contrast(one, other, near * np.float32(stiffness.contrast / len(near)))
    ends = field.design(np.array([[0, 0, 0], [100, 0, 0]], np.float32))  # (2, size)
    anchor = stiffness.ends * (ends.T @ ends)
    system_l = ridge + bend_l + contrast + anchor
    even = np.ones(3)
    bend_ab = field.stiffness({1: stiffness.saturation * even, 2: stiffness.chroma * even})
    system_ab = ridge + bend_ab + 0.5 * anchor
    return solver(system_l), solver(system_ab)
