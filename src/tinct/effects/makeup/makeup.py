"""Makeup transfer: a face wears what a reference photo's face wears, or a named look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Rounded, Told
from tinct.effects.makeup.apply import SEEN, applied, part_of
from tinct.effects.makeup.change import Amounts, from_face, from_look
from tinct.effects.makeup.looks import Name, look
from tinct.effects.makeup.worn import Worn, measure
from tinct.errors import EyeClosedError, EyeCoveredError, FaceError, LipCoveredError, ParameterError
from tinct.faces.covered import share_around, share_of
from tinct.faces.face import Face
from tinct.faces.find import MODELS, check, find_faces, largest_face
from tinct.faces.points import EYES, LIPS_RING
from tinct.faces.regions import Window, window
from tinct.photo.photo import Photo

__all__ = ["Makeup", "makeup"]

_LEAST: Final = 64.0  # width of a face in pixels on which eyes and lips can be told
_YAW, _PITCH = 40.0, 35.0  # degrees; beyond them half of the makeup cannot be seen
_INSIDE: Final = 0.7  # of the outline
_COVERED: Final = 0.6  # of the rim around an eye or the lips
_CLOSED: Final = 0.115  # height of an eye's opening, of its width


@dataclass(frozen=True, eq=False, kw_only=True)
class Makeup:
    """What makeup made."""

    photo: Photo
    faces: Annotated[tuple[Face, ...], Told(lambda faces: [list(face.box) for face in faces])]
    """Those that wear it now; facts tell their boxes: left, top, right, bottom."""
    lipstick: Annotated[float, Rounded(3)]
    """How sure it is that the reference wears lipstick, 0..1; as dense it was applied. 1 for named looks."""


def _together(reference: object, look: object) -> None:
    if (reference is None) == (look is None):
        raise ParameterError(
            "reference",
            None if reference is None else "a photo beside a look",
            "either a photo, or the name of a look",
        )


_Part = Annotated[float, Field(ge=0, le=1)]


@effect(title="Makeup", engines={"mediapipe": MODELS}, together=_together, faces="largest")
def makeup(
    photo: Annotated[Photo, Field(description="The photo whose faces are made up.")],
    *,
    reference: Annotated[
        Photo | None, Field(description="A face that wears the makeup; of several the largest.")
    ] = None,
    look: Annotated[Name | None, Field(description="A named look, in place of a reference.")] = None,
    lips: Annotated[_Part, Field(description="How much lipstick; 0 none.")] = 1.0,
    shadow: Annotated[_Part, Field(description="How much shadow on the lids; 0 none.")] = 1.0,
    liner: Annotated[_Part, Field(description="How much of the lines along the lashes; 0 none.")] = 1.0,
    blush: Annotated[_Part, Field(description="How much blush; 0 none.")] = 1.0,
    foundation: Annotated[_Part, Field(description="How much the skin is evened; its tone stays.")] = 1.0,
    everybody: Annotated[bool, Field(description="All faces; otherwise the largest.")] = False,
    progress: Progress = unheard,
) -> Makeup:
    """Put makeup on a face: what a reference photo's face wears, or a named look; skin tone, light and hair stay.

    Raises
    ------
    ParameterError
        Neither or both of reference and look are given.
    FaceError
        A photo has no face, or one that is too small, turned too far, cut, covered, or has its eyes closed; a subclass
        says which. Of the reference it is a subclass of `ReferenceFaceError`.
    MissingModelError
        The networks are not installed.
    """
    faces = find_faces(photo) if everybody else ()
    chosen = faces or (largest_face(photo),)
    amounts = Amounts(lips, shadow, liner, blush, foundation)
    other = _of_reference(reference, amounts) if reference is not None else None
    progress(0.3)
    result, done, lipstick = photo, [], 1.0
    refused: FaceError | None = None
    for number, face in enumerate(chosen, 1):
        try:
            own, part = _suitable(photo, face, amounts)
        except FaceError as error:
            refused = error
            continue
        if other is not None:
            change = from_face(own, other, amounts)
            lipstick = change.lips_density / lips if lips else 0.0
        else:
            assert look is not None
            change = from_look(own, _look(look), amounts)
        result = applied(result, face, part, change, np.maximum(own.hidden, own.strands))
        done.append(face)
        progress(0.3 + 0.7 * number / len(chosen))
    if refused is not None and not done:
        raise refused
    return Makeup(photo=result, faces=tuple(done), lipstick=lipstick)


_look = look


def _of_reference(reference: Photo, amounts: Amounts) -> Worn:
    try:
        return _suitable(reference, largest_face(reference), amounts)[0]
    except FaceError as error:
        failure = error.of_reference()
    raise failure


def _suitable(photo: Photo, face: Face, amounts: Amounts) -> tuple[Worn, Window]:
    """Measures of a face on which makeup can be told, and the window that holds it; what wears none may be hidden."""
    eyes = amounts.shadow > 0 or amounts.liner > 0
    check(face, least=_LEAST, yaw=_YAW, pitch=_PITCH, inside=_INSIDE)
    if eyes and min(_opening(face.points[list(ring)]) for ring in EYES) < _CLOSED:
        raise EyeClosedError("an eye is closed; use a photo with open eyes, or leave out shadow and liner")
    part = window(face)
    own = measure(*_copy(photo, face, part))
    if eyes and max(share_around(own.hidden, ring) for ring in EYES) > _COVERED:
        raise EyeCoveredError("hair, glasses or a hand hide an eye; use a photo that shows both eyes")
    lips = max(share_around(own.hidden, LIPS_RING), share_of(own.hidden, LIPS_RING))
    if amounts.lips > 0 and lips > _COVERED:
        raise LipCoveredError("something hides the lips; use a photo that shows the mouth, or leave out lips")
    return own, part


def _copy(photo: Photo, face: Face, part: Window) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The face's part of the photo, not larger than needed, and the mesh in it."""
    rgb = np.clip(part_of(photo, part), 0, 1)
    points = face.points - [part.left, part.top, 0]
    scale = min(1.0, SEEN / max(rgb.shape[:2]))
    if scale == 1:
        return rgb, points
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    points = points * scale
    points[:, :2] += (scale - 1) / 2
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32), points


def _opening(ring: NDArray[np.float64]) -> float:
    """Height of an eye's opening, of its width; `ring` (16, 3) goes from one corner below to the other and back."""
    across = float(np.linalg.norm(ring[8, :2] - ring[0, :2]))
    down = np.linalg.norm(ring[2:7, :2] - ring[[14, 13, 12, 11, 10], :2], axis=1)
    return float(down.max()) / max(across, 1e-6)
