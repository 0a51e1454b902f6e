"""The one place where limits and choices live, and the only module that reads the environment.

Every field is one limit or choice with its unit and its reason. ``Settings.from_environment()`` reads
``TINCT_<FIELD>`` for each of them; code takes a ``Settings`` and never looks at ``os.environ``.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinct.errors import ParameterError

__all__ = ["Settings", "current"]


class Settings(BaseModel):
    """Limits and choices. Frozen: make another with ``model_copy(update=...)``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # -- photos -----------------------------------------------------------------------------------
    max_photo_bytes: int = Field(
        256 * 2**20,
        gt=0,
        description="Bytes of one encoded photo. A 100-megapixel 16-bit TIFF is 600 MB; raise it for those.",
    )
    max_photo_pixels: int = Field(
        200_000_000,
        gt=0,
        description="Width x height of one photo, in pixels, checked in the header. 200 MP is the largest phone sensor.",
    )
    max_photo_side: int = Field(
        65_500, gt=0, description="Longer side of one photo, in pixels. JPEG cannot hold more than 65,500."
    )
    max_photo_frames: int = Field(
        1, gt=0, description="Frames or pages of one photo. A photo has one; the rest is a video."
    )

    # -- effects ----------------------------------------------------------------------------------
    proxy_side: int = Field(
        512, ge=16, description="Longer side, in pixels, of the small copy on which effects are fitted."
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``TINCT_<FIELD>`` variables over the defaults.

        Raises
        ------
        ParameterError
            A variable holds a value its field does not allow.
        """
        environ = os.environ if environ is None else environ
        found = {
            name: environ[f"TINCT_{name.upper()}"]
            for name in cls.model_fields
            if environ.get(f"TINCT_{name.upper()}")
        }
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise ParameterError(f"TINCT_{name.upper()}", first["input"], first["msg"]) from None


@functools.cache
def current() -> Settings:
    """The settings of this process, read from the environment once."""
    return Settings.from_environment()
