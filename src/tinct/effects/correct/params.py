"""The parameters of colour correction, in one place for the library, the command line and the server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CorrectParams", "Engine"]

Engine = Literal["auto", "classical", "maxim"]


class CorrectParams(BaseModel):
    """How to correct a photo's colours."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    strength: float = Field(
        1.0, ge=0, le=1, description="0 returns the photo's own pixels, 1 the full change."
    )
    variants: int = Field(
        1,
        ge=1,
        le=4,
        description="How many looks; the first is the plain correction, then warm, vivid and soft.",
    )
    engine: Engine = Field(
        "auto",
        description="classical finds the tint of the light with Tinct's own small network and sets black and white "
        "point; maxim is a retouching network, about 6 s each. auto takes classical.",
    )
