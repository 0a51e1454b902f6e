"""The parameters of backgrounds, in one place for the library, the command line and the server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tinct.errors import ParameterError
from tinct.imaging.palette import parse_colors

__all__ = ["BackgroundParams", "Mode", "Subject"]

Mode = Literal["remove", "mask", "change", "blur"]
Subject = Literal["auto", "person", "any"]


class BackgroundParams(BaseModel):
    """What to do with a background."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mode: Mode = Field(
        "remove",
        description="remove: the subject alone, with opacity. mask: its matte, white on black. change: the subject on "
        "another background. blur: the background out of focus.",
    )
    subject: Subject = Field(
        "auto",
        description="person: people only. any: whatever stands out, by the network isnet if it is installed, else by "
        "colour, which is less sure. auto: people if there are any, else any.",
    )
    colors: list[str] | None = Field(
        None,
        description="For change, without a backdrop: one colour, or two from top to bottom; RRGGBB or #RRGGBB.",
    )
    amount: float = Field(
        0.5,
        gt=0,
        le=1,
        description="For blur: how far out of focus; 1 is a lens of a twentieth of the photo.",
    )

    @field_validator("colors", mode="before")
    @classmethod
    def _one_or_two(cls, value: object) -> object:
        return None if value is None else parse_colors(value, field="colors", most=2)  # type: ignore[arg-type]

    @model_validator(mode="after")
    def _belongs(self) -> BackgroundParams:
        if self.colors is not None and self.mode != "change":
            raise ParameterError("colors", f"with mode {self.mode}", "colours only with mode change")
        return self
