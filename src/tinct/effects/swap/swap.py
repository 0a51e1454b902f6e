"""Face swap: a reference's face on a photo's head, which keeps its pose, expression, light, hair and outline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Told
from tinct.effects.swap.gate import fitting
from tinct.effects.swap.onto import given, put
from tinct.errors import FaceError, NoFaceError, ParameterError
from tinct.faces.face import Face
from tinct.faces.find import MODELS, find_faces, largest_face
from tinct.imaging import watermark
from tinct.photo.photo import Photo

__all__ = ["Mark", "Swap", "swap"]

Mark = Literal["none", "visible", "invisible"]

_SKIP = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class Swap:
    """What a swap made."""

    photo: Photo
    faces: Annotated[tuple[Face, ...], Told(lambda faces: [list(face.box) for face in faces])]
    """Those that were replaced; facts tell their boxes: left, top, right, bottom."""


def _agreed(consent: bool) -> None:
    if not consent:
        raise ParameterError("consent", consent, "true, if those who are shown agree")


@effect(
    title="Face swap", engines={"mediapipe": MODELS}, together=_agreed, permission="allow_swap", faces="all"
)
def swap(
    photo: Annotated[Photo, Field(description="The photo whose faces are replaced.")],
    references: Annotated[
        Sequence[Photo],
        Field(
            min_length=1, max_length=10, description="Faces to put in; of several in one photo the largest."
        ),
    ],
    *,
    mapping: Annotated[
        Sequence[Annotated[int, Field(ge=_SKIP, le=9)]] | None,
        Field(
            description="For each face of the photo from left to right, as detect_faces numbers them, the number of "
            "the reference from 0, or -1 to leave it; faces beyond the list stay. Without it the first reference goes "
            "to the largest face."
        ),
    ] = None,
    consent: Annotated[
        bool,
        Field(description="Says that those who are shown agree; without it nothing is swapped."),
    ] = False,
    force: Annotated[
        bool, Field(description="Also where poses or expressions differ too much to look real.")
    ] = False,
    mark: Annotated[
        Mark,
        Field(
            description="visible writes into a corner that faces were swapped; invisible hides it in the whole photo, "
            "where `tinct marked` finds it again."
        ),
    ] = "none",
    progress: Progress = unheard,
) -> Swap:
    """Put the faces of reference photos on the heads of a photo; pose, expression, light and hair stay the photo's.

    Raises
    ------
    ParameterError
        Consent is missing, or `mapping` names a face or reference that is not there.
    FaceError
        There is no face, or one does not suit; a subclass says why. Of a reference it is a `ReferenceFaceError`.
    MissingModelError
        The networks are not installed.
    """
    found = find_faces(photo)
    if not found:
        raise NoFaceError("no face was found in the photo; use one that shows a face from the front")
    pairs = _pairs(found, mapping, len(references))
    sources = {}
    for number in sorted(set(pairs.values())):
        try:
            sources[number] = given(references[number], largest_face(references[number]), force=force)
        except FaceError as error:
            failure = error.of_reference()
        else:
            continue
        raise failure
    progress(0.4)
    result, done = photo, []
    for position, number in pairs.items():
        target = given(result, found[position], force=force)
        source = sources[number] if force else fitting(sources[number], target)
        result = put(result, target, source)
        done.append(found[position])
        progress(0.4 + 0.6 * len(done) / len(pairs))
    return Swap(photo=_MARKS[mark](result) if done else result, faces=tuple(done))


def _pairs(found: Sequence[Face], mapping: Sequence[int] | None, references: int) -> dict[int, int]:
    """Number of the reference for each face that is replaced."""
    if mapping is None:
        return {max(range(len(found)), key=lambda at: found[at].size): 0}
    if len(mapping) > len(found):
        raise ParameterError(
            "mapping", list(mapping), f"at most {len(found)} numbers, one for each face found"
        )
    if max(mapping, default=_SKIP) >= references:
        raise ParameterError("mapping", list(mapping), f"numbers of references up to {references - 1}, or -1")
    return {position: number for position, number in enumerate(mapping) if number != _SKIP}


def _written(photo: Photo) -> Photo:
    """A line of text in the lower right corner, light on dark."""
    pixels = photo.pixels.copy()
    full = float(np.iinfo(pixels.dtype).max)
    scale = max(0.35, min(photo.width, photo.height) / 1200)
    thick = max(1, round(scale * 1.5))
    text = "faces swapped"
    (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    at = (max(0, photo.width - wide - high), photo.height - high // 2 - below)
    for color, width in (((0.0, 0.0, 0.0), thick + 2), ((full, full, full), thick)):
        cv2.putText(pixels, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, color, width, cv2.LINE_AA)
    return photo.with_pixels(pixels)


_MARKS: dict[Mark, Callable[[Photo], Photo]] = {
    "none": lambda photo: photo,
    "visible": _written,
    "invisible": watermark.marked,
}
