"""Tell faces from what looks a little like one.

A detector's first score depends on the size and place at which it met the face, and the mesh says yes to many things
of the right shape. So both detectors look again at the traced face, upright and at the sizes they know best. Measured
on portraits and on photos without people (``python -m benchmarks.faces``), the average of all tells them apart far
better than either alone.
"""

from __future__ import annotations

from typing import Final

from tinct.faces.crop import Crops
from tinct.faces.detect import FAR, NEAR, Detection, score_at, side_of
from tinct.faces.mesh import Mesh, around

__all__ = ["LEAST", "MAYBE", "confidence"]

LEAST: Final = 0.51
"""Confidence from which on something counts as a face."""
MAYBE: Final = 0.5
"""Flag of the mesh below which no further look is worth the time."""
_LOOKS: Final = ((NEAR, 0.35), (NEAR, 0.6), (FAR, 0.2), (FAR, 0.45))
"""Detector, and the share of its view that the face takes."""


def confidence(crops: Crops, candidate: Detection, mesh: Mesh) -> float:
    """How sure it is that a traced face is one, 0..1.

    The mesh's own flag times the average of four looks, with a quarter of what the detector said at first. Where the
    rest of the looks could not bring it to `LEAST` any more, they count as if they saw nothing.
    """
    if mesh.flag < MAYBE:
        return 0.0
    sure, step = 0.25 * candidate.score, 0.75 * mesh.flag / len(_LOOKS)
    for left, (name, share) in zip(range(len(_LOOKS), 0, -1), _LOOKS, strict=True):
        if sure + left * step < LEAST:
            break
        view, _ = crops.square(*around(mesh.points, 1 / share), side_of(name))
        sure += step * score_at(name, view, share)
    return sure
