"""Sliced optimal transport: where each colour should go so that one cloud of colours becomes another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["frames", "sliced_step", "sliced_wasserstein"]

Array = NDArray[np.float32]


def frames(count: int, rotations: int, dimensions: int, rng: np.random.Generator) -> Array:
    """Axes for `count` steps: random orthonormal frames, `rotations` side by side; (count, d, d * rotations).

    Parameters
    ----------
    count, rotations, dimensions : int
    rng : Generator
    """
    turned = np.linalg.qr(rng.normal(size=(count, rotations, dimensions, dimensions)))[0]
    axes = turned.transpose(0, 2, 1, 3).reshape(count, dimensions, rotations * dimensions)
    return np.ascontiguousarray(axes, np.float32)


def sliced_step(source: Array, target: Array, axes: Array) -> Array:
    """One step of sliced optimal transport.

    Along each axis of an orthonormal frame, the sorted source is matched to the sorted target; the axes' displacements
    add up to a displacement in space (Pitié et al. 2005, "N-dimensional probability density function transfer"; Bonneel
    et al. 2015, "Sliced and Radon Wasserstein barycenters of measures").

    Parameters
    ----------
    source, target : ndarray, (n, d), float32
        As many points in both.
    axes : ndarray, (d, d * r), float32
        The axes of r frames side by side, to average over; see `frames`.

    Returns
    -------
    ndarray, (n, d), float32
        Displacement of each source point.
    """
    lines = np.ascontiguousarray(axes.T)
    along = lines @ source.T  # (d * r, n): rows are sorted in one piece
    moves = np.empty_like(along)
    for move, place, wanted in zip(moves, _order(along), _sorted(lines @ target.T), strict=True):
        move[place] = wanted
    moves -= along
    return np.asarray(moves.T @ lines * np.float32(source.shape[1] / len(lines)))


def _order(values: Array) -> NDArray[np.intp]:
    """The order of each row (k, n)."""
    return np.argsort(_coarse(values)[0], axis=1, kind="stable")


def _sorted(values: Array) -> Array:
    """Each row (k, n) in order."""
    levels, low, step = _coarse(values)
    return (np.sort(levels, axis=1, kind="stable") + np.float32(0.5)) * step + low


def _coarse(values: Array) -> tuple[NDArray[np.uint16], np.float32, np.float32]:
    """`values` in 1/65536 of their range, its lowest and its step.

    16 bits are sorted by counting, several times faster.
    """
    low = values.min()
    step = max(values.max() - low, np.float32(1e-6)) / np.float32(65535)
    return ((values - low) / step).astype(np.uint16), low, step


def sliced_wasserstein(first: Array, second: Array, directions: Array) -> float:
    """Mean distance between sorted projections of two clouds (n, d) along unit `directions` (d, k)."""
    return float(np.abs(np.sort(first @ directions, axis=0) - np.sort(second @ directions, axis=0)).mean())
