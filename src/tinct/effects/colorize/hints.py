"""Colours that people know: points of the photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from tinct.errors import ParameterError
from tinct.photo.color import srgb_to_lab
from tinct.photo.named import WRITTEN, named

__all__ = ["Hint", "Hints", "located"]


class Hint(BaseModel):
    """The colour of one point of the photo."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: int = Field(ge=0, description="Column, in pixels of the upright photo, from the left.")
    y: int = Field(ge=0, description="Row, in pixels, from the top.")
    color: str = Field(description="A CSS name, #RGB or #RRGGBB; its lightness does not matter.")

    @field_validator("color", mode="after")
    @classmethod
    def _parsed(cls, value: str) -> str:
        color = named(value)
        if color is None:
            raise ParameterError("hints", value, f"a colour written as {WRITTEN}")
        return color

    @property
    def chroma(self) -> NDArray[np.float32]:
        """a*, b* (2,), float32."""
        rgb = np.frombuffer(bytes.fromhex(self.color[1:]), np.uint8).astype(np.float32) / np.float32(255)
        return srgb_to_lab(rgb)[1:]


def _hint(value: object) -> object:
    """Also accept (x, y, colour), and the command line's ``x,y,#RRGGBB``."""
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, list | tuple) and len(parts) == 3 and ":" not in str(parts[0]):
        return dict(zip(("x", "y", "color"), parts, strict=True))
    if isinstance(value, str):
        allowed = (
            "x,y,colour, such as 120,80,navy; the name of a photo before it only where photos are one scene"
        )
        raise ValueError(allowed)  # keeps the number of the hint
    return value


Hints = list[Annotated[Hint, BeforeValidator(_hint)]]
"""What hints are brought to."""


def located(
    size: tuple[int, int],
    hints: Sequence[Hint | tuple[int, int, str] | Mapping[str, Any]],
    first: int = 0,
) -> NDArray[np.float32]:
    """Hints (n, 4): row and column as shares of a photo of width and height `size`, a*, b*.

    Errors number them from `first`.

    Raises
    ------
    ParameterError
        A point lies outside the photo.
    """
    rows = []
    width, height = size
    for number, hint in enumerate(hints, first):
        assert isinstance(hint, Hint)
        if hint.x >= width or hint.y >= height:
            allowed = f"a point inside the photo, x below {width} and y below {height}"
            raise ParameterError(f"hints.{number}", f"{hint.x},{hint.y}", allowed)
        rows.append([(hint.y + 0.5) / height, (hint.x + 0.5) / width, *hint.chroma])
    return np.array(rows, np.float32).reshape(-1, 4)
