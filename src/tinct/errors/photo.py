"""What can be wrong with a photo."""

from __future__ import annotations

from tinct.errors.base import TinctError

__all__ = [
    "BrokenPhotoError",
    "EmptyPhotoError",
    "PhotoError",
    "PhotoFramesError",
    "PhotoLimitError",
    "PhotoMissingError",
    "PhotoModeError",
    "SmallPhotoError",
    "UnsafePhotoError",
    "UnsafeResultError",
    "UnsupportedPhotoError",
]


class PhotoError(TinctError):
    """The bytes of a photo cannot be used."""

    code = "photo_unusable"


class EmptyPhotoError(PhotoError):
    """There are no bytes."""

    code = "photo_empty"


class UnsupportedPhotoError(PhotoError):
    """The content is not one of the photo formats that are read."""

    code = "photo_unsupported"


class PhotoMissingError(UnsupportedPhotoError, FileNotFoundError):
    """There is no file where a photo was said to be."""

    code = "photo_missing"


class BrokenPhotoError(PhotoError):
    """The content starts like a photo but is truncated or corrupt."""

    code = "photo_broken"


class PhotoLimitError(PhotoError):
    """The photo is outside a limit in bytes, side, pixels or frames."""

    code = "photo_too_large"


class PhotoFramesError(PhotoLimitError):
    """An animation, or a document of several pages, where a photo is one picture."""

    code = "photo_frames"


class SmallPhotoError(PhotoLimitError):
    """A side of the photo is below the least that is taken here."""

    code = "photo_too_small"


class UnsafePhotoError(PhotoError):
    """The content check calls the photo unsafe."""

    code = "photo_unsafe"


class UnsafeResultError(UnsafePhotoError):
    """The content check calls every picture unsafe that was made, with several seeds."""

    code = "result_unsafe"

    def __init__(self) -> None:
        super().__init__(
            "the content check calls the pictures unsafe that were made, with other seeds too; ask for something else"
        )


class PhotoModeError(PhotoError):
    """The photo's colour mode is not taken here."""

    code = "photo_mode_refused"
