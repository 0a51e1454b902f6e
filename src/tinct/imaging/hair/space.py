"""A head in space: a skull, posed by the mesh, on which strands grow.

Lengths are widths of the face; x to the picture's right, y down, z away from the viewer.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from tinct.faces import canonical
from tinct.faces.pose import STEADY, fit

__all__ = ["Head"]

Array = NDArray[np.float64]


@functools.cache
def _face() -> Array:
    """(468, 3): the canonical face in widths of the face."""
    points = canonical.points() * [1, -1, -1]
    return np.asarray(points / np.linalg.norm(points[454] - points[234]))


class Head:
    """A posed head.

    Parameters
    ----------
    points : ndarray, (478, 3)
        The mesh in pixels.
    """

    def __init__(self, points: Array) -> None:
        self.face = _face()
        self.scale, self.rotation, self.shift = fit(self.face[STEADY], points[STEADY])
        self.top = float(self.face[10, 1])
        self.middle = np.array([0.0, self.top + 0.33, self.face[234, 2] + 0.02])
        """Of the skull."""
        self.radii = np.array([0.54, 0.67, self.middle[2] - self.face[151, 2] + 0.01])

    def project(self, places: Array) -> Array:
        """Pixels, and depth in the same unit, of places (..., 3)."""
        return np.asarray(self.scale * places @ self.rotation.T + self.shift)

    def unproject(self, pixels: Array) -> Array:
        """Places of pixels with their depth (..., 3)."""
        return np.asarray((pixels - self.shift) / self.scale @ self.rotation)

    def facing(self, directions: Array) -> Array:
        """Directions (..., 3) as the camera sees them, of length 1."""
        turned = directions @ self.rotation.T
        return np.asarray(turned / (np.linalg.norm(turned, axis=-1, keepdims=True) + 1e-9))
