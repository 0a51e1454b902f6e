"""Bytes on their way in: counted and hashed while they arrive, and looked at before they are kept."""

from __future__ import annotations

import asyncio
import hashlib
import mmap
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from tinct.clip import header as clips
from tinct.errors import EmptyPhotoError, PhotoError, UploadLimitError
from tinct.photo import formats
from tinct.photo.probe import probe
from tinct.settings import Settings
from tinct.storage.blobs import store_errors, writing
from tinct.storage.chunks import stream_of

__all__ = ["MEDIA_TYPES", "Accepted", "ClipFacts", "Facts", "PhotoFacts", "Received", "receive"]

Accepted = Literal["photos", "photos and clips", "anything"]
"""What may come: other content is refused, or kept as what it is, unknown."""
MEDIA_TYPES: Final = (
    {row.name: row.media_type for row in formats.FORMATS}
    | clips.MEDIA_TYPES
    | {"bin": "application/octet-stream"}
)
"""Format -> media type; a file's type comes from its content, never from what the caller says."""

_MOST_FRAMES: Final = 2**31 - 1  # that the database holds; and each takes a byte, whatever a header says


@dataclass(frozen=True, kw_only=True)
class PhotoFacts:
    """What is known of a photo without decoding it."""

    width: int
    """Pixels as stored, before orientation."""
    height: int
    """Pixels as stored, before orientation."""
    depth: int
    """Bits per channel."""
    channels: int
    """Colour channels and alpha together."""
    frames: int
    mode: str
    """``rgb``, ``gray``, ``cmyk`` or ``lab``."""


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """What is known of a clip's pictures without decoding them."""

    width: int
    """Pixels as stored, before they are turned."""
    height: int
    frames: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the content is."""

    format: str
    """One of the keys of `MEDIA_TYPES`."""
    photo: PhotoFacts | None = None
    """None for what is no photo."""
    clip: ClipFacts | None = None
    """None for what is no clip, or where its header does not say."""
    seconds: float | None = None
    """How long a clip runs; None for what is no clip, or where its header does not say."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """What came, whole, in a temporary file."""

    path: Path
    size: int
    """Bytes."""
    etag: str
    """MD5 in hexadecimal."""
    facts: Facts


@asynccontextmanager
async def receive(
    chunks: AsyncIterator[bytes] | bytes, scratch: Path, limit: int, accepted: Accepted, settings: Settings
) -> AsyncIterator[Received]:
    """Take in what arrives; the temporary file goes at the end of the block unless it was adopted.

    Raises
    ------
    UploadLimitError
        More than `limit` bytes came; reading stopped there.
    PhotoError
        It is nothing that is accepted, or above a limit.
    StorageFullError, StorageError
        It cannot be written.
    """
    with store_errors():
        handle, name = tempfile.mkstemp(prefix="upload-", dir=scratch)
    path = Path(name)
    try:
        digest, size = hashlib.md5(usedforsecurity=False), 0
        with writing(handle) as file:
            async for chunk in stream_of(chunks):
                size += len(chunk)
                if size > limit:
                    raise UploadLimitError(limit)
                digest.update(chunk)
                with store_errors():  # not around what the sender does
                    file.write(chunk)
        facts = await asyncio.to_thread(_look, path, accepted, settings)
        yield Received(path=path, size=size, etag=digest.hexdigest(), facts=facts)
    finally:
        path.unlink(missing_ok=True)


def _look(path: Path, accepted: Accepted, settings: Settings) -> Facts:
    """Look at the header of a file that stays on disk."""
    try:
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise EmptyPhotoError("the photo has no bytes (0 bytes found); send the whole file")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return _facts(cast(bytes, view), accepted, settings)
    except PhotoError:
        if accepted != "anything":
            raise
        return Facts(format="bin")


def _facts(data: bytes, accepted: Accepted, settings: Settings) -> Facts:
    clip = clips.read(data) if accepted != "photos" else None
    if clip is not None:
        seen = None
        if clip.width and clip.height and clip.frames and clip.frames <= min(len(data), _MOST_FRAMES):
            seen = ClipFacts(width=clip.width, height=clip.height, frames=clip.frames)
        return Facts(format=clip.format, seconds=clip.seconds, clip=seen)
    header = probe(data, settings)
    photo = PhotoFacts(**{name: getattr(header, name) for name in PhotoFacts.__dataclass_fields__})
    return Facts(format=header.format, photo=photo)
