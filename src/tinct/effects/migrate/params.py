"""The parameters of colour migration, in one place for the library, the command line and the server."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tinct.errors import ParameterError
from tinct.imaging.palette import parse_colors

__all__ = ["MigrateParams", "Mode"]

Mode = Literal["auto", "template", "reference"]


class MigrateParams(BaseModel):
    """How to recolour a photo."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mode: Mode = Field(
        "auto",
        description="auto: new colour families; template: swatches become the main colours; reference: take the "
        "colours of the photo given as `reference`.",
    )
    count: int = Field(1, ge=1, le=8, description="How many results; more than 1 only in mode auto.")
    colors: list[str] | None = Field(
        None, description="1 to 7 swatches, RRGGBB, #RRGGBB or AARRGGBB; mode template needs them."
    )
    degree: float = Field(
        1.0,
        ge=0,
        le=1,
        description="0 keeps the photo, 1 is the full recolouring, between them a linear blend.",
    )
    smoothness: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Mode reference: 0 follows the reference's colours most tightly, 1 keeps the photo's drawing most.",
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description="The same photo, parameters and seed give the same result."
    )
    portrait: bool = Field(True, description="People keep their own colours.")
    strength: float = Field(1.0, ge=0, le=1, description="How completely people keep their colours.")

    @field_validator("mode", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("colors", mode="before")
    @classmethod
    def _parsed(cls, value: Any) -> Any:
        return None if value is None else parse_colors(value)

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.mode == "template" and self.colors is None:
            raise ParameterError("colors", None, "1 to 7 colours with mode template")
        if self.mode != "template" and self.colors is not None:
            raise ParameterError("colors", self.colors, "nothing unless mode is template")
        if self.mode != "auto" and self.count != 1:
            raise ParameterError("count", self.count, "1 unless mode is auto")
        return self
