"""Hair transfer: the hair of a reference photo on the head of a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.hair.gate import alike, example, fitting, head, seamless
from tinct.effects.hair.lay import Layer, laid
from tinct.effects.hair.mannequin import mannequin
from tinct.effects.hair.soft import blurred
from tinct.effects.hair.uncover import Uncovered, uncovered
from tinct.effects.hair.worn import Worn, brows_of, put_on
from tinct.errors import FaceError
from tinct.faces.find import MODELS
from tinct.faces.points import OVAL_RING
from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.hair import Hair
from tinct.imaging.hair.seen import filled
from tinct.photo.photo import Photo
from tinct.photo.resize import resize
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["Color", "Transfer", "hair_transfer", "layer", "on_mannequin", "transferred"]

Array = NDArray[np.float32]
Color = Literal["ref", "src"]

_LOOKED: Final = 192.0  # width of the face in pixels of the copy on which edges are looked for
_STEP: Final = 0.02  # change of the light from one of its pixels to the next that is an edge
_BELT: Final = 0.03  # widths of the face beside the hair to which its shadow reaches
_CAST: Final = 0.3  # of the light, taken by the shadow beneath the hair
_TINT: Final = np.array([0.85, 1.0, 1.0], np.float32)  # skin in a shadow is redder


@dataclass(frozen=True, eq=False, kw_only=True)
class Transfer:
    """What `hair_transfer` gives back."""

    photo: Photo


@effect(title="Hair transfer", engines={"mediapipe": MODELS}, faces="largest", label="hair")
def hair_transfer(
    photo: Annotated[Photo, Field(description="A photo of one person, from the front.")],
    reference: Annotated[Photo, Field(description="A photo of one person whose hair is wanted.")],
    *,
    color: Annotated[
        Color,
        Field(description="ref: the hair keeps its colour; src: it gets the colour of the photo's own."),
    ] = "ref",
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Transfer:
    """Give a person the hair of a reference photo: that hair itself, laid on this head; the face and its light stay.

    Raises
    ------
    FaceError
        In a photo there is no face or more than one, or it is smaller than 128 pixels or turned too far; the heads are
        turned too differently; the reference shows too little hair, or its border cuts it; or the photo's own hair is
        so much longer that what it hides cannot be known. A subclass says which; of the reference it is a
        `ReferenceFaceError`.
    MissingModelError
        The networks are not installed.
    """
    return Transfer(photo=transferred(photo, reference, color, seed, progress))


def transferred(photo: Photo, reference: Photo, color: Color, seed: int, progress: Progress) -> Photo:
    """The photo with the hair of the reference."""
    hair = head(photo)
    other = _of_reference(reference)
    progress(0.3)
    made = laid(photo, hair, layer(hair, other, color, seed))
    progress(1.0)
    return made


def _of_reference(reference: Photo) -> Hair:
    try:
        return example(reference)
    except FaceError as error:
        failure = error.of_reference()
    raise failure


def on_mannequin(other: Hair) -> Photo:
    """A small picture of hair: on a drawn head, whatever it lacks; the head whose hair it becomes decides."""
    photo, hair = mannequin(bald=True)
    worn = put_on(hair, other, "ref")
    return laid(photo, hair, _over(hair, worn, _shaded(hair, worn, uncovered(hair, worn, 0))))


def layer(hair: Hair, other: Hair, color: Color, seed: int) -> Layer:
    """What is laid over a head, so that it wears the other's hair.

    Raises
    ------
    FacesUnlikeError, HairError
        They do not go together.
    """
    other = alike(hair, other)
    worn = put_on(hair, other, color)
    below = uncovered(hair, worn, seed)
    fitting(hair, other, worn, below)
    base = _shaded(hair, worn, below)
    seamless(_edges(hair, worn, base))
    return _over(hair, worn, base)


def _over(hair: Hair, worn: Worn, base: Array) -> Layer:
    """The new hair and its shadow over a head without its own."""
    width, share = hair.frame.width, worn.opacity[..., None]
    cast = np.roll(blurred(worn.opacity, 0.03 * width), round(0.02 * width), axis=0)
    _, v = hair.frame.grid(worn.opacity.shape)
    shadow = 0.25 * cast * smoothstep(v, hair.chin, hair.chin + 0.3) * (1 - worn.opacity)
    light = srgb_to_linear(base) * (1 - shadow[..., None]) * (1 - share) + worn.light * share
    made = np.abs(base - hair.rgb).max(axis=-1)
    touched = np.asarray(np.maximum.reduce([worn.opacity, shadow, made]), np.float32)
    return Layer(np.asarray(light, np.float32), smoothstep(touched, 0.003, 0.02))


def _edges(hair: Hair, worn: Worn, base: Array) -> float:
    """Share of the face that the new hair leaves free where what was painted changes its light abruptly."""
    scale = _LOOKED / hair.frame.width
    size = (max(8, round(base.shape[0] * scale)), max(8, round(base.shape[1] * scale)))
    oval = filled([hair.points[OVAL_RING, :2]], (base.shape[0], base.shape[1]))
    free = (resize(oval, size) > 0.9) & (resize(worn.opacity, size) < 0.05)
    change, made = (
        cv2.GaussianBlur(resize(one.mean(axis=-1), size), (0, 0), 1.0) for one in (base - hair.rgb, base)
    )
    # where hair was taken away the change has an edge, and what is seen has none
    steps = np.minimum(np.hypot(*np.gradient(change)), np.hypot(*np.gradient(made)))
    return float((steps[free] > _STEP).mean()) if free.any() else 0.0


def _shaded(hair: Hair, worn: Worn, below: Uncovered) -> Array:
    """The shadow that the new hair casts on the skin beside it."""
    width = hair.frame.width
    near = blurred(worn.opacity, _BELT * width)
    shadow = _CAST * smoothstep(near, 0.02, 0.5) * smoothstep(worn.bare, 0.4, 0.95)
    _, v = hair.frame.grid(shadow.shape)
    shadow = shadow * (1 - smoothstep(v, -0.14, -0.06))  # below the brows the face stays as it is
    light = srgb_to_linear(np.clip(below.rgb, 0, 1)) * (1 - shadow[..., None] * _TINT)
    kept = (1 - brows_of(hair)) * smoothstep(shadow, 0.0, 0.01)
    return np.asarray(below.rgb + (linear_to_srgb(light) - below.rgb) * kept[..., None], np.float32)
