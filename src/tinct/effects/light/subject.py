"""What the people of a photo say of its light: whether its darkness is meant, and whether they stand against it.

Faces are compared with the rest of the same photo, never with a fixed lightness, so that every skin counts alike. Where
faces are the light parts of a dark photo, its darkness is meant. Where they are far darker than what is behind them,
and nothing on these people is light either, the light comes from behind: they are lifted, and nothing else as much. A
face that shines is lit whatever its skin, and one that fills the photo was exposed for: these are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.face import Face
from tinct.faces.points import OVAL_RING
from tinct.imaging import heads
from tinct.imaging.guided import ramp
from tinct.imaging.people import find_people
from tinct.photo.color import linear_to_srgb, luminance, srgb_to_linear
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["NOBODY", "Lift", "Subject", "look"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_FLOOR: Final = 1e-3  # linear light: below it logarithms tell noise
_OVAL: Final = 0.85  # of a face's outline: without hair and what is behind it
_LEAST: Final = 12  # pixels from which a face's light is known
_LARGE: Final = 0.5  # width of a face, as a share of the largest, from which it counts
_MEANT: Final = (1.0, 2.5)  # stops that faces are lighter than the rest: some darkness is meant, all of it is
_OPEN: Final = 0.3  # linear light of what may be a light from behind
_LEAST_OPEN: Final = 0.08  # share of the photo that is so light, where people can be against it
_DARKER: Final = 2.0  # stops that faces must be darker than such parts
_LIFTED: Final = 8.0  # gain of a copy in which faces are looked for that are too dark to be found
_BEHIND: Final = (0.04, 0.96)  # shares of the photo that people leave free, or all is people or nobody
_AGAINST: Final = (3.2, 4.4)  # stops, of faces and of the lightest on people together: no lift, and all of it
_LIGHTEST: Final = 97  # percentile of light on people that stands for the lightest
_FILLS: Final = (0.05, 0.12)  # share of the photo that faces have which it was exposed for, to be sure of it
_SHINE: Final = (1.5, 2.1)  # stops from a face's middle to its shine: turned from the light, and lit by it
_SHINING: Final = 95  # percentile of light on faces that stands for their shine
_USUAL: Final = 1.5  # stops that faces may be darker than what is behind them, and look right
_SHARE: Final = 0.55  # of what is missing: a light from behind is still to be seen
_MOST: Final = 1.5  # stops


@dataclass(frozen=True, eq=False)
class Lift:
    """How people who stand against the light are lifted."""

    stops: float
    matte: Array
    """(h, w), 0..1: where they are."""
    face: float
    """log2 of the luminance of their faces."""
    behind: float
    """The same of what is behind them."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What was found."""

    meant: float = 0.0
    """0..1: how surely the photo's darkness is meant."""
    lift: Lift | None = None


NOBODY: Final = Subject()


def look(rgb: Array) -> Subject:
    """Judge the people of a small copy.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; about 512 pixels wide.

    Notes
    -----
    Without the networks that find faces nobody is found.
    """
    light = luminance(srgb_to_linear(rgb))
    logs = np.log2(np.maximum(light, 0) + np.float32(_FLOOR))
    open_ = light > _OPEN
    against = bool(open_.mean() > _LEAST_OPEN)
    view = rgb
    found = heads.look(_photo(rgb))
    if against and not found.faces:
        view = np.clip(linear_to_srgb(np.minimum(srgb_to_linear(rgb) * np.float32(_LIFTED), 1)), 0, 1)
        found = heads.look(_photo(view))
    ovals = _ovals(found.faces, found.size, light.shape)
    if ovals.sum() < _LEAST or ovals.all():
        return NOBODY
    face, shine = (float(np.percentile(logs[ovals], p)) for p in (50, _SHINING))
    meant = ramp(face - float(np.median(logs[~ovals])), *_MEANT)
    unlit = (1 - ramp(float(ovals.mean()), *_FILLS)) * (1 - ramp(shine - face, *_SHINE))
    darker = against and float(np.median(logs[open_])) - face > _DARKER
    return Subject(meant, _lift(view, logs, face, unlit) if darker and unlit > 0 else None)


def _lift(view: Array, logs: Array, face: float, unlit: float) -> Lift | None:
    """How the people seen in `view` are to be lifted; None where the light does not come from behind them.

    `unlit` says how surely their faces, whose light is `face`, have no light of their own, 0..1.
    """
    people = find_people(_photo(view))
    if people is None or not _BEHIND[0] < people.share < _BEHIND[1]:
        return None
    matte = resize(people.small, logs.shape)
    inside, behind = matte > 0.9, matte < 0.1
    if min(inside.sum(), behind.sum()) < _LEAST:
        return None
    back = float(np.median(logs[behind]))
    lightest = float(np.percentile(logs[inside], _LIGHTEST))
    sure = unlit * ramp((back - face) + (back - lightest), *_AGAINST)
    stops = sure * float(np.clip(_SHARE * (back - face - _USUAL), 0, _MOST))
    return Lift(stops, matte, face, back) if stops > 0 else None


def _ovals(faces: Sequence[Face], size: tuple[int, int], shape: tuple[int, ...]) -> Flags:
    """Where the faces that count are: (h, w)."""
    made = np.zeros(shape, np.uint8)
    scale = np.array([shape[1] / size[0], shape[0] / size[1]])
    for face in faces:
        if face.width < _LARGE * max(other.width for other in faces):
            continue
        outline = face.points[OVAL_RING, :2]
        middle = outline.mean(axis=0)
        smaller = (middle + (outline - middle) * _OVAL + 0.5) * scale - 0.5
        cv2.fillPoly(made, [np.rint(smaller).astype(np.int32)], (1,))
    return made > 0


def _photo(rgb: Array) -> Photo:
    return Photo(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8))
