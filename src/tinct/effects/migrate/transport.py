"""Sliced optimal transport: where each colour should go so that one cloud of colours becomes another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["sliced_step", "sliced_wasserstein"]

Array = NDArray[np.float32]


def sliced_step(source: Array, target: Array, rng: np.random.Generator | None, rotations: int = 2) -> Array:
    """One step of sliced optimal transport.

    Along each axis of a random orthonormal frame, the sorted source is matched to the sorted target; the axes'
    displacements add up to a displacement in space (Pitié et al. 2005, "N-dimensional probability density function
    transfer"; Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures").

    Parameters
    ----------
    source, target : ndarray, (n, d), float32
        As many points in both.
    rng : Generator or None
        Draws the frames; None takes the plain axes.
    rotations : int
        Frames to average over.

    Returns
    -------
    ndarray, (n, d), float32
        Displacement of each source point.
    """
    dimensions = source.shape[1]
    total = np.zeros_like(source)
    for _ in range(rotations if rng is not None else 1):
        frame = np.eye(dimensions, dtype=np.float32)
        if rng is not None:
            frame = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0].astype(np.float32)
        along = source @ frame
        matched = np.empty_like(along)
        np.put_along_axis(matched, np.argsort(along, axis=0), np.sort(target @ frame, axis=0), axis=0)
        total += (matched - along) @ frame.T
    return total / np.float32(rotations if rng is not None else 1)


def sliced_wasserstein(first: Array, second: Array, directions: Array) -> float:
    """Mean distance between sorted projections of two clouds (n, d) along unit `directions` (d, k)."""
    return float(np.abs(np.sort(first @ directions, axis=0) - np.sort(second @ directions, axis=0)).mean())
