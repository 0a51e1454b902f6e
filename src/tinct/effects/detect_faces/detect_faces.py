"""Find the faces of a photo, as a step before effects that ask which face is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Told
from tinct.errors import NoFaceError
from tinct.faces.draw import boxed
from tinct.faces.face import Face
from tinct.faces.facts import facts
from tinct.faces.find import MODELS, find_faces
from tinct.photo.photo import Photo

__all__ = ["FaceDetection", "detect_faces"]


@dataclass(frozen=True, eq=False, kw_only=True)
class FaceDetection:
    """The faces of a photo."""

    photo: Photo
    """A copy with a box around each face, numbered from 0."""
    faces: Annotated[tuple[Face, ...], Told(facts)]
    """From left to right."""


@effect(title="Face detection", engines={"mediapipe": MODELS}, faces="all")
def detect_faces(
    photo: Annotated[Photo, Field(description="The photo in which to look for faces.")],
    *,
    small: Annotated[
        bool, Field(description="Also faces of 14 to 24 pixels; takes several times as long.")
    ] = False,
    required: Annotated[bool, Field(description="Fail where there is no face.")] = False,
    progress: Progress = unheard,
) -> FaceDetection:
    """Find all faces of a photo: boxes from left to right, how sure each is, and how the heads are turned.

    Raises
    ------
    NoFaceError
        There is no face, and `required` is set.
    MissingModelError
        The networks are not installed.
    """
    found = find_faces(photo, small=small)
    if required and not found:
        raise NoFaceError("no face was found in the photo; use one that shows a face from the front")
    progress(0.9)
    return FaceDetection(photo=boxed(photo, found), faces=found)
