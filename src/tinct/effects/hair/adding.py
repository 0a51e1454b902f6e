"""A photo becomes a style of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from tinct.effects.hair.gate import example
from tinct.effects.hair.hairline import forehead
from tinct.effects.hair.transfer import on_mannequin
from tinct.imaging.hair.hair import Hair
from tinct.models import hairstyles
from tinct.models.hairstyles import Length, Style
from tinct.photo import decode
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import shrink

__all__ = ["added"]

_SIDE: Final = 1024  # longer side in pixels of a head that is kept: larger ones make no better hair
_FREE: Final = 0.55  # share of the forehead that no hair covers, below which there are bangs


def added(name: str, path: Path) -> Style:
    """Put the head of a photo into the library.

    Raises
    ------
    PhotoError
        It cannot be read.
    FaceError
        Its hair cannot be put on others; a subclass says why.
    ParameterError
        The name is none.
    """
    photo = decode.open(path)
    hair = example(photo)
    part = hair.window
    pixels: Pixels = shrink(np.ascontiguousarray(photo.pixels[part.slices]), _SIDE)  # type: ignore[arg-type]
    facts = hairstyles.facts_of(name, _length(hair), forehead(hair).free < _FREE)
    hairstyles.save(name, facts, Photo(pixels, icc=photo.icc), on_mannequin(hair))
    return hairstyles.load(name)


def _length(hair: Hair) -> Length:
    """How far down hair reaches, in the words of a style."""
    if hair.tip < 0.5 * hair.chin:
        return "short"
    if hair.tip < hair.chin + 0.15:
        return "chin"
    return "shoulder" if hair.tip < hair.chin + 0.7 else "long"
