"""Tell faces from what looks a little like one.

A detector's first score depends on the size and place at which it met the face, and the mesh says yes to many things
of the right shape. So both detectors look again at the traced face, upright and at the sizes they know best. Measured
on portraits and on photos without people (``python -m benchmarks.faces``), the average of all tells them apart far
better than either alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tinct.faces.crop import square
from tinct.faces.detect import FAR, NEAR, Detection, score_at, side_of
from tinct.faces.mesh import Mesh, around
from tinct.photo.photo import Photo

__all__ = ["LEAST", "MAYBE", "confidence"]

LEAST: Final = 0.53
"""Confidence from which on something counts as a face."""
MAYBE: Final = 0.5
"""Flag of the mesh below which no further look is worth the time."""
_LOOKS: Final = ((NEAR, 0.35), (NEAR, 0.6), (FAR, 0.2), (FAR, 0.45))
"""Detector, and the share of its view that the face takes."""


def confidence(photo: Photo, candidate: Detection, mesh: Mesh) -> float:
    """How sure it is that a traced face is one, 0..1.

    The mesh's own flag times the average of four looks, with a quarter of what the detector said at first.
    """
    if mesh.flag < MAYBE:
        return 0.0
    scores = []
    for name, share in _LOOKS:
        view, _ = square(photo, *around(mesh.points, 1 / share), side_of(name))
        scores.append(score_at(name, view, share))
    return 0.75 * mesh.flag * float(np.mean(scores)) + 0.25 * candidate.score
