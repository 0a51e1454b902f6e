"""Bytes of objects: taken in with their checksums, read in ranges, dropped when nothing uses them any more.

A content is recorded before its bytes are stored, so that a process may die at any moment: what it leaves behind is
found by `Contents.sweep`. Rows that use a content count themselves (a trigger does it).
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tinct.errors import DigestError, FileMissingError, UploadLimitError
from tinct.objects.checksums import crc64, joined
from tinct.settings import Settings
from tinct.storage.blobs import Blobs, store_errors, writing
from tinct.storage.chunks import stream_of
from tinct.storage.database import Connection, Database
from tinct.storage.ids import new_id

__all__ = ["Content", "Contents", "join"]

_BATCH_BYTES: Final = 512 * 1024  # hashed and written at a time, away from the event loop
_SWEPT: Final = 100  # contents dropped in one transaction
_STORING: Final = "1 hour"  # that storing the bytes of a recorded content may take


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is known of some bytes."""

    id: str
    size: int
    """Bytes."""
    etag: str
    """MD5 in hexadecimal; of something joined, that of its parts' MD5s, and their number: ``<hex>-<n>``."""
    crc64: int


class Contents:
    """Takes in, streams and drops contents."""

    def __init__(self, database: Database, blobs: Blobs, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings

    async def receive(
        self, chunks: AsyncIterator[bytes] | bytes, *, md5: bytes | None = None, max_bytes: int | None = None
    ) -> Content:
        """Store what arrives. Nothing uses it yet: unless that changes within an hour it is dropped.

        Parameters
        ----------
        chunks : async iterator of bytes, or bytes
            Goes through a temporary file; less than a megabyte of it is in memory at a time.
        md5 : bytes, optional
            What the sender says the MD5 is.
        max_bytes : int, optional
            Most bytes; the settings' otherwise.

        Raises
        ------
        UploadLimitError, DigestError, StorageFullError, StorageError
            Nothing is stored then.
        """
        limit = self._settings.max_object_bytes if max_bytes is None else max_bytes
        self._blobs.check_room()
        with store_errors():
            handle, name = await asyncio.to_thread(tempfile.mkstemp, dir=self._blobs.scratch)
        path = Path(name)
        try:
            with writing(handle) as file:
                intake = _Intake(file)
                async for batch in _batches(chunks, limit):
                    with store_errors():  # not around what the sender does
                        await asyncio.to_thread(intake.take, batch)
            if md5 is not None and intake.md5.digest() != md5:
                raise DigestError("the bytes have another MD5 than was announced; send them again")
            return await self._keep(path, intake)
        finally:
            path.unlink(missing_ok=True)

    async def _keep(self, path: Path, intake: _Intake) -> Content:
        content = Content(
            id=new_id("content"), size=intake.size, etag=intake.md5.hexdigest(), crc64=intake.crc64
        )
        key = f"objects/{content.id[-2:]}/{content.id}"
        await self._database.run(
            "INSERT INTO contents (id, pieces, sizes, size, etag, crc64, unused_since)"
            " VALUES (%s, %s, %s, %s, %s, %s, now() + %s::interval)",
            (content.id, [key], [content.size], content.size, content.etag, content.crc64, _STORING),
        )
        await self._blobs.adopt(path, key)
        return content

    async def stream(self, content_id: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes `start` up to, but without, `end`.

        They stay while they are read, even if the object is replaced or deleted meanwhile.

        Raises
        ------
        FileMissingError
            They are gone.
        """
        row = await self._database.one("SELECT pieces, sizes FROM contents WHERE id = %s", (content_id,))
        if row is None:
            raise FileMissingError("the object's bytes are gone: it was replaced or deleted")
        renewed = time.monotonic()
        for key, first, last in _spans(row["pieces"], row["sizes"], start, end):
            async for chunk in self._blobs.stream(key, first, last):
                yield chunk
                if time.monotonic() - renewed > self._settings.keep_replaced_s / 3:
                    await self._renew(content_id)
                    renewed = time.monotonic()

    async def _renew(self, content_id: str) -> None:
        await self._database.run(
            "UPDATE contents SET unused_since = greatest(unused_since, now()) WHERE id = %s AND uses = 0",
            (content_id,),
        )

    async def sweep(self) -> int:
        """Drop contents that nothing has used for ``settings.keep_replaced_s``; how many."""
        dropped = 0
        while True:
            # Bytes first, under lock: whoever wants to use such a content waits and then finds it gone.
            async with self._database.transaction() as connection:
                cursor = await connection.execute(
                    "SELECT id, pieces FROM contents WHERE uses = 0"
                    " AND unused_since <= now() - make_interval(secs => %s)"
                    " ORDER BY unused_since LIMIT %s FOR UPDATE SKIP LOCKED",
                    (self._settings.keep_replaced_s, _SWEPT),
                )
                rows = await cursor.fetchall()
                await self._blobs.delete(*(key for row in rows for key in row["pieces"]))
                await connection.execute(
                    "DELETE FROM contents WHERE id = ANY(%s)", ([row["id"] for row in rows],)
                )
            dropped += len(rows)
            if len(rows) < _SWEPT:
                return dropped


async def join(connection: Connection, parts: Sequence[Content]) -> Content:
    """Make one content of several, in order, in the caller's transaction; no bytes move.

    The caller removes what used the parts, and the parts' own records: their bytes belong to the whole now.
    """
    content = await asyncio.to_thread(_whole, parts)
    await connection.execute(
        "INSERT INTO contents (id, pieces, sizes, size, etag, crc64, unused_since)"
        " SELECT %(id)s, array_agg(piece ORDER BY place, nth), array_agg(bytes ORDER BY place, nth),"
        " %(size)s, %(etag)s, %(crc64)s, now()"
        " FROM unnest(%(parts)s::text[]) WITH ORDINALITY AS wanted (part, place)"
        " JOIN contents ON contents.id = part,"
        " unnest(contents.pieces, contents.sizes) WITH ORDINALITY AS each (piece, bytes, nth)",
        {
            "id": content.id,
            "size": content.size,
            "etag": content.etag,
            "crc64": content.crc64,
            "parts": [part.id for part in parts],
        },
    )
    return content


def _whole(parts: Sequence[Content]) -> Content:
    crc = 0
    for part in parts:
        crc = joined(crc, part.crc64, part.size)
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return Content(
        id=new_id("content"),
        size=sum(part.size for part in parts),
        etag=f"{digest.hexdigest()}-{len(parts)}",
        crc64=crc,
    )


class _Intake:
    """Writes bytes to a file and keeps their size and checksums."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.crc64 = 0

    def take(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()
        self.size += len(data)
        self.md5.update(data)
        self.crc64 = crc64(data, self.crc64)


async def _batches(chunks: AsyncIterator[bytes] | bytes, limit: int) -> AsyncIterator[bytes]:
    """Chunks gathered to a size worth a thread's while; refuses the first byte beyond the limit."""
    gathered: list[bytes] = []
    waiting = total = 0
    async for chunk in stream_of(chunks):
        total += len(chunk)
        if total > limit:
            raise UploadLimitError(limit)
        gathered.append(chunk)
        waiting += len(chunk)
        if waiting >= _BATCH_BYTES:
            yield b"".join(gathered)
            gathered, waiting = [], 0
    if gathered:
        yield b"".join(gathered)


def _spans(pieces: Sequence[str], sizes: Sequence[int], start: int, end: int) -> list[tuple[str, int, int]]:
    """Key, first byte and end within each piece that holds bytes from `start` up to `end`."""
    spans, at = [], 0
    for key, size in zip(pieces, sizes, strict=True):
        first, last = max(start - at, 0), min(end - at, size)
        if first < last:
            spans.append((key, first, last))
        at += size
    return spans
