"""Longer hair: the photo's own hair is drawn out downwards, in waves if wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.hair.gate import long_enough, suitable
from tinct.effects.hair.lay import Layer, laid, own_colors
from tinct.effects.hair.mannequin import mannequin, shown
from tinct.faces.find import MODELS
from tinct.faces.points import OVAL_RING
from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.hair import Hair
from tinct.imaging.hair.seen import filled
from tinct.photo.photo import Photo

__all__ = ["Extension", "hair_extend"]

Array = NDArray[np.float32]

_MOST: Final = 1.3  # widths of the face that hair grows at length 1
_DRAWN: Final = 2.0  # most by which it is drawn out; more would show
_FROM: Final = 0.35  # widths of the face above the chin where drawing out begins


@dataclass(frozen=True, eq=False, kw_only=True)
class Extension:
    """What `hair_extend` gives back."""

    photo: Photo


@effect(
    title="Hair extension",
    engines={"mediapipe": MODELS},
    faces="largest",
    label="longer",
    preview=lambda length, wave: shown(_layer(mannequin()[1], length, wave)),
)
def hair_extend(
    photo: Annotated[
        Photo, Field(description="A photo of one person from the front, with hair to the shoulders.")
    ],
    *,
    length: Annotated[
        float, Field(ge=0, le=1, description="How much longer; 0 with wave 0 returns the photo as it is.")
    ] = 0.6,
    wave: Annotated[float, Field(ge=0, le=1, description="How wavy what grows is; 0 as the hair is.")] = 0.0,
    progress: Progress = unheard,
) -> Extension:
    """Make hair longer; the photo's own hair is drawn out over shoulders and chest, the rest stays.

    Raises
    ------
    FaceError
        There is no face or more than one, it is smaller than 128 pixels or turned too far, the shoulders are not
        shown, or the hair does not suit; a subclass says which.
    MissingModelError
        The networks are not installed.
    """
    hair = suitable(photo, crown=False)
    long_enough(hair)
    progress(0.5)
    if length == 0 and wave == 0:
        return Extension(photo=photo)
    made = laid(photo, hair, _layer(hair, length, wave))
    progress(1.0)
    return Extension(photo=made)


def _layer(hair: Hair, length: float, wave: float) -> Layer:
    frame = hair.frame
    shape = hair.matte.shape
    u, v = frame.grid(shape)
    start = hair.chin - _FROM
    drawn = min(_DRAWN, 1 + _MOST * length / max(hair.tip - start, 0.2))
    # below `start` a place takes what lies at start + s; slowly at first, so that no line shows where it begins
    below = np.clip(v - start, 0, None)
    ease = 0.35
    taken = np.where(below < ease, below - (1 - 1 / drawn) * below**2 / (2 * ease), 0)
    taken = np.where(below >= ease, ease - (1 - 1 / drawn) * ease / 2 + (below - ease) / drawn, taken)
    source_v = np.where(v > start, start + taken, v)
    source_u = u
    if wave:
        phase = 5.0 * np.abs(u) + 0.8 * np.sin(7.0 * u) + np.where(u > 0, 0.9, 0.0)
        swing = 0.055 * wave * smoothstep(below, 0.15, 0.9)
        source_u = u + swing * np.sin(2 * np.pi * below / 0.62 + phase)
    source = frame.origin + frame.width * (
        source_u[..., None] * frame.across + source_v[..., None] * frame.down
    )
    map_x, map_y = np.moveaxis(source.astype(np.float32), -1, 0)
    free = _free_of_skin(hair, u, v)
    matte = hair.matte
    moved = cv2.remap(matte, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    light = cv2.remap(own_colors(hair, matte), map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    opacity = moved * free * smoothstep(v, start, start + 0.12)
    cast = np.roll(cv2.GaussianBlur(opacity, (0, 0), frame.width * 0.03), round(frame.width * 0.02), axis=0)
    shadow = 0.3 * cast * (1 - hair.matte) * smoothstep(v, hair.chin, hair.chin + 0.3)
    return Layer(np.clip(light, 0, 1), np.asarray(opacity, np.float32), np.asarray(shadow, np.float32))


def _free_of_skin(hair: Hair, u: Array, v: Array) -> Array:
    """1 where drawn-out hair may lie: not on the face."""
    oval = filled([hair.points[OVAL_RING, :2]], hair.matte.shape)
    return np.asarray(1 - cv2.GaussianBlur(oval, (0, 0), max(0.6, hair.frame.width * 0.006)), np.float32)
