"""Uploads and results: one kind of record, so that a result can be the next job's input by its id."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import mmap
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, cast

from tinct.errors import EmptyPhotoError, FileMissingError, UnsupportedPhotoError, UploadLimitError
from tinct.photo import formats
from tinct.photo.probe import Header, probe
from tinct.settings import Settings
from tinct.storage.blobs import Blobs
from tinct.storage.database import Connection, Database, Row, storable
from tinct.storage.ids import new_id
from tinct.storage.keys import safe_name

__all__ = ["MEDIA_TYPES", "WRITABLE", "File", "Files", "PhotoFacts", "format_of", "record", "suffix"]

MEDIA_TYPES: Final = {row.name: row.media_type for row in formats.FORMATS}
"""Format -> media type; a file's type comes from its content, never from what the caller says."""
WRITABLE: Final = formats.WRITABLE
"""Formats that results can have."""


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
class File:
    """An upload or a result."""

    id: str
    account: str
    key: str
    """Where its bytes are in the blob store."""
    name: str
    """Name for downloads, safe in a header."""
    media_type: str
    size: int
    """Bytes."""
    etag: str
    """MD5 of the content, in hexadecimal, without quotes."""
    format: str
    """One of the keys of `MEDIA_TYPES`."""
    photo: PhotoFacts | None
    """None for what is no photo."""
    seconds: float | None
    """How long a clip runs; None for what is no clip, or where its header does not say."""
    job_id: str | None
    """The job that made it; None for an upload."""
    role: str | None
    """What a result is to the caller: ``main``, ``variant``, ``mask``, ...; None for an upload."""
    created_at: datetime
    expires_at: datetime

    def as_photo(self) -> PhotoFacts:
        """Its facts, where only a photo will do.

        Raises
        ------
        UnsupportedPhotoError
            It is no photo.
        """
        if self.photo is None:
            raise UnsupportedPhotoError(f"the file is {self.media_type}; allowed: a photo")
        return self.photo


_PHOTO_FACTS: Final = tuple(PhotoFacts.__dataclass_fields__)
_RECORD: Final = """
INSERT INTO files (id, account_id, key, name, media_type, size, etag, format, width, height, depth, channels, frames,
    mode, seconds, job_id, role, created_at, expires_at)
VALUES (%(id)s, %(account)s, %(key)s, %(name)s, %(media_type)s, %(size)s, %(etag)s, %(format)s, %(width)s, %(height)s,
    %(depth)s, %(channels)s, %(frames)s, %(mode)s, %(seconds)s, %(job_id)s, %(role)s, %(created_at)s, %(expires_at)s)
"""


class Files:
    """Stores, finds, streams and deletes photos."""

    def __init__(self, database: Database, blobs: Blobs, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings

    async def put(
        self,
        account: str,
        chunks: AsyncIterator[bytes] | bytes,
        *,
        name: str | None = None,
        max_bytes: int | None = None,
        keep_s: float | None = None,
    ) -> File:
        """Store an upload while it arrives.

        Parameters
        ----------
        account : str
            Who owns it.
        chunks : async iterator of bytes, or bytes
            The encoded photo; an iterator is counted as it comes and never gathered in memory.
        name : str, optional
            What the caller calls it.
        max_bytes : int, optional
            The most that is accepted; the settings' ``max_photo_bytes`` by default.
        keep_s : float, optional
            Seconds it stays; the settings' ``keep_inputs_s`` by default.

        Raises
        ------
        UploadLimitError
            More bytes came; reading stopped there.
        PhotoError
            It is not a photo that can be read, or it is above a limit.
        StorageError
            It cannot be stored.
        """
        self._blobs.check_room()
        limit = min(max_bytes or self._settings.max_photo_bytes, self._settings.max_photo_bytes)
        handle, path = tempfile.mkstemp(prefix="upload-", dir=self._blobs.scratch)
        try:
            size, etag = await _receive(handle, chunks, limit)
            header = await asyncio.to_thread(_probe, path, self._settings)
            file_id, now = new_id("file"), datetime.now(UTC)
            file = File(
                id=file_id,
                account=account,
                key=f"uploads/{account}/{file_id}",
                name=safe_name(name, file_id + suffix(header.format)),
                media_type=MEDIA_TYPES[header.format],
                size=size,
                etag=etag,
                format=header.format,
                photo=PhotoFacts(**{name: getattr(header, name) for name in _PHOTO_FACTS}),
                job_id=None,
                seconds=None,
                role=None,
                created_at=now,
                expires_at=now
                + timedelta(seconds=self._settings.keep_inputs_s if keep_s is None else keep_s),
            )
            await self._blobs.adopt(Path(path), file.key)
        finally:
            Path(path).unlink(missing_ok=True)
        async with self._database.connection() as connection:
            await record(connection, file)
        return file

    async def get(self, account: str | None, file_id: str) -> File:
        """One file.

        Parameters
        ----------
        account : str or None
            Its owner; None where a signed link stands for the owner.

        Raises
        ------
        FileMissingError
            Unknown, expired, or someone else's.
        """
        found = await self.get_many(account, [file_id])
        return found[file_id]

    async def get_many(self, account: str | None, file_ids: list[str]) -> dict[str, File]:
        """Several files by id. Raises as `get` if one of them is missing."""
        if not file_ids:
            return {}
        safe = [file_id for file_id in file_ids if storable(file_id)]
        rows = await self._database.all(
            "SELECT * FROM files WHERE id = ANY(%s) AND (%s::text IS NULL OR account_id = %s) AND expires_at > now()",
            (safe, account, account),
        )
        found = {row["id"]: _file(row) for row in rows}
        for file_id in file_ids:
            if file_id not in found:
                raise FileMissingError("there is no such file, or it has expired; upload it again")
        return found

    async def list(
        self, account: str, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[tuple[File, ...], str | None]:
        """An account's live files, newest first, and the cursor of the next page."""
        if cursor is not None and not storable(cursor):
            return (), None
        rows = await self._database.all(
            "SELECT * FROM files WHERE account_id = %s AND expires_at > now() AND (%s::text IS NULL OR id < %s)"
            " ORDER BY id DESC LIMIT %s",
            (account, cursor, cursor, limit + 1),
        )
        files = tuple(_file(row) for row in rows[:limit])
        return files, files[-1].id if len(rows) > limit else None

    async def stream(self, file: File, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, but without, `end`.

        Raises
        ------
        FileMissingError
            They are gone.
        """
        async for chunk in self._blobs.stream(file.key, start, end):
            yield chunk

    async def delete(self, account: str, file_id: str) -> None:
        """Delete a file at once. Raises as `get`."""
        file = await self.get(account, file_id)
        await self._database.run("DELETE FROM files WHERE id = %s", (file.id,))
        await self._blobs.delete(file.key)


async def record(connection: Connection, file: File) -> None:
    """Insert a file's record, perhaps in the caller's transaction; its bytes are stored already."""
    values = dataclasses.asdict(file)
    values |= values.pop("photo") or dict.fromkeys(_PHOTO_FACTS)
    await connection.execute(_RECORD, values)


def suffix(format: str) -> str:
    """Ending of a file name for a format, with the dot."""
    row = formats.named(format)
    return row.ending if row is not None else f".{format}"


def format_of(media_type: str) -> str:
    """The format of a media type."""
    row = formats.of_media_type(media_type)
    return row.name if row is not None else media_type.rpartition("/")[2]


async def _receive(handle: int, chunks: AsyncIterator[bytes] | bytes, limit: int) -> tuple[int, str]:
    """Write what arrives to an open file; its size and MD5."""
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    with os.fdopen(handle, "wb") as file:
        async for chunk in _iterate(chunks):
            size += len(chunk)
            if size > limit:
                raise UploadLimitError(limit)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


async def _iterate(chunks: AsyncIterator[bytes] | bytes) -> AsyncIterator[bytes]:
    if isinstance(chunks, bytes):
        yield chunks
        return
    async for chunk in chunks:
        yield chunk


def _probe(path: str, settings: Settings) -> Header:
    """Look at the header of a file that stays on disk."""
    with open(path, "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise EmptyPhotoError("the photo has no bytes (0 bytes found); send the whole file")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return probe(cast(bytes, view), settings)


def _file(row: Row) -> File:
    facts = {name: row[name] for name in _PHOTO_FACTS}
    rest = {name: row[name] for name in File.__dataclass_fields__ if name not in ("account", "photo")}
    photo = PhotoFacts(**facts) if row["width"] is not None else None
    return File(account=row["account_id"], photo=photo, **rest)
