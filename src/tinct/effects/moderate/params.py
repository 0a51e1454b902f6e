"""The parameters of moderation, in one place for the library, the command line and the server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ModerateParams"]


class ModerateParams(BaseModel):
    """How strict to be."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    threshold: float = Field(
        0.5, gt=0, lt=1, description="A photo whose score reaches it is called unsafe; lower is stricter."
    )
