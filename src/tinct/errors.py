"""Every error that Tinct raises on purpose.

    TinctError
    ├── ParameterError          a value the caller chose is not allowed (field, value, allowed)
    ├── PhotoError              the bytes of a photo cannot be used
    │   ├── EmptyPhotoError         no bytes at all
    │   ├── UnsupportedPhotoError   not one of the formats that are read
    │   ├── BrokenPhotoError        the right signature, but truncated or corrupt
    │   └── PhotoLimitError         bytes, pixels or frames above a limit
    ├── ColorMapError           a .cube file that cannot be read
    ├── ModelError              weights are missing, damaged or not accepted
    │   ├── MissingModelError       not installed; says which command gets it
    │   └── DamagedModelError       digest differs; names both digests
    └── OutputError             a result cannot be written where it was asked to go

Each class has a ``code`` that programs may rely on; ``str(error)`` is one sentence that any caller may see:
what was found, what is allowed, what to do. It never holds another library's message, a path of the
server or a stack.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BrokenPhotoError",
    "ColorMapError",
    "DamagedModelError",
    "EmptyPhotoError",
    "MissingModelError",
    "ModelError",
    "OutputError",
    "ParameterError",
    "PhotoError",
    "PhotoLimitError",
    "TinctError",
    "UnsupportedPhotoError",
]


class TinctError(Exception):
    """Something Tinct could not do, said in a sentence."""

    code: ClassVar[str] = "error"

    @property
    def message(self) -> str:
        """The sentence a caller may see."""
        return str(self)


class ParameterError(TinctError, ValueError):
    """A value the caller chose is not allowed.

    Parameters
    ----------
    field : str
        Name of the parameter as the caller wrote it.
    value : object
        What was found.
    allowed : str
        What would have been accepted, as a phrase.
    """

    code = "invalid_parameter"

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(field, value, allowed)

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return f"{self.field}: got {shown}; allowed: {self.allowed}"


class PhotoError(TinctError):
    """The bytes of a photo cannot be used."""

    code = "photo_unusable"


class EmptyPhotoError(PhotoError):
    """There are no bytes."""

    code = "photo_empty"


class UnsupportedPhotoError(PhotoError):
    """The content is not one of the photo formats that are read."""

    code = "photo_unsupported"


class BrokenPhotoError(PhotoError):
    """The content starts like a photo but is truncated or corrupt."""

    code = "photo_broken"


class PhotoLimitError(PhotoError):
    """The photo is above a limit in bytes, side, pixels or frames."""

    code = "photo_too_large"


class ColorMapError(TinctError):
    """A colour map (.cube) cannot be read."""

    code = "color_map_unusable"


class ModelError(TinctError):
    """Model weights cannot be used."""

    code = "model_unusable"


class MissingModelError(ModelError):
    """Model weights are not installed."""

    code = "model_missing"


class DamagedModelError(ModelError):
    """Model weights do not have the digest the manifest names."""

    code = "model_damaged"


class OutputError(TinctError):
    """A result cannot be written where it was asked to go."""

    code = "output_unusable"
