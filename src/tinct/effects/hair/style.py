"""Hairstyles of the operator's own library: hair transfer from a photo that is kept under a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.hair.transfer import Color, transferred
from tinct.faces.find import MODELS
from tinct.models import hairstyles
from tinct.photo.photo import Photo

__all__ = ["Styled", "hair_style"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Styled:
    """What `hair_style` gives back."""

    photo: Photo


@effect(
    title="Hairstyle",
    engines={"library": MODELS},
    faces="largest",
    label=lambda style: style,
    preview=lambda style: hairstyles.thumb(style),
)
def hair_style(
    photo: Annotated[Photo, Field(description="A photo of one person, from the front.")],
    style: Annotated[
        str, Field(description="A style of this installation's library; `tinct hair styles list` shows them.")
    ],
    *,
    color: Annotated[
        Color, Field(description="ref: the hair has the style's colour; src: that of the photo's own.")
    ] = "ref",
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Styled:
    """Give a person a hairstyle of the operator's own library; the face, its expression and its light stay.

    Raises
    ------
    ParameterError
        The library has no such style.
    FaceError
        See `hair_transfer`.
    MissingModelError
        The networks are not installed.
    """
    return Styled(photo=transferred(photo, hairstyles.photo(style), color, seed, progress))
