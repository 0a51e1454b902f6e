"""A face of a photo, as callers get it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.faces.points import OVAL_RING
from tinct.faces.pose import Pose

__all__ = ["Face"]


@dataclass(frozen=True, eq=False, repr=False)
class Face:
    """A traced face.

    Parameters
    ----------
    points : ndarray, (478, 3), float64
        See :class:`tinct.faces.mesh.Mesh`.
    confidence : float
        How sure it is that this is a face, 0..1; see :func:`tinct.faces.confirm.confidence`.
    pose : Pose
        How the head is turned.
    photo_size : tuple of int
        Width and height of the photo.
    """

    points: NDArray[np.float64]
    confidence: float
    pose: Pose
    photo_size: tuple[int, int]

    def __repr__(self) -> str:
        turned = f"yaw {self.pose.yaw:.0f}, pitch {self.pose.pitch:.0f}, roll {self.pose.roll:.0f}"
        return f"Face(box={self.box}, confidence={self.confidence:.2f}, {turned})"

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels of the photo, from hairline to chin, clipped to it; right and bottom lie
        outside.
        """
        low = np.floor(self.points[:468, :2].min(axis=0) + 0.5).astype(int)
        high = np.ceil(self.points[:468, :2].max(axis=0) + 0.5).astype(int)
        width, height = self.photo_size
        left, right = (int(np.clip(x, 0, width)) for x in (low[0], high[0]))
        top, bottom = (int(np.clip(y, 0, height)) for y in (low[1], high[1]))
        return left, top, right, bottom

    @property
    def width(self) -> float:
        """From temple to temple, in pixels."""
        return float(np.linalg.norm(self.points[454, :2] - self.points[234, :2]))

    @property
    def size(self) -> float:
        """Longer side of the box as it would be without the photo's border, in pixels."""
        return float(np.ptp(self.points[:468, :2], axis=0).max())

    @property
    def inside(self) -> float:
        """Share of the face's outline that lies within the photo."""
        outline = self.points[OVAL_RING, :2]
        low, high = np.array([-0.5, -0.5]), np.array(self.photo_size) - 0.5
        return float(((outline >= low) & (outline <= high)).all(axis=1).mean())
