"""Convert: the photo as it is, for saving in another format."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tinct.effects.declare import effect
from tinct.photo.photo import Photo

__all__ = ["convert"]


@effect(title="Convert")
def convert(photo: Annotated[Photo, Field(description="The photo to convert.")]) -> Photo:
    """Turn the photo upright and save it in another format, with its colours and profile unchanged."""
    return photo
