"""Trace a face: 478 points, and how sure the network is that there is one.

MediaPipe's attention mesh (Grishchenko et al. 2020, "Attention Mesh: High-fidelity face mesh prediction in
real-time"): 468 points of the whole face, of which those of lips and eyes are given again and better by branches that
look closer, and two irises. It sees an upright square around the face, so it is run twice: where the detector says,
then where its own first answer says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.faces.crop import Crops
from tinct.faces.detect import Detection
from tinct.faces.points import (
    IRISES,
    LEFT_EYE_PATCH,
    LEFT_EYE_RING,
    LIPS_PATCH,
    RIGHT_EYE_PATCH,
    RIGHT_EYE_RING,
)
from tinct.models.runtime import session

__all__ = ["MESH", "Mesh", "around", "steadied", "trace"]

Array = NDArray[np.float64]

MESH = "face-mesh"
_SIDE = 192
_AROUND = 1.5  # side of the square it sees, of the face's
_NONE = 0.002  # flag of the first look; of faces it was never below 0.004, of half of all else it is
_LOOKS = ((0.02, 0, 0.95, 0.05), (-0.02, 0, 1.05, -0.05), (0, 0.02, 1.1, 0.02), (0, -0.02, 0.9, -0.02))
"""Steps across and down, of the side; scales; turns in radians."""
_RIGHT_EYE, _LEFT_EYE = 33, 263  # outer corners


@dataclass(frozen=True, eq=False)
class Mesh:
    """A traced face.

    Parameters
    ----------
    points : ndarray, (478, 3), float64
        x, y in pixels of the photo, 0 at the centre of the first pixel; z towards the photo's depth in the same unit,
        with any origin. Numbers are MediaPipe's: 0..467 the face, 468..472 the iris of the subject's right eye,
        473..477 that of the left.
    flag : float
        The network's own probability that this is a face, 0..1; see :mod:`tinct.faces.confirm`.
    """

    points: Array
    flag: float


def trace(crops: Crops, face: Detection) -> Mesh:
    """Trace one detected face; raises as :mod:`tinct.models.runtime` does.

    What is surely none is not looked at twice.
    """
    eyes = face.points[1] - face.points[0]
    centre, side = face.box[:2] + face.box[2:] / 2 - 0.5, float(face.box[2:].max())
    first = _see(crops, centre, side * _AROUND, float(np.arctan2(eyes[1], eyes[0])))
    return first if first.flag < _NONE else _see(crops, *around(first.points, _AROUND))


def steadied(crops: Crops, face: Mesh) -> Mesh:
    """The mean of `face` and of looks from slightly other places, distances and turns.

    When its view moves by a pixel, the network's answer trembles by 0.15 % of the face's width; the mean by half of it.
    """
    centre, side, turn = around(face.points, _AROUND)
    looks = [
        _see(crops, centre + side * np.array(step), side * scale, turn + turned).points
        for *step, scale, turned in _LOOKS
    ]
    return Mesh(np.mean([face.points, *looks], axis=0), face.flag)


def around(points: Array, margin: float) -> tuple[Array, float, float]:
    """Centre, side and turn (radians) of an upright square around a traced face, `margin` times as large."""
    eyes = points[_LEFT_EYE, :2] - points[_RIGHT_EYE, :2]
    turn = float(np.arctan2(eyes[1], eyes[0]))
    cos, sin = np.cos(turn), np.sin(turn)
    upright = np.array([[cos, sin], [-sin, cos]])
    turned = points[:468, :2] @ upright.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    return upright.T @ ((low + high) / 2), float((high - low).max()) * margin, turn


def _see(crops: Crops, centre: Array, side: float, turn: float) -> Mesh:
    """One look at a square of `side` pixels around `centre` (x, y), turned by `turn` radians."""
    view, to_photo = crops.square(centre, side, turn, _SIDE)
    net = session(MESH)
    found = dict(zip(net.outputs, net.run({"photo": view[None]}), strict=True))
    points = found["output_mesh_identity"].reshape(468, 3).astype(np.float64)
    for name, numbers in (
        ("output_lips", LIPS_PATCH),
        ("output_left_eye", RIGHT_EYE_PATCH),
        ("output_right_eye", LEFT_EYE_PATCH),
    ):  # the network calls the sides as the picture shows them
        points[numbers, :2] = found[name].reshape(-1, 2)
    irises = np.empty((10, 3))
    irises[:5, :2] = found["output_left_iris"].reshape(5, 2)
    irises[5:, :2] = found["output_right_iris"].reshape(5, 2)
    irises[:5, 2], irises[5:, 2] = points[RIGHT_EYE_RING, 2].mean(), points[LEFT_EYE_RING, 2].mean()
    points = np.concatenate([points, irises])
    assert len(points) == IRISES[1].stop
    flag = float(found["conv_faceflag"].item())
    scale = float(np.hypot(to_photo[0, 0], to_photo[1, 0]))
    placed = (points[:, :2] - 0.5) @ to_photo[:, :2].T + to_photo[:, 2]
    return Mesh(np.column_stack([placed, points[:, 2] * scale]), 1 / (1 + float(np.exp(-flag))))
