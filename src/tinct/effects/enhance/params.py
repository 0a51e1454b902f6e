"""The parameters of enhancing, in one place for the library, the command line and the server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tinct.errors import ParameterError

__all__ = ["Denoise", "EnhanceParams", "Model", "Scale"]

Scale = Literal[1, 2, 4]
Model = Literal["auto", "span", "realesrgan", "clearreality", "animevideo", "classical"]
Denoise = Literal["auto"] | float


class EnhanceParams(BaseModel):
    """How to enhance a photo."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    scale: Scale = Field(
        2, description="How many times wider and higher the result is; 1 restores at the photo's own size."
    )
    model: Model = Field(
        "auto",
        description="span is true to the source; realesrgan restores and is about 40 times slower; clearreality also "
        "cleans up JPEG (non-commercial licence); animevideo is for drawings; classical needs no network. auto takes "
        "realesrgan for photos up to 0.16 megapixels, and for soft ones up to 0.64; span for others; and classical for "
        "sharp photos at their own size and where the networks are not installed.",
    )
    denoise: Denoise = Field(
        "auto",
        description="0 leaves noise and JPEG blocks, 0.5 removes as much of them as is found, 1 twice that; auto "
        "removes what is found, and nothing from photos that are nearly clean. The higher, the less grain is left.",
    )

    @field_validator("scale", mode="before")
    @classmethod
    def _one_two_or_four(cls, value: object) -> object:
        number = int(value) if isinstance(value, str) and value.strip().isdigit() else value
        if isinstance(number, bool) or number not in (1, 2, 4):
            raise ParameterError("scale", value, "1, 2 or 4")
        return int(number)

    @field_validator("denoise", mode="before")
    @classmethod
    def _auto_or_share(cls, value: object) -> object:
        if value == "auto":
            return value
        try:
            share = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            share = -1.0
        if isinstance(value, bool) or not 0 <= share <= 1:
            raise ParameterError("denoise", value, "auto, or a number from 0 to 1")
        return share

    @field_validator("model", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        allowed = Model.__args__  # type: ignore[attr-defined]
        if value not in allowed:
            raise ParameterError("model", value, "one of " + ", ".join(allowed))
        return value
