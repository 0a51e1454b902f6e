"""An upload or a result: one kind of record, so that a result can be the next job's input by its id.

declared ──sent──► stored ──► deleted      its owner deleted it: out of reach at once, bytes and record go
    │                 │
    └─────────────────┴─────► gone         its time is over: bytes go, the id is remembered as long as a job's
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from tinct.errors import UnsupportedPhotoError
from tinct.jobs.received import MEDIA_TYPES, ClipFacts, PhotoFacts, Received
from tinct.photo import formats
from tinct.storage.database import Connection, Row

__all__ = [
    "MEDIA_TYPES",
    "RESULT_COLUMNS",
    "RESULT_VALUES",
    "WRITABLE",
    "File",
    "FileState",
    "PhotoFacts",
    "close",
    "columns",
    "content_of",
    "file_of",
    "format_of",
    "record",
    "suffix",
]

WRITABLE: Final = formats.WRITABLE
"""Formats that results can have."""


class FileState(StrEnum):
    """Where a file stands."""

    DECLARED = "declared"
    """Its id was given out, its bytes have not come."""
    STORED = "stored"
    DELETED = "deleted"
    """Its owner deleted it; its bytes may still be on their way out."""
    GONE = "gone"
    """Its time is over."""


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
    """Bytes; 0 before they came."""
    etag: str
    """MD5 of the content, in hexadecimal, without quotes; empty before it came."""
    format: str
    """One of the keys of `MEDIA_TYPES`."""
    photo: PhotoFacts | None
    """None for what is no photo."""
    seconds: float | None
    """How long a clip runs; None for what is no clip, or where its header does not say."""
    job_id: str | None
    """The job that made it, or that it goes with; None for any other upload."""
    role: str | None
    """What a result is to the caller: ``main``, ``variant``, ``mask``, ...; ``input`` for an upload that goes with its
    job, None for any other."""
    created_at: datetime
    expires_at: datetime
    state: FileState = FileState.STORED
    clip: ClipFacts | None = None
    """None for what is no clip, or where its header does not say."""
    open: bool = False
    """True while bytes can be sent to it: it was declared, and no job has named it."""

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
_APART: Final = ("account", "photo", "clip", "state", "open")  # fields that are no columns of their own
_COLUMNS: Final = (
    *("id", "account_id", "key", "name", "media_type", "size", "etag", "format"),
    *_PHOTO_FACTS,
    *("seconds", "job_id", "role", "created_at", "expires_at", "state"),
)
_OWN_COLUMNS: Final = tuple(name for name in _COLUMNS if name not in (*_PHOTO_FACTS, "account_id"))
_RECORD: Final = f"""
INSERT INTO files ({", ".join(_COLUMNS)}) VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
"""
RESULT_COLUMNS: Final = ", ".join(_COLUMNS)
"""Columns of a file's record, for the statement that ends a job."""
RESULT_VALUES: Final = ", ".join(
    "ended.results_expire_at" if name == "expires_at" else f"file.{name}" for name in _COLUMNS
)
"""Their values, from rows called `file`; results stay as long as the job called `ended` says."""


def content_of(came: Received) -> dict[str, Any]:
    """The fields of a file that its bytes decide."""
    return {
        "size": came.size,
        "etag": came.etag,
        "format": came.facts.format,
        "media_type": MEDIA_TYPES[came.facts.format],
        "photo": came.facts.photo,
        "clip": came.facts.clip,
        "seconds": came.facts.seconds,
    }


async def record(connection: Connection, file: File) -> None:
    """Insert a file's record, perhaps in the caller's transaction; its bytes are stored already."""
    await connection.execute(_RECORD, _values(file))


def columns(file: File) -> dict[str, Any]:
    """A file's record as JSON, by column."""
    return _values(file) | {
        "created_at": file.created_at.isoformat(),
        "expires_at": file.expires_at.isoformat(),
    }


def _values(file: File) -> dict[str, Any]:
    seen = file.photo or file.clip
    facts = dict.fromkeys(_PHOTO_FACTS) | (vars(seen) if seen is not None else {})
    rest = {name: getattr(file, name) for name in _OWN_COLUMNS}
    return rest | facts | {"account_id": file.account}


async def close(connection: Connection, files: Mapping[str, File]) -> None:
    """Let no more bytes be sent to declared files, now that a job has named them, in the caller's transaction."""
    named = [file.id for file in files.values() if file.open and file.state is FileState.STORED]
    if named:
        await connection.execute(
            "UPDATE files SET named_at = now() WHERE id = ANY(%s) AND named_at IS NULL", (named,)
        )


def suffix(format: str) -> str:
    """Ending of a file name for a format, with the dot."""
    row = formats.named(format)
    return row.ending if row is not None else f".{format}"


def format_of(media_type: str) -> str:
    """The format of a media type."""
    row = formats.of_media_type(media_type)
    return row.name if row is not None else media_type.rpartition("/")[2]


def file_of(row: Row) -> File:
    """The record of a row with all columns."""
    facts = {name: row[name] for name in _PHOTO_FACTS}
    rest = {name: row[name] for name in File.__dataclass_fields__ if name not in _APART}
    photo = PhotoFacts(**facts) if row["depth"] is not None else None
    clip = None
    if photo is None and row["width"] is not None:
        clip = ClipFacts(width=row["width"], height=row["height"], frames=row["frames"])
    state = FileState(row["state"])
    if state is not FileState.DELETED and row["expires_at"] <= datetime.now(UTC):
        state = FileState.GONE
    still_open = row["declared_at"] is not None and row["named_at"] is None and state is not FileState.GONE
    return File(account=row["account_id"], photo=photo, clip=clip, state=state, open=still_open, **rest)
