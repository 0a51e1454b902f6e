"""Where each place of a head lies on another head: hair of one photo laid on the person of another.

Outline of the face, skull and shoulders of both heads are matched, and the smoothest flow between them (Bookstein
1989, "Principal warps: thin-plate splines and the decomposition of deformations") carries all that lies around.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.points import OVAL_RING
from tinct.imaging.hair.space import Head

__all__ = ["flow"]

Array = NDArray[np.float64]
Picture = NDArray[np.float32]

_STEP: Final = 8  # pixels between places at which the flow is worked out
_SHELLS: Final = (1.06, 1.45, 1.9)  # around the skull, of its radii
_FALLING: Final = (
    (-0.62, 0.45),
    (0.62, 0.45),
    (-0.75, 1.1),
    (0.75, 1.1),
    (0.0, 1.1),
    (-0.9, 2.0),
    (0.9, 2.0),
)
"""x, and y below the chin, of places where long hair hangs; widths of the face."""
_SOFT: Final = 2e-3  # how far the flow may pass by what it matches, in widths of the face squared


def flow(target: Array, source: Array, shape: tuple[int, int]) -> tuple[Picture, Picture]:
    """Columns and rows in the source's picture of each pixel of the target's, (h, w) each.

    Parameters
    ----------
    target, source : ndarray, (478, 3)
        Both meshes, each in pixels of its own picture.
    shape : tuple of int
        Height and width of the target's picture.
    """
    goal, start = _matched(target), _matched(source)
    width = float(np.linalg.norm(target[454, :2] - target[234, :2]))
    middle = goal.mean(axis=0)
    places = (goal - middle) / width
    # worked out on a coarse grid that reaches two steps beyond the picture, then read between its places
    across, down = (np.arange(-2, side / _STEP + 3) * _STEP for side in (shape[1], shape[0]))
    grid = (np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2) - middle) / width
    coarse = _spline(places, start, grid).reshape(len(down), len(across), 2).astype(np.float32)
    rows, columns = np.indices(shape, np.float32) / _STEP + 2
    full = cv2.remap(coarse, columns, rows, cv2.INTER_CUBIC)
    return np.ascontiguousarray(full[..., 0]), np.ascontiguousarray(full[..., 1])


def _matched(points: Array) -> Array:
    """(n, 2) places of a head that have their counterparts on every head, in pixels."""
    head = Head(points)
    chin = head.face[152, 1]
    angles = np.linspace(-0.15, np.pi + 0.15, 13)
    around = np.stack([np.cos(angles), -np.sin(angles), np.zeros_like(angles)], axis=1)
    shells = [head.middle + around * head.radii * shell for shell in _SHELLS]
    falling = np.array([[x, chin + y, head.middle[2]] for x, y in _FALLING])
    skull = head.project(np.concatenate([*shells, falling]))[:, :2]
    return np.concatenate([points[OVAL_RING, :2], skull])


def _spline(places: Array, values: Array, wanted: Array) -> Array:
    """Values (m, 2) at `wanted` (m, 2) of the thin-plate spline through `values` (n, 2) at `places` (n, 2)."""
    count = len(places)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _bending(places, places) + _SOFT * np.eye(count)
    system[:count, count:] = np.column_stack([np.ones(count), places])
    system[count:, :count] = system[:count, count:].T
    factors = np.linalg.solve(system, np.concatenate([values, np.zeros((3, 2))]))
    made = _bending(wanted, places) @ factors[:count]
    return np.asarray(made + np.column_stack([np.ones(len(wanted)), wanted]) @ factors[count:])


def _bending(one: Array, two: Array) -> Array:
    squared = ((one[:, None] - two[None]) ** 2).sum(axis=-1)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-12)))
