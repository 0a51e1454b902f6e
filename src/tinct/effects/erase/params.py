"""The parameters of object removal, in one place for the library, the command line and the server."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EraseParams", "Method"]

Method = Literal["auto", "shift", "patch"]


class EraseParams(BaseModel):
    """How to fill what was removed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Method = Field(
        "auto",
        description="shift continues structure by few large copies, patch builds texture from many small ones, auto "
        "takes for each hole the one whose seams show less.",
    )
    grow: int = Field(
        0,
        ge=0,
        le=200,
        description="Pixels by which the mask is widened, so that halos and soft shadows of the object go too.",
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description="The same photo, mask, parameters and seed give the same result."
    )
