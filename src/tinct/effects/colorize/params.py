"""The parameters of colorization, in one place for the library, the command line and the server."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from tinct.errors import ParameterError
from tinct.photo.color import srgb_to_lab

__all__ = ["MOST_HINTS", "ColorizeParams", "Hint", "Neutralise"]

Neutralise = Literal["auto", "on", "off"]
MOST_HINTS = 200
_COLOR = re.compile(r"#?[0-9A-Fa-f]{6}")


def _hint(value: object) -> object:
    """Also accept (x, y, colour), and the command line's ``x,y,#RRGGBB``."""
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, (list, tuple)) and len(parts) == 3:
        return dict(zip(("x", "y", "color"), parts, strict=True))
    return value


class Hint(BaseModel):
    """The colour of one point of the photo."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: int = Field(ge=0, description="Column, in pixels of the upright photo, from the left.")
    y: int = Field(ge=0, description="Row, in pixels, from the top.")
    color: str = Field(description="RRGGBB or #RRGGBB; its lightness does not matter.")

    @field_validator("color", mode="after")
    @classmethod
    def _parsed(cls, value: str) -> str:
        if not _COLOR.fullmatch(value.strip()):
            raise ParameterError("hints", value, "a colour as RRGGBB or #RRGGBB")
        return "#" + value.strip().removeprefix("#").upper()

    @property
    def chroma(self) -> NDArray[np.float32]:
        """a*, b* (2,), float32."""
        rgb = np.frombuffer(bytes.fromhex(self.color[1:]), np.uint8).astype(np.float32) / np.float32(255)
        return srgb_to_lab(rgb)[1:]


class ColorizeParams(BaseModel):
    """How to colour a photo."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    strength: float = Field(
        1.0, ge=0, le=1, description="0 leaves the photo without new colour, 1 colours it fully."
    )
    variants: int = Field(
        1, ge=1, le=4, description="How many different colourings; the first is the best answer."
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description="The same photo, parameters and seed give the same results."
    )
    neutralise: Neutralise = Field(
        "auto",
        description="What happens to colour the photo already has, which shows where strength is below 1. auto: the "
        "tint of sepia, faded and yellowed photos goes, real colours stay; on: all goes; off: all stays.",
    )
    hints: list[Annotated[Hint, BeforeValidator(_hint)]] = Field(
        default_factory=list,
        max_length=MOST_HINTS,
        description="Known colours: x, y in pixels, and color. They spread over what looks alike nearby.",
    )
    smooth_scan: bool = Field(
        False,
        description="Keep dust, scratches and grain of an old scan from misleading the network; pixels stay.",
    )

    @field_validator("neutralise", mode="before")
    @classmethod
    def _or_bool(cls, value: Any) -> Any:
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value
