"""Parameters that several effects have, declared once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinct.clip.clip import Clip

__all__ = ["ClipIn", "Seed", "Shots", "Strength"]

Strength = Annotated[
    float, Field(ge=0, le=1, description="0 returns the photo's own pixels, 1 the full change.")
]
Seed = Annotated[
    int, Field(ge=0, lt=2**31, description="The same photos, parameters and seed give the same results.")
]

ClipIn = Annotated[
    Clip,
    Field(description="The clip: MP4, M4V or QuickTime, with H.264, MPEG-4, HEVC or VP9. Its sound stays."),
]
Shots = Annotated[
    Literal["each", "smooth", "one"],
    Field(
        description="each: the clip is cut into its shots, and each is judged for itself; smooth: also a little as its "
        "neighbours are; one: all are alike. Where one shot dissolves into the next, so does what is done to them."
    ),
]
