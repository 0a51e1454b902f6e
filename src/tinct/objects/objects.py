"""Objects: bytes under a name in a bucket, with the headers that they are served with.

A name is the owner's, any UTF-8 of up to 850 bytes; it is never a path. Whoever reads sees a whole object, the old one
or the new one: a name changes from one content to another in one statement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tinct.errors import BucketMissingError, ObjectKeyError, ObjectMissingError
from tinct.objects.buckets import Bucket
from tinct.objects.contents import Content, Contents
from tinct.objects.listing import entries
from tinct.storage.chunks import begun
from tinct.storage.database import Connection, Dangling, Database, Json, Row

__all__ = ["Listing", "Object", "Objects", "check_object_key", "record"]

_LONGEST_KEY: Final = 850  # bytes, as in COS


@dataclass(frozen=True, kw_only=True)
class Object:
    """What is known of an object."""

    bucket: int
    """Id of its bucket."""
    key: str
    content: str
    """Id of its bytes; another one after each PUT."""
    size: int
    """Bytes."""
    etag: str
    """MD5 in hexadecimal, without quotes; ``<hex>-<n>`` if it came in `n` parts."""
    crc64: int
    headers: Mapping[str, str]
    """By lower-case name: what a reply with it carries."""
    public: bool | None
    """Whether anyone may read it; None for what its bucket says."""
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A page of a bucket."""

    objects: tuple[Object, ...]
    prefixes: tuple[str, ...]
    """Beginnings, up to the delimiter, that stand for all objects below."""
    next_marker: str | None
    """Last entry of the page, object or prefix, if more follow."""


class Objects:
    """Stores, finds, copies, lists and deletes objects."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._database = database
        self._contents = contents

    async def put(
        self,
        bucket: Bucket,
        key: str,
        chunks: AsyncIterator[bytes] | bytes,
        *,
        headers: Mapping[str, str] | None = None,
        public: bool | None = None,
        md5: bytes | None = None,
        max_bytes: int | None = None,
    ) -> Object:
        """Store an object, replacing the one that has the key.

        Parameters
        ----------
        bucket, key
            Its name.
        chunks : async iterator of bytes, or bytes
            Its bytes.
        headers : mapping of str to str, optional
            By lower-case name: what a reply with it carries.
        public : bool, optional
            Whether anyone may read it; what the bucket says otherwise.
        md5 : bytes, optional
            The sender's MD5.
        max_bytes : int, optional
            Fewer than the settings allow.

        Raises
        ------
        ObjectKeyError, UploadLimitError, DigestError, StorageFullError
            It is refused; what was there stays.
        BucketMissingError
            The bucket was deleted meanwhile.
        """
        check_object_key(key)
        content = await self._contents.receive(chunks, md5=md5, max_bytes=max_bytes)
        async with self._database.connection() as connection:
            return await record(connection, bucket.id, key, content, headers or {}, public)

    async def get(self, bucket: Bucket, key: str) -> Object:
        """What is known of one object.

        Raises
        ------
        ObjectKeyError
            No object can have this key.
        ObjectMissingError
            None has.
        """
        check_object_key(key)
        row = await self._database.one(
            "SELECT * FROM objects JOIN contents ON contents.id = content_id WHERE bucket_id = %s AND key = %s",
            (bucket.id, key),
        )
        if row is None:
            raise ObjectMissingError("there is no object with this key in the bucket")
        return _object(row)

    async def stream(self, found: Object, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, but without, `end`; also when it is replaced or deleted meanwhile.

        Raises
        ------
        FileMissingError
            It was gone before the first byte.
        """
        async for chunk in self._contents.stream(
            found.content, start, found.size if end is None else min(end, found.size)
        ):
            yield chunk

    async def open(self, found: Object, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """As `stream`, with the first bytes there already: what is wrong shows before a reply is begun."""
        return await begun(self.stream(found, start, end))

    async def copy(
        self,
        source: Object,
        bucket: Bucket,
        key: str,
        *,
        headers: Mapping[str, str] | None = None,
        public: bool | None = None,
    ) -> Object:
        """Give the same bytes another name, or the same name other headers; no bytes move.

        Parameters
        ----------
        source : Object
            Which bytes.
        headers : mapping of str to str, optional
            The source's otherwise.
        public : bool, optional
            As for `put`.

        Raises
        ------
        ObjectKeyError, BucketMissingError
            As `put`.
        ObjectMissingError
            The source was deleted a while ago.
        """
        check_object_key(key)
        content = Content(id=source.content, size=source.size, etag=source.etag, crc64=source.crc64)
        kept = source.headers if headers is None else headers
        async with self._database.connection() as connection:
            return await record(connection, bucket.id, key, content, kept, public)

    async def delete(self, bucket: Bucket, *keys: str) -> None:
        """Delete objects; those that are not there are no error. Raises `ObjectKeyError`."""
        for key in keys:
            check_object_key(key)
        await self._database.run(
            "DELETE FROM objects WHERE bucket_id = %s AND key = ANY(%s)", (bucket.id, sorted(set(keys)))
        )

    async def list(
        self, bucket: Bucket, *, prefix: str = "", delimiter: str = "", marker: str = "", limit: int = 1000
    ) -> Listing:
        """A page of objects in the order of their keys' bytes.

        Parameters
        ----------
        prefix : str
            What all keys begin with.
        delimiter : str
            Keys with this text after the prefix are shown as one entry, up to and with it.
        marker : str
            The page begins after this key, or after all keys of this entry.
        limit : int
            Most entries, objects and prefixes together.
        """
        rows = await entries(self._database, bucket.id, prefix, delimiter, marker, limit + 1)
        shown = rows[:limit]
        return Listing(
            objects=tuple(_object(row.object) for row in shown if row.object is not None),
            prefixes=tuple(row.name for row in shown if row.object is None),
            next_marker=shown[-1].name if shown and len(rows) > limit else None,
        )


def check_object_key(key: str) -> str:
    """Give back `key` if an object may have it.

    Raises
    ------
    ObjectKeyError
        Empty, longer than 850 bytes, with a null character, or not UTF-8.
    """
    if not key or "\0" in key or any("\ud800" <= letter <= "\udfff" for letter in key):
        raise ObjectKeyError(f"an object key is 1 to {_LONGEST_KEY} bytes of UTF-8 without a null character")
    if len(key.encode()) > _LONGEST_KEY:
        raise ObjectKeyError(
            f"the object key has {len(key.encode())} bytes; at most {_LONGEST_KEY} are allowed", too_long=True
        )
    return key


async def record(
    connection: Connection,
    bucket: int,
    key: str,
    content: Content,
    headers: Mapping[str, str],
    public: bool | None,
) -> Object:
    """Let a key mean a content, perhaps in the caller's transaction. Raises as `Objects.copy`."""
    try:
        cursor = await connection.execute(
            "INSERT INTO objects (bucket_id, key, content_id, headers, public)"
            " VALUES (%(bucket)s, %(key)s, %(content)s, %(headers)s, %(public)s)"
            " ON CONFLICT (bucket_id, key) DO UPDATE SET content_id = %(content)s, headers = %(headers)s,"
            " public = %(public)s, modified_at = now() RETURNING *",
            {
                "bucket": bucket,
                "key": key,
                "content": content.id,
                "headers": Json(dict(headers)),
                "public": public,
            },
        )
    except Dangling as error:
        if error.diag.constraint_name == "objects_bucket_id_fkey":
            raise BucketMissingError("the bucket was deleted meanwhile") from None
        raise ObjectMissingError("the object was deleted meanwhile") from None
    row = await cursor.fetchone()
    assert row is not None
    return _object(row | {"size": content.size, "etag": content.etag, "crc64": content.crc64})


def _object(row: Row) -> Object:
    return Object(
        bucket=row["bucket_id"],
        key=row["key"],
        content=row["content_id"],
        size=row["size"],
        etag=row["etag"],
        crc64=int(row["crc64"]),
        headers=row["headers"],
        public=row["public"],
        modified_at=row["modified_at"],
    )
