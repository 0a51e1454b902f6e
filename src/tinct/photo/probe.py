"""A look at a photo's header: what it is and how large, before anything is decoded.

Only the bytes of the container are read, here and in Python, so that a hostile file costs microseconds and
never reaches a codec. The content decides what a file is; its name does not.
"""

from __future__ import annotations

import struct

from tinct.errors import (
    BrokenPhotoError,
    EmptyPhotoError,
    PhotoFramesError,
    PhotoLimitError,
    UnsupportedPhotoError,
)
from tinct.photo import formats, headers
from tinct.photo.headers import Header
from tinct.settings import Settings, current

__all__ = ["Header", "broken", "check", "check_bytes", "facts", "probe"]


def probe(data: bytes, settings: Settings | None = None) -> Header:
    """Read a photo's header and hold it against the limits.

    Parameters
    ----------
    data : bytes
        The whole encoded photo.
    settings : Settings, optional
        The limits; those of this process by default.

    Returns
    -------
    Header
        Format, size as stored (before orientation), channels, depth, frames.

    Raises
    ------
    EmptyPhotoError
        There are no bytes.
    UnsupportedPhotoError
        The content is not one of the formats that are read.
    BrokenPhotoError
        The header is truncated or contradicts itself.
    PhotoLimitError
        Bytes, side, pixels or frames above a limit.
    """
    limits = settings or current()
    if not data:
        raise EmptyPhotoError("the photo has no bytes (0 bytes found); send the whole file")
    check_bytes(len(data), limits)
    header = facts(data)
    check(header, limits)
    if len(data) < header.floor:
        raise broken(header.format)
    return header


def facts(data: bytes) -> Header:
    """What a photo's header says, whatever the limits.

    Raises
    ------
    UnsupportedPhotoError, BrokenPhotoError
        As `probe`.
    """
    row = formats.sniff(data)
    if row is None and formats.is_raw(data):
        raise _foreign(headers.Foreign(*headers.RAW))
    if row is None:
        raise UnsupportedPhotoError(
            f"the content is not a photo that can be read; allowed: {formats.READABLE}"
        )
    try:
        return row.header(data)
    except headers.Foreign as found:
        raise _foreign(found) from None
    except (headers.Malformed, struct.error, StopIteration, IndexError, ValueError, OverflowError):
        raise broken(row.name) from None


def _foreign(found: headers.Foreign) -> UnsupportedPhotoError:
    return UnsupportedPhotoError(f"the photo is {found.args[0]}; allowed: {found.args[1]}")


def broken(kind: str) -> BrokenPhotoError:
    """The error for a photo of format `kind` that is truncated or corrupt."""
    return BrokenPhotoError(
        f"the content starts like a {formats.get(kind).title} photo but is truncated or corrupt; send the whole file"
    )


def check_bytes(size: int, limits: Settings) -> None:
    """Refuse more bytes than allowed.

    Raises
    ------
    PhotoLimitError
        `size` is above ``max_photo_bytes``.
    """
    if size > limits.max_photo_bytes:
        raise PhotoLimitError(
            f"the photo has {size:,} bytes; allowed: {limits.max_photo_bytes:,}; "
            "send a smaller file or raise TINCT_MAX_PHOTO_BYTES"
        )


def check(header: Header, limits: Settings) -> None:
    """Hold a header against the limits.

    Raises
    ------
    BrokenPhotoError
        A side is zero.
    PhotoLimitError
        Side, pixels or frames above a limit.
    """
    w, h = header.width, header.height
    if w < 1 or h < 1:
        raise broken(header.format)
    if max(w, h) > limits.max_photo_side:
        raise PhotoLimitError(
            f"the photo is {w} x {h}; allowed: sides up to {limits.max_photo_side} pixels; "
            "send a smaller photo or raise TINCT_MAX_PHOTO_SIDE"
        )
    if w * h > limits.max_photo_pixels:
        raise PhotoLimitError(
            f"the photo is {w} x {h} = {w * h / 1e6:,.1f} megapixels; "
            f"allowed: {limits.max_photo_pixels / 1e6:,.1f} megapixels; "
            "send a smaller photo or raise TINCT_MAX_PHOTO_PIXELS"
        )
    if header.frames > limits.max_photo_frames:
        raise PhotoFramesError(
            f"the file holds {header.frames} frames or more; allowed: {limits.max_photo_frames} for a photo; "
            "save one frame as a photo of its own"
        )
