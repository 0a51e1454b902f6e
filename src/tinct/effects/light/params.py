"""The parameters of lighting, in one place for the library, the command line and the server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Engine", "LightParams"]

Engine = Literal["auto", "classical", "maxim"]


class LightParams(BaseModel):
    """How to relight a photo."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    strength: float = Field(
        1.0, ge=0, le=1, description="0 returns the photo's own pixels, 1 the full change."
    )
    engine: Engine = Field(
        "auto",
        description="classical needs no network; maxim is one for dark photos, about 6 s each. auto takes "
        "classical, which came closer to photos that had been darkened and does not clip lamps and skies.",
    )
    denoise: bool = Field(True, description="Remove the noise that brightening would show.")
