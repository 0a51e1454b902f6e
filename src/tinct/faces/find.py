"""Find all faces of a photo, and choose among them."""

from __future__ import annotations

import functools

import numpy as np

from tinct.errors import (
    FaceAngleError,
    FaceCutError,
    NoFaceError,
    SeveralFacesError,
    SmallFaceError,
)
from tinct.faces import confirm, detect, mesh
from tinct.faces.crop import Crops
from tinct.faces.dark import lifted
from tinct.faces.face import Face
from tinct.faces.pose import pose_of
from tinct.models import store
from tinct.models.runtime import each
from tinct.photo.given import PhotoLike, as_photo
from tinct.photo.photo import Photo

__all__ = ["MODELS", "check", "find_faces", "installed", "largest_face", "one_face"]

MODELS = (detect.NEAR, detect.FAR, mesh.MESH)
"""Ids in the model manifest that finding faces needs."""

_CERTAIN, _PART = 0.7, 0.8  # confidence of a face, and share of a candidate within it
_IN_THE_DARK = 0.58  # confidence that is asked for in lifted copies: noise has faces too
_STEADY = 48  # pixels of width from which effects draw on a face, so that its points are found more than once
_COVERED = 0.5  # of the smaller of two boxes; then they are one face


def installed() -> bool:
    """Whether the networks are there; without them finding faces raises MissingModelError."""
    return all(store.installed(name) for name in MODELS)


def find_faces(photo: PhotoLike, *, small: bool = False) -> tuple[Face, ...]:
    """Find all faces.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
    small : bool
        Also look for faces between 14 and 24 pixels, or 1/200 and 1/80 of the longer side; takes several times as
        long.

    Returns
    -------
    tuple of Face
        From left to right by the middles of their boxes, from top to bottom where they are equal.

    Raises
    ------
    MissingModelError
        The networks are not installed; says which command gets them.
    ModelError
        They cannot be used.
    """
    store.demand(MODELS)
    crops = Crops(as_photo(photo))
    found, copy = _found(crops, small), lifted(crops)
    if copy is not None:
        seen = [face for face in _found(Crops(copy), small) if face.confidence >= _IN_THE_DARK]
        found += [_enlarged(face, crops.photo) for face in seen]
    return tuple(sorted(_different(found), key=_place))


def largest_face(photo: Photo) -> Face:
    """The largest face.

    Raises
    ------
    NoFaceError
        There is none.
    MissingModelError, ModelError
        See :func:`find_faces`.
    """
    found = find_faces(photo)
    if not found:
        raise NoFaceError("no face was found in the photo; use one that shows a face from the front")
    return max(found, key=lambda face: face.size)


def one_face(photo: Photo) -> Face:
    """The only face.

    Raises
    ------
    NoFaceError, SeveralFacesError
        There is none, or there is more than one.
    MissingModelError, ModelError
        See :func:`find_faces`.
    """
    found = find_faces(photo)
    if len(found) > 1:
        raise SeveralFacesError(
            f"{len(found)} faces were found in the photo where one is expected; crop it to one"
        )
    return found[0] if found else largest_face(photo)


def check(
    face: Face,
    *,
    least: float,
    yaw: float = 90.0,
    pitch: float = 90.0,
    roll: float = 180.0,
    inside: float = 0.0,
) -> None:
    """Refuse a face on which an effect would look bad.

    Parameters
    ----------
    face : Face
    least : float
        Least width in pixels.
    yaw, pitch, roll : float
        Largest turn in degrees, either way.
    inside : float
        Least share of the outline that lies in the photo.

    Raises
    ------
    SmallFaceError, FaceAngleError, FaceCutError
        Says what was found and what is allowed.
    """
    if face.width < least:
        raise SmallFaceError(
            f"the face is {face.width:.0f} pixels wide; it has to have {least:.0f}: use a larger photo"
        )
    for name, turn, most in (
        ("turned sideways", face.pose.yaw, yaw),
        ("raised or lowered", face.pose.pitch, pitch),
        ("tilted", face.pose.roll, roll),
    ):
        if abs(turn) > most:
            raise FaceAngleError(
                f"the face is {name} by {abs(turn):.0f} degrees; at most {most:.0f} are allowed: "
                "use a photo from the front"
            )
    if face.inside < inside:
        raise FaceCutError(
            f"the photo's border cuts the face: {face.inside:.0%} of its outline are inside, {inside:.0%} are needed"
        )


def _found(crops: Crops, small: bool) -> list[Face]:
    """Faces of one photo in any order; some may be there twice."""
    waiting, found = detect.detect(crops, small=small), list[Face]()
    while waiting:
        apart = _apart(waiting)
        traced = each(functools.partial(_traced, crops), apart)
        found += [face for face in traced if face is not None]
        waiting = [
            one for one in waiting if one not in apart and not any(_within(one, face) for face in found)
        ]
    return found


def _enlarged(face: Face, photo: Photo) -> Face:
    """A face of a small copy, as one of the photo."""
    scale = photo.width / face.photo_size[0]
    points = face.points * scale
    points[:, :2] += (scale - 1) / 2
    return Face(points, face.confidence, face.pose, (photo.width, photo.height))


def _apart(candidates: list[detect.Detection]) -> list[detect.Detection]:
    """The best candidate and all that do not touch a better one: whether one is a face says nothing about another."""
    chosen: list[detect.Detection] = []
    for number, one in enumerate(candidates):
        if all(detect.overlap(one.box, better.box) == 0 for better in candidates[:number]):
            chosen.append(one)
    return chosen


def _traced(crops: Crops, candidate: detect.Detection) -> Face | None:
    """The face of a candidate; None where it is none."""
    mesh_ = mesh.trace(crops, candidate)
    sure = confirm.confidence(crops, candidate, mesh_)
    if sure < confirm.LEAST:
        return None
    if np.ptp(mesh_.points[:468, 0]) >= _STEADY:
        mesh_ = mesh.steadied(crops, mesh_)
    return Face(mesh_.points, sure, pose_of(mesh_.points), (crops.photo.width, crops.photo.height))


def _within(candidate: detect.Detection, face: Face) -> bool:
    """Whether a candidate is a part of a face that is certain: an eye, a mouth, half of it."""
    left, top, right, bottom = face.box
    low, high = candidate.box[:2], candidate.box[:2] + candidate.box[2:]
    width, height = min(right, high[0]) - max(left, low[0]), min(bottom, high[1]) - max(top, low[1])
    shared = max(width, 0) * max(height, 0) / max(float(np.prod(candidate.box[2:])), 1.0)
    return face.confidence > _CERTAIN and bool(shared > _PART)


def _different(found: list[Face]) -> list[Face]:
    """None twice: of two that cover each other the surer stays."""
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: -one.confidence):
        if all(_shared(face, other) < _COVERED for other in kept):
            kept.append(face)
    return kept


def _shared(one: Face, other: Face) -> float:
    """Share of the smaller box that both cover."""
    a, b = one.box, other.box
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return max(width, 0) * max(height, 0) / max(smaller, 1)


def _place(face: Face) -> tuple[float, float]:
    left, top, right, bottom = face.box
    return (left + right) / 2, (top + bottom) / 2
