"""Many results as one ZIP that is written while it is sent, always the same bytes, so that a download can go on."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import PurePosixPath
from typing import Final

from tinct.errors import JobMissingError, ParameterError
from tinct.jobs.file import File, FileState, file_of, suffix
from tinct.jobs.files import Files
from tinct.jobs.job import Job, JobState
from tinct.jobs.service import Jobs
from tinct.settings import Settings
from tinct.storage.database import Database
from tinct.storage.keys import safe_name

__all__ = ["Archive", "Archives", "Entry"]

_FIRST_YEAR: Final = 1980  # ZIP knows none before
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_HEADER_BYTES, _DESCRIPTOR_BYTES, _ENTRY_BYTES, _END_BYTES = 30, 16, 46, 22
# More, of an entry that begins beyond ZIP64_LIMIT, and of such a directory
_FAR_BYTES, _LARGE_END_BYTES = 12, 76
_PER_PAGE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of an archive."""

    name: str
    """Safe on every disk; no two of an archive are the same, whatever their case."""
    file: File


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What will be sent: stored without compression, for photos are compressed already."""

    entries: tuple[Entry, ...]
    size: int
    """Bytes of the whole."""
    etag: str
    """Changes with every entry, without quotes."""


class _Sink(io.RawIOBase):
    """Takes what a ZIP writer writes, and gives it out in pieces; it cannot be sought in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


class Archives:
    """Results of a batch, packed."""

    def __init__(self, database: Database, jobs: Jobs, files: Files, settings: Settings) -> None:
        self._database, self._jobs, self._files = database, jobs, files
        self._most = settings.max_archive_files

    async def of_batch(self, account: str, batch: str, *, roles: Sequence[str] = ()) -> Archive:
        """All results of a batch that are there now, in the order in which its jobs came.

        Parameters
        ----------
        roles : sequence of str
            Only results of these roles; empty means all.

        Raises
        ------
        JobMissingError
            There is no such batch, or no result in it.
        ParameterError
            There are more files than one archive may hold.
        """
        jobs: list[Job] = []
        cursor = None
        while True:
            page = await self._jobs.list(
                account, states=[JobState.SUCCEEDED], batch=batch, limit=_PER_PAGE, cursor=cursor
            )
            jobs += page.jobs
            cursor = page.next_cursor
            if cursor is None:
                break
            if sum(len(job.results) for job in jobs) > self._most:
                raise ParameterError("batch", batch, f"a batch with up to {self._most} results")
        found = await self._results(account, list(reversed(jobs)), roles)
        if not found:
            raise JobMissingError("there is no result in this batch; its jobs have not succeeded or are gone")
        if len(found) > self._most:
            raise ParameterError("batch", batch, f"a batch with up to {self._most} results")
        return packed(found)

    async def _results(
        self, account: str, jobs: Sequence[Job], roles: Sequence[str]
    ) -> list[tuple[str, File]]:
        """Each result with the name that it should have, after the photo it was made from."""
        wanted = [
            (job, number, result.file_id)
            for job in jobs
            for number, result in enumerate(job.results)
            if not roles or result.role in roles
        ]
        sources = {job.id: named for job in jobs if isinstance(named := job.inputs.get("image"), str)}
        rows = await self._database.all(
            "SELECT * FROM files WHERE id = ANY(%s) AND account_id = %s AND state <> 'deleted'",
            ([*(file_id for _, _, file_id in wanted), *sources.values()], account),
        )
        files = {row["id"]: file_of(row) for row in rows}
        found = []
        for job, number, file_id in wanted:
            file = files.get(file_id)
            if file is None or file.state is not FileState.STORED:
                continue
            source = files.get(sources.get(job.id, ""))
            stem = PurePosixPath(source.name).stem if source is not None else job.id
            several = f"-{number + 1}" if len(job.results) > 1 else ""
            found.append((f"{stem}-{job.effect}{several}{suffix(file.format)}", file))
        return found

    async def stream(self, archive: Archive, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, but without, `end`.

        What lies before `start` is read and not sent: its checksums stand at the end of the archive.

        Raises
        ------
        FileMissingError, StorageAwayError
            The bytes of a file do not come; what was sent so far is no whole archive.
        """
        end = archive.size if end is None else end
        at = 0
        async for piece in self._whole(archive):
            first, at = at, at + len(piece)
            if at > start:
                yield piece[max(start - first, 0) : end - first]
            if at >= end:
                return

    async def _whole(self, archive: Archive) -> AsyncIterator[bytes]:
        sink = _Sink()
        writer = _writer(sink)
        for entry in archive.entries:
            with writer.open(_header(entry), "w") as target:
                async for chunk in await self._files.open(entry.file):
                    target.write(chunk)
                    yield sink.taken()
            yield sink.taken()
        writer.close()
        yield sink.taken()


def packed(found: Sequence[tuple[str, File]]) -> Archive:
    """An archive of some files, by the names that they should have.

    Raises
    ------
    ParameterError
        One of them is too large for it.
    """
    taken: set[str] = set()
    entries = tuple(Entry(name=_unused(name, taken), file=file) for name, file in found)
    told = "\n".join(f"{entry.name} {entry.file.id} {entry.file.etag}" for entry in entries)
    etag = hashlib.sha256(told.encode()).hexdigest()[:32]
    return Archive(entries=entries, size=_size(entries), etag=etag)


def _size(entries: Sequence[Entry]) -> int:
    """Bytes of the whole, as `zipfile` writes it to what cannot be sought in (PKWARE's APPNOTE, 4.3)."""
    limit, offset, directory = zipfile.ZIP64_LIMIT, 0, 0
    for entry in entries:
        if entry.file.size * 1.05 > limit:
            raise ParameterError("batch", entry.file.name, "files of less than 2 GB; download it by itself")
        name = len(entry.name.encode())
        directory += _ENTRY_BYTES + name + (_FAR_BYTES if offset > limit else 0)
        offset += _HEADER_BYTES + name + entry.file.size + _DESCRIPTOR_BYTES
    large = offset > limit or directory > limit or len(entries) > zipfile.ZIP_FILECOUNT_LIMIT
    return offset + directory + _END_BYTES + (_LARGE_END_BYTES if large else 0)


def _writer(sink: _Sink) -> zipfile.ZipFile:
    return zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED)


def _header(entry: Entry) -> zipfile.ZipInfo:
    made = entry.file.created_at.astimezone(UTC)
    info = zipfile.ZipInfo(entry.name, made.timetuple()[:6] if made.year >= _FIRST_YEAR else _EPOCH)
    info.file_size = entry.file.size
    info.external_attr = 0o644 << 16
    return info


def _unused(name: str, taken: set[str]) -> str:
    """`name`, made safe, and with a number where another file has it; disks may not tell case apart."""
    safe = PurePosixPath(safe_name(name, "result"))
    fresh, number = str(safe), 1
    while fresh.lower() in taken:
        number += 1
        fresh = f"{safe.stem} ({number}){safe.suffix}"
    taken.add(fresh.lower())
    return fresh
