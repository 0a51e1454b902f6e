"""Uploads in parts: each part is a content of its own, and finishing makes one content of them without moving bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from tinct.errors import (
    BucketMissingError,
    MultipartMissingError,
    ParameterError,
    PartMissingError,
    PartOrderError,
    PartSizeError,
)
from tinct.objects.buckets import Bucket
from tinct.objects.contents import Content, Contents, join
from tinct.objects.listing import LAST, after_all
from tinct.objects.objects import Object, check_object_key, record
from tinct.settings import Settings
from tinct.storage.database import Connection, Dangling, Database, Json, Row, storable
from tinct.storage.ids import new_id

__all__ = ["MOST_PARTS", "SMALLEST_PART", "Multipart", "Part", "Upload", "Uploads"]

MOST_PARTS: Final = 10_000
SMALLEST_PART: Final = 2**20
"""Bytes of every part but the last."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An upload in parts that is not finished."""

    id: str
    bucket: int
    key: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part that has arrived whole."""

    number: int
    size: int
    """Bytes."""
    etag: str
    """MD5 in hexadecimal, without quotes."""
    crc64: int
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """A page of unfinished uploads."""

    uploads: tuple[Upload, ...]
    prefixes: tuple[str, ...]
    """Beginnings, up to the delimiter, that stand for all uploads below."""
    next: tuple[str, str] | None
    """Key, or prefix, and id of the last entry, if more follow."""


# Unfinished uploads are few: those that an entry stands for are read and dropped.
_LIST: Final = """
SELECT DISTINCT ON (entry, entry_id) * FROM (
    SELECT *, CASE WHEN beginning <> '' THEN beginning ELSE key END AS entry,
           CASE WHEN beginning <> '' THEN '' ELSE id END AS entry_id
    FROM multipart_uploads, LATERAL (
        SELECT CASE WHEN %(delimiter)s <> '' AND strpos(substr(key, %(skip)s + 1), %(delimiter)s) > 0
               THEN left(key, %(skip)s + strpos(substr(key, %(skip)s + 1), %(delimiter)s) - 1) || %(delimiter)s
               ELSE '' END AS beginning
    ) AS fold
    WHERE bucket_id = %(bucket)s AND key >= %(prefix)s AND key <= %(last)s
    AND (key > %(key)s OR (key = %(key)s AND %(id)s <> '' AND id > %(id)s))
) AS entries ORDER BY entry, entry_id LIMIT %(limit)s
"""


class Multipart:
    """Begins, feeds, finishes and drops uploads in parts."""

    def __init__(self, database: Database, contents: Contents, settings: Settings) -> None:
        self._database = database
        self._contents = contents
        self._settings = settings

    async def start(
        self,
        bucket: Bucket,
        key: str,
        *,
        headers: Mapping[str, str] | None = None,
        public: bool | None = None,
    ) -> Upload:
        """Begin; `headers` and `public` become those of the object. Raises ObjectKeyError, BucketMissingError."""
        check_object_key(key)
        try:
            row = await self._database.one(
                "INSERT INTO multipart_uploads (id, bucket_id, key, headers, public)"
                " VALUES (%s, %s, %s, %s, %s) RETURNING *",
                (new_id("upload"), bucket.id, key, Json(dict(headers or {})), public),
            )
        except Dangling:
            raise BucketMissingError("the bucket was deleted meanwhile") from None
        assert row is not None
        return _upload(row)

    async def get(self, bucket: Bucket, key: str, upload_id: str) -> Upload:
        """The unfinished upload of this id, for this key.

        Raises
        ------
        MultipartMissingError
            Unknown, finished, aborted, abandoned, or for another key.
        """
        if storable(upload_id) and storable(key):
            row = await self._database.one(
                "SELECT * FROM multipart_uploads WHERE id = %s AND bucket_id = %s AND key = %s",
                (upload_id, bucket.id, key),
            )
            if row is not None:
                return _upload(row)
        raise _missing()

    async def put_part(
        self,
        upload: Upload,
        number: int,
        chunks: AsyncIterator[bytes] | bytes,
        *,
        md5: bytes | None = None,
    ) -> Part:
        """Store part `number`, replacing the one that has it.

        Raises
        ------
        ParameterError
            The number is not 1 to 10 000.
        UploadLimitError, DigestError, StorageFullError
            The part is refused.
        MultipartMissingError
            The upload ended meanwhile.
        """
        if not 1 <= number <= MOST_PARTS:
            raise ParameterError("partNumber", number, f"1 to {MOST_PARTS}")
        content = await self._contents.receive(chunks, md5=md5)
        try:
            row = await self._database.one(
                "INSERT INTO multipart_parts (upload_id, number, content_id) VALUES (%s, %s, %s)"
                " ON CONFLICT (upload_id, number) DO UPDATE SET content_id = excluded.content_id,"
                " modified_at = now() RETURNING *",
                (upload.id, number, content.id),
            )
        except Dangling:
            raise _missing() from None
        assert row is not None
        return _part(row | {"size": content.size, "etag": content.etag, "crc64": content.crc64})

    async def parts(
        self, upload: Upload, *, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[Part, ...], bool]:
        """Parts with numbers above `after`, in order, and whether more follow."""
        rows = await self._database.all(
            "SELECT * FROM multipart_parts JOIN contents ON contents.id = content_id"
            " WHERE upload_id = %s AND number > %s ORDER BY number LIMIT %s",
            (upload.id, after, limit + 1),
        )
        return tuple(_part(row) for row in rows[:limit]), len(rows) > limit

    async def list(
        self,
        bucket: Bucket,
        *,
        prefix: str = "",
        delimiter: str = "",
        after: tuple[str, str] = ("", ""),
        limit: int = 1000,
    ) -> Uploads:
        """Unfinished uploads by key and age.

        Parameters
        ----------
        prefix : str
            What their keys begin with.
        delimiter : str
            As in `tinct.objects.objects.Objects.list`.
        after : tuple of str and str
            Key, or common beginning, and id that the page begins after; without an id, all uploads for that key are
            skipped.
        limit : int
            Most entries, uploads and prefixes together.
        """
        if not all(storable(text) for text in (prefix, delimiter, *after)) or limit < 1:
            return Uploads(uploads=(), prefixes=(), next=None)
        rows = await self._database.all(
            _LIST,
            {
                "bucket": bucket.id,
                "prefix": prefix,
                "last": prefix + LAST,
                "skip": len(prefix),
                "delimiter": delimiter,
                "key": after_all(prefix, delimiter, after[0]),
                "id": after[1],
                "limit": limit + 1,
            },
        )
        shown = rows[:limit]
        return Uploads(
            uploads=tuple(_upload(row) for row in shown if not row["beginning"]),
            prefixes=tuple(row["beginning"] for row in shown if row["beginning"]),
            next=(shown[-1]["entry"], shown[-1]["entry_id"]) if len(rows) > limit else None,
        )

    async def complete(self, upload: Upload, wanted: Sequence[tuple[int, str]]) -> Object:
        """Make the object of the parts that are listed, by number and ETag; the others are dropped.

        Raises
        ------
        PartOrderError, PartMissingError, PartSizeError
            The list is refused; the upload stays as it was.
        MultipartMissingError
            The upload ended meanwhile.
        """
        numbers = [number for number, _ in wanted]
        if any(first >= second for first, second in pairwise(numbers)):
            raise PartOrderError("the parts are not listed in rising order of their numbers")
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT * FROM multipart_uploads WHERE id = %s FOR UPDATE", (upload.id,)
            )
            row = await cursor.fetchone()
            if row is None:
                raise _missing()
            parts = _checked(wanted, await _stored(connection, upload.id, numbers))
            content = await join(connection, parts)
            stored = await record(
                connection, upload.bucket, upload.key, content, row["headers"], row["public"]
            )
            await connection.execute("DELETE FROM multipart_uploads WHERE id = %s", (upload.id,))
            await connection.execute(
                "DELETE FROM contents WHERE id = ANY(%s)", ([part.id for part in parts],)
            )
        return stored

    async def abort(self, upload: Upload) -> None:
        """Drop the upload and its parts. Raises `MultipartMissingError`."""
        if not await self._database.run("DELETE FROM multipart_uploads WHERE id = %s", (upload.id,)):
            raise _missing()

    async def sweep(self) -> int:
        """Drop uploads without a new part for ``settings.keep_multipart_s``; how many."""
        return await self._database.run(
            "DELETE FROM multipart_uploads AS old WHERE created_at < now() - make_interval(secs => %(age)s)"
            " AND NOT EXISTS (SELECT FROM multipart_parts WHERE upload_id = old.id"
            " AND modified_at >= now() - make_interval(secs => %(age)s))",
            {"age": self._settings.keep_multipart_s},
        )


async def _stored(connection: Connection, upload_id: str, numbers: list[int]) -> dict[int, Content]:
    """Contents of some parts, by number."""
    cursor = await connection.execute(
        "SELECT number, contents.id, size, etag, crc64 FROM multipart_parts"
        " JOIN contents ON contents.id = content_id WHERE upload_id = %s AND number = ANY(%s)",
        (upload_id, numbers),
    )
    return {
        row["number"]: Content(id=row["id"], size=row["size"], etag=row["etag"], crc64=int(row["crc64"]))
        for row in await cursor.fetchall()
    }


def _checked(wanted: Sequence[tuple[int, str]], stored: Mapping[int, Content]) -> list[Content]:
    """The parts that are wanted, if they make an object."""
    parts = []
    for number, etag in wanted:
        part = stored.get(number)
        if part is None or part.etag != etag.strip().strip('"').lower():
            raise PartMissingError(f"part {number} was not uploaded with this ETag; upload it again")
        parts.append(part)
    if not parts:
        raise PartMissingError("no part is listed; list every part that was uploaded")
    for (number, _), part in zip(wanted[:-1], parts[:-1], strict=True):
        if part.size < SMALLEST_PART:
            raise PartSizeError(
                f"part {number} has {part.size} bytes; all but the last need {SMALLEST_PART} or more"
            )
    return parts


def _missing() -> MultipartMissingError:
    return MultipartMissingError(
        "there is no such unfinished upload of this object; it may have been finished or aborted"
    )


def _upload(row: Row) -> Upload:
    return Upload(id=row["id"], bucket=row["bucket_id"], key=row["key"], created_at=row["created_at"])


def _part(row: Row) -> Part:
    return Part(
        number=row["number"],
        size=row["size"],
        etag=row["etag"],
        crc64=int(row["crc64"]),
        modified_at=row["modified_at"],
    )
