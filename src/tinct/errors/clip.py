"""What can be wrong with a clip."""

from __future__ import annotations

from tinct.errors.base import TinctError

__all__ = [
    "BrokenClipError",
    "ClipError",
    "ClipLimitError",
    "ClipLookError",
    "ClipMissingError",
    "EmptyClipError",
    "NoPictureError",
    "UnsupportedClipError",
]


class ClipError(TinctError):
    """The bytes of a clip cannot be used."""

    code = "clip_unusable"


class EmptyClipError(ClipError):
    """There are no bytes."""

    code = "clip_empty"


class UnsupportedClipError(ClipError):
    """The content is not one of the containers or codecs that are read."""

    code = "clip_unsupported"


class ClipMissingError(UnsupportedClipError, FileNotFoundError):
    """There is no file where a clip was said to be."""

    code = "clip_missing"


class NoPictureError(UnsupportedClipError):
    """The clip has sound and no picture."""

    code = "clip_without_picture"


class ClipLookError(UnsupportedClipError):
    """The clip is HDR or interlaced, and would look wrong."""

    code = "clip_look_unsupported"


class BrokenClipError(ClipError):
    """The content starts like a clip, but is truncated or corrupt beyond what can be concealed."""

    code = "clip_broken"


class ClipLimitError(ClipError):
    """The clip is outside a limit in bytes, seconds, sides, pixels or frames a second."""

    code = "clip_too_large"
