"""Files whose id is given out before their bytes exist: declared, then sent to a link, then used like any other.

Until a job names it, a declared file can be sent again, and the newer bytes replace the older.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tinct.errors import (
    DigestError,
    FileExpiredError,
    FileMissingError,
    ParameterError,
    UploadClosedError,
    UploadLimitError,
)
from tinct.jobs.file import MEDIA_TYPES, File, FileState, content_of, file_of, record
from tinct.jobs.received import Accepted, receive
from tinct.settings import Settings
from tinct.storage.blobs import Blobs
from tinct.storage.database import Database, storable
from tinct.storage.ids import new_id
from tinct.storage.keys import safe_name

__all__ = ["Declaration", "Declarations"]

_MD5: Final = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_LONGEST_TYPE: Final = 255  # characters
_ANNOUNCE: Final = """
UPDATE files SET declared_at = now(), declared_size = %(size)s, declared_md5 = %(md5)s WHERE id = %(id)s
"""
_SENT: Final = """
UPDATE files SET state = 'stored', key = %(key)s, size = %(size)s, etag = %(etag)s, format = %(format)s,
    media_type = %(media_type)s, width = %(width)s, height = %(height)s, depth = %(depth)s, channels = %(channels)s,
    frames = %(frames)s, mode = %(mode)s, seconds = %(seconds)s
WHERE id = %(id)s AND key = %(old)s AND named_at IS NULL AND state IN ('declared', 'stored') AND expires_at > now()
RETURNING *
"""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What is said of a file before it comes."""

    name: str | None = None
    """What the caller calls it."""
    media_type: str | None = None
    """Shown until the bytes come, which decide."""
    size: int | None = None
    """Bytes that will come; others are refused. None: any number."""
    md5: str | None = None
    """Of the bytes that will come, in hexadecimal; others are refused. None: any."""

    def check(self, most: int) -> None:
        """Hold it against what is allowed.

        Raises
        ------
        ParameterError
            Names the field that is wrong.
        """
        if self.size is not None and not 1 <= self.size <= most:
            raise ParameterError("size", self.size, f"1 to {most} bytes")
        if self.md5 is not None and not _MD5.fullmatch(self.md5):
            raise ParameterError("md5", self.md5, "32 hexadecimal digits")
        for field in ("name", "media_type"):
            text = getattr(self, field)
            if text is not None and (not 1 <= len(text) <= _LONGEST_TYPE or not storable(text)):
                raise ParameterError(field, text, f"1 to {_LONGEST_TYPE} characters")


class Declarations:
    """Declares files, and takes in their bytes."""

    def __init__(self, database: Database, blobs: Blobs, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings

    async def declare(self, account: str, what: Declaration, *, keep_s: float | None = None) -> File:
        """Give out the id of a file that will be sent.

        Parameters
        ----------
        keep_s : float, optional
            Seconds after which it goes, sent or not; the settings' ``keep_inputs_s`` by default.

        Raises
        ------
        ParameterError
            Something said of it is not allowed.
        StorageFullError
            There is no room for more.
        """
        what.check(self._settings.max_photo_bytes)
        self._blobs.check_room(what.size or 0)
        file_id, now = new_id("file"), datetime.now(UTC)
        file = File(
            id=file_id,
            account=account,
            key=_key(account, file_id),
            name=safe_name(what.name, file_id),
            media_type=what.media_type or MEDIA_TYPES["bin"],
            size=0,
            etag="",
            format="bin",
            photo=None,
            seconds=None,
            job_id=None,
            role=None,
            created_at=now,
            expires_at=now + timedelta(seconds=self._settings.keep_inputs_s if keep_s is None else keep_s),
            state=FileState.DECLARED,
            open=True,
        )
        async with self._database.transaction() as connection:
            await record(connection, file)
            md5 = what.md5.lower() if what.md5 else None
            await connection.execute(_ANNOUNCE, {"id": file_id, "size": what.size, "md5": md5})
        return file

    async def send(
        self,
        file_id: str,
        chunks: AsyncIterator[bytes],
        *,
        max_bytes: int | None = None,
        accepted: Accepted = "photos and clips",
    ) -> File:
        """Store the bytes of a declared file while they arrive. Who may send them is the caller's affair.

        Parameters
        ----------
        max_bytes : int, optional
            The most that is accepted; the settings' ``max_photo_bytes`` by default.
        accepted : Accepted
            What it may be.

        Raises
        ------
        FileMissingError, FileExpiredError
            There is no such declared file any more.
        UploadClosedError
            A job has named it.
        UploadLimitError
            More bytes came than are accepted.
        DigestError
            Another size or another MD5 than was declared came.
        PhotoError
            It is nothing that is accepted.
        StorageError
            It cannot be stored.
        """
        row = None
        if storable(file_id):
            row = await self._database.one(
                "SELECT * FROM files WHERE id = %s AND declared_at IS NOT NULL AND state <> 'deleted'",
                (file_id,),
            )
        if row is None:
            raise FileMissingError("there is no such declared file")
        if file_of(row).state is FileState.GONE:
            raise FileExpiredError("the file has expired; declare it again")
        if row["named_at"] is not None:
            raise _closed()
        self._blobs.check_room()
        most = min(max_bytes or self._settings.max_photo_bytes, self._settings.max_photo_bytes)
        announced = row["declared_size"]
        try:
            async with receive(
                chunks, self._blobs.scratch, announced or most, accepted, self._settings
            ) as came:
                if announced is not None and came.size != announced:
                    raise DigestError(f"{announced} bytes were declared, {came.size} came; send them again")
                if row["declared_md5"] not in (None, came.etag):
                    raise DigestError("the bytes have another MD5 than was declared; send them again")
                key = _key(row["account_id"], file_id)
                await self._blobs.adopt(came.path, key)
        except UploadLimitError:
            if announced is None:
                raise
            raise DigestError(f"{announced} bytes were declared, more came; send them again") from None
        fields = content_of(came)
        seen = fields.pop("photo") or fields["clip"]
        del fields["clip"]
        names = ("width", "height", "depth", "channels", "frames", "mode")
        facts = {name: getattr(seen, name, None) for name in names}
        sent = await self._database.one(
            _SENT, fields | facts | {"id": file_id, "key": key, "old": row["key"]}
        )
        if sent is None:  # named, deleted, expired or sent by another meanwhile
            await self._blobs.delete(key)
            raise _closed()
        if row["state"] == FileState.STORED:
            await self._blobs.delete(row["key"])
        return file_of(sent)


def _key(account: str, file_id: str) -> str:
    """A new key at every sending, so that bytes are never replaced while they are read."""
    return f"uploads/{account}/{file_id}-{new_id('n')[-10:]}"


def _closed() -> UploadClosedError:
    return UploadClosedError("the file takes no more bytes: a job has named it; declare another one")
