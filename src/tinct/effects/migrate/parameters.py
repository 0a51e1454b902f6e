"""Parameters that recolouring a photo and recolouring a clip have alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tinct.imaging.palette import parse_colors
from tinct.imaging.people import Protect
from tinct.photo.photo import Photo

__all__ = [
    "Chosen",
    "GivenMap",
    "Kept",
    "Look",
    "Mode",
    "Portrait",
    "Protected",
    "Spread",
    "Style",
    "Swatches",
]

Style = Literal["natural", "bold"]
Mode = Literal["auto", "template", "reference", "map"]


def _any_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _swatches(value: object) -> object:
    return None if value is None else parse_colors(value)  # type: ignore[arg-type]


Chosen = Annotated[
    Mode,
    BeforeValidator(_any_case),
    Field(
        description="auto: new colour families; template: swatches become the main colours; reference: take the "
        "colours of the photo given as `reference`; map: apply the colour map given as `map`.",
    ),
]
Swatches = Annotated[
    Annotated[Sequence[str], Field(min_length=1, max_length=7)] | None,
    BeforeValidator(_swatches),
    Field(description="1 to 7 swatches: CSS names, #RGB, #RRGGBB or AARRGGBB; mode template needs them."),
]
Spread = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="Mode template: 0 is calm, a smooth area keeps one swatch; 1 insists on every swatch.",
    ),
]
Look = Annotated[Photo | None, Field(description="Where the colours come from, in mode reference.")]
GivenMap = Annotated[
    Photo | None,
    Field(
        description="For mode map: a colour map as `maps` gives it, N tiles of N by N pixels side by side; nothing "
        "is fitted."
    ),
]
Portrait = Annotated[bool, Field(description="People keep their own colours.")]
Kept = Annotated[float, Field(ge=0, le=1, description="How completely people keep their colours.")]
Protected = Annotated[
    Protect,
    Field(
        description="What of people keeps its colours: person, all of them; skin, faces and bare skin, not hair and "
        "clothes."
    ),
]
