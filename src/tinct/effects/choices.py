"""Parameters that several effects have, declared once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["Seed", "Strength"]

Strength = Annotated[
    float, Field(ge=0, le=1, description="0 returns the photo's own pixels, 1 the full change.")
]
Seed = Annotated[
    int, Field(ge=0, lt=2**31, description="The same photos, parameters and seed give the same results.")
]
