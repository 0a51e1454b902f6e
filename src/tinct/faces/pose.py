"""How a head is turned: the rotation that lays the canonical face on a mesh.

Kabsch 1976, "A solution for the best rotation to relate two sets of vectors", weighed towards points that hardly
move when a face speaks or laughs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.faces import canonical

__all__ = ["STEADY", "Pose", "fit", "pose_of"]

Array = NDArray[np.float64]

STEADY = [
    10, 338, 297, 109, 67, 151, 9, 8, 168, 6, 197, 195, 5, 4, 33, 133, 263, 362, 127, 356, 234, 454, 93, 323, 132, 361,
    54, 284, 21, 251, 162, 389, 50, 280, 117, 346,
]  # fmt: skip
"""Forehead, temples, bridge of the nose, corners of the eyes, cheekbones."""
_RAISED = -6.0
"""Degrees by which the mesh of a face that looks straight ahead is raised (below 0: lowered): the median over
ordinary portraits, which ``python -m benchmarks.faces`` measures."""


@dataclass(frozen=True)
class Pose:
    """Turn of a head in degrees; all 0 for one that looks straight into the camera."""

    yaw: float
    """Positive: turned to the picture's right."""
    pitch: float
    """Positive: raised."""
    roll: float
    """Positive: tilted clockwise, as the picture shows it."""


def fit(source: Array, target: Array) -> tuple[float, Array, Array]:
    """The scale, rotation (3, 3) and shift (3,) that bring points `source` (n, 3) closest to `target` (n, 3)."""
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    one, other = source - from_middle, target - to_middle
    left, sizes, right = np.linalg.svd(other.T @ one)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = left @ np.diag(signs) @ right
    scale = float((sizes * signs).sum() / (one**2).sum())
    return scale, rotation, to_middle - scale * rotation @ from_middle


def pose_of(points: Array) -> Pose:
    """The pose of a mesh, (478, 3) as :class:`tinct.faces.mesh.Mesh` holds it."""
    upright = points[STEADY] * [1, -1, -1]  # like the canonical face: y up, z towards the viewer
    _, rotation, _ = fit(canonical.points()[STEADY], upright)
    ahead, side = rotation[:, 2], rotation[:, 0]
    return Pose(
        yaw=float(np.degrees(np.arctan2(ahead[0], ahead[2]))),
        pitch=float(np.degrees(np.arcsin(np.clip(ahead[1], -1, 1)))) - _RAISED,
        roll=float(np.degrees(-np.arctan2(side[1], side[0]))),
    )
