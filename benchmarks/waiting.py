"""An effect that waits, for benchmarks of everything around an effect."""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np
from pydantic import Field

from tinct.effects.declare import effect
from tinct.photo.photo import Photo

__all__ = ["EFFECT", "waiting"]

EFFECT = "waiting=benchmarks.waiting:waiting"
"""For ``TINCT_EXTRA_EFFECTS``."""


@effect(title="Waiting")
def waiting(
    photo: Annotated[Photo | None, Field(description="Not looked at.")] = None,
    seconds: Annotated[float, Field(ge=0, le=600, description="How long it waits, without computing.")] = 0.0,
    number: Annotated[int, Field(ge=0, le=2**31, description="Told nobody.")] = 0,
) -> Photo:
    """Wait, then give a fixed picture of 4 x 4 pixels."""
    time.sleep(seconds)
    return Photo(np.zeros((4, 4, 3), np.uint8))
