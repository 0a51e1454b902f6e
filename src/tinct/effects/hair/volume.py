"""More volume: the photo's own hair grows away from the head; face and background keep still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.hair.gate import suitable, turned
from tinct.effects.hair.lay import Layer, laid, own_colors
from tinct.effects.hair.mannequin import mannequin, shown
from tinct.faces.find import MODELS
from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.hair import SKIN, Hair
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["Volume", "Where", "hair_volume"]

Array = NDArray[np.float32]
Where = Literal["all", "crown", "sides"]

_MOST: Final = 0.15  # growth at amount 1, of the distance from the head's middle
_FAIR: Final = 0.15  # share of the hair that has the skin's colour beyond which colour tells nothing
_TAPERED: Final = 0.45  # widths of the face above the ends of hair over which growth falls to nothing
_BESIDE: Final = 0.08  # widths of the face from bare skin within which hair may be skin
_CENTRE: Final = -0.05  # v of the head's middle


@dataclass(frozen=True, eq=False, kw_only=True)
class Volume:
    """What `hair_volume` gives back."""

    photo: Photo


@effect(
    title="Hair volume",
    engines={"mediapipe": MODELS},
    faces="largest",
    label="volume",
    preview=lambda amount, where: shown(_layer(mannequin()[1], amount, where)),
)
def hair_volume(
    photo: Annotated[Photo, Field(description="A photo of one person, from the front.")],
    *,
    amount: Annotated[float, Field(ge=0, le=1, description="How much; 0 returns the photo as it is.")] = 0.6,
    where: Annotated[Where, Field(description="Everywhere, above the forehead, or beside the face.")] = "all",
    progress: Progress = unheard,
) -> Volume:
    """Give hair more volume; the photo's own hair is spread, face and background stay.

    Raises
    ------
    FaceError
        There is no face or more than one, it is smaller than 128 pixels or turned too far, or the hair does not suit;
        a subclass says which.
    MissingModelError
        The networks are not installed.
    """
    hair = suitable(photo)
    progress(0.5)
    if amount == 0:
        return Volume(photo=photo)
    made = laid(photo, hair, _layer(hair, amount, where))
    progress(1.0)
    return Volume(photo=made)


def _layer(hair: Hair, amount: float, where: Where) -> Layer:
    frame = hair.frame
    height, width = hair.matte.shape
    u, v = frame.grid((height, width))
    centre = frame.to(np.array([0.25 * -turned(hair), _CENTRE]))
    inner = _outside(hair)
    growth = smoothstep(inner, 0.0, 0.5) * np.clip(1 - v / (hair.chin + 0.25), 0.0, 1.0)
    growth = growth * _above_ends(hair, u, v)
    if where == "crown":
        growth = growth * smoothstep(-v, -0.1, 0.45)
    elif where == "sides":
        growth = growth * smoothstep(np.abs(u), 0.25, 0.6)
    scale = (1 / (1 + _MOST * amount * growth * 1.3)).astype(np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    map_x = np.float32(centre[0]) + (x - np.float32(centre[0])) * scale
    map_y = np.float32(centre[1]) + (y - np.float32(centre[1])) * scale
    matte = hair.matte * _without_skin(hair) * (1 - smoothstep(v, hair.chin, hair.chin + 0.5))
    moved = cv2.remap(matte, map_x, map_y, cv2.INTER_LINEAR)
    light = cv2.remap(own_colors(hair, hair.matte), map_x, map_y, cv2.INTER_CUBIC)
    # over hair that is there only the inside of the moved hair is laid: its rim carries skin
    rim = max(1, round(frame.width * 0.03))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    core = cv2.GaussianBlur(cv2.erode(matte, kernel), (0, 0), max(0.8, frame.width * 0.012))
    own = cv2.GaussianBlur(hair.matte, (0, 0), max(0.8, frame.width * 0.01))
    moved = moved * (1 - own) + np.minimum(moved, cv2.remap(core, map_x, map_y, cv2.INTER_LINEAR)) * own
    opacity = np.where(inner > 0.0, moved, 0) * smoothstep(growth, 0.0, 0.06)
    return Layer(np.clip(light, 0, 1), np.asarray(opacity, np.float32))


def _above_ends(hair: Hair, u: Array, v: Array) -> Array:
    """1, falling to 0 where the hair of that side ends: short hair is drawn in towards an ear, not cut off above it."""
    seen = hair.seen
    ends = []
    for side in (-1, 1):
        rows = seen.v[(hair.small > 0.5) & (side * seen.u > 0.3)]
        ends.append(float(np.percentile(rows, 97)) if len(rows) > 30 else 9.0)
    middle = smoothstep(np.asarray(u, np.float32), -0.3, 0.3)
    end = ends[0] + (ends[1] - ends[0]) * middle
    return np.asarray(1 - smoothstep(v - end, -_TAPERED, 0.0), np.float32)


def _without_skin(hair: Hair) -> Array:
    """0 where the matte's rim has the skin's colour, an ear or the parting, so that those do not move with the hair.

    At a rim behind which no skin lies that colour is the hair's own, and it stays whole.
    """
    if hair.like_skin > _FAIR:
        return np.ones_like(hair.matte)
    seen = hair.seen
    bare = (hair.apart < SKIN) & (hair.small < 0.3) & (seen.person > 0.7)
    near = seen.grown(bare, _BESIDE) | seen.shrunk(hair.small > 0.5, _BESIDE)
    unlike = smoothstep(np.minimum(hair.apart, 2 * SKIN), 0.5 * SKIN, 1.1 * SKIN)
    return resize(np.where(near, unlike, 1).astype(np.float32), hair.matte.shape[:2])


def _outside(hair: Hair) -> Array:
    """How far each pixel lies outside the face's outline, in widths of the face; 0 within."""
    from tinct.faces.points import OVAL_RING
    from tinct.imaging.hair.seen import filled

    oval = filled([hair.points[OVAL_RING, :2]], hair.matte.shape) > 0.5
    away = cv2.distanceTransform((~oval).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(away / hair.frame.width, np.float32)
