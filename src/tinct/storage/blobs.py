"""Bytes under keys: a folder on disk, or a bucket of anything that speaks S3.

Whatever is stored passes through a local temporary file, so that size and content are known before it becomes
visible. On disk it is then flushed and renamed into place; to a bucket it is uploaded from that file. Either way a
reader sees the whole object or none.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from tinct.errors import FileMissingError, StorageAwayError, StorageError, StorageFullError
from tinct.settings import Settings
from tinct.storage.keys import check_key

if TYPE_CHECKING:
    from obstore import ObjectMeta

__all__ = ["BlobInfo", "Blobs", "open_blobs", "store_errors", "writing"]

_CHUNK: Final = 256 * 1024  # bytes handed on at a time
_PART: Final = 8 * 2**20  # bytes of one part of an upload to a bucket
_PARTS: Final = 2  # at a time: all of them have to be there within the time of one answer
_CONNECT: Final = timedelta(seconds=5)
_WHOLE: Final = timedelta(hours=1)  # an object leaves the bucket as slowly as its reader reads
_PLACE_TRIES: Final = 50
_LISTED: Final = 1000  # objects asked for at a time, the most that S3 gives


@dataclass(frozen=True, kw_only=True)
class BlobInfo:
    """What the store knows about an object."""

    key: str
    size: int
    """Bytes."""
    modified_at: datetime
    etag: str | None
    """The store's own tag; `tinct.jobs.files.File.etag` is the content's."""


class Blobs:
    """Objects of one store; made by :func:`open_blobs`."""

    def __init__(self, store: ObjectStore, scratch: Path, root: Path | None, min_free_bytes: int) -> None:
        self._store = store
        self.root = root
        """Where objects lie that can be read in place; None where they are elsewhere."""
        self.scratch = scratch
        """Folder for files on their way; on the same disk as the objects where those are on disk."""
        self._min_free_bytes = min_free_bytes

    async def adopt(self, source: Path, key: str) -> None:
        """Store the local file `source` under `key`, replacing what was there; `source` is gone afterwards.

        Raises
        ------
        BlobKeyError
            The key is not allowed.
        StorageFullError, StorageError
            The store has no room or does not answer.
        """
        check_key(key)
        with store_errors():
            if self.root is not None:
                await asyncio.to_thread(_place, source, self._path(key))
            else:
                await obstore.put_async(self._store, key, source, chunk_size=_PART, max_concurrency=_PARTS)
                await asyncio.to_thread(source.unlink)

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`; for small objects. Raises as `adopt`."""
        check_key(key)
        with store_errors():
            handle, name = await asyncio.to_thread(tempfile.mkstemp, dir=self.scratch)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            await self.adopt(Path(name), key)

    async def head(self, key: str) -> BlobInfo:
        """Size and tag of an object.

        Raises
        ------
        FileMissingError
            There is no such object.
        """
        with store_errors():
            found = await obstore.head_async(self._store, self._checked(key))
        return _info(found)

    async def list_after(self, key: str, limit: int) -> list[BlobInfo]:
        """At most `limit` objects after `key`, in an order that stays the same; empty text is before all."""
        with store_errors():
            if self.root is not None:
                return await asyncio.to_thread(self._walk, key, limit)
            found: list[BlobInfo] = []
            async for batch in obstore.list(self._store, offset=key or None, chunk_size=min(limit, _LISTED)):
                found += [_info(item) for item in batch]
                if len(found) >= limit:
                    break
            return found[:limit]

    async def get(self, key: str) -> bytes:
        """The whole object; for small ones. Raises as `head`."""
        with store_errors():
            found = await obstore.get_async(self._store, self._checked(key))
            return bytes(await found.bytes_async())

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes `start` up to, but without, `end`, in chunks of at most 256 KiB. Raises as `head`."""
        options: Any = None
        if end is not None:
            if end <= start:
                return
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        with store_errors():
            found = await obstore.get_async(self._store, self._checked(key), options=options)
            async for chunk in found.stream(min_chunk_size=_CHUNK):
                view = memoryview(chunk)
                for at in range(0, len(view), _CHUNK):
                    yield bytes(view[at : at + _CHUNK])

    async def local(self, key: str, folder: Path, name: str) -> Path:
        """A local file with the object's bytes: the object itself on disk, a copy in `folder` otherwise.

        Read it, never write it. Raises as `head`.
        """
        if self.root is not None:
            path = self._path(check_key(key))
            if not path.is_file():
                raise FileMissingError("the file is no longer stored; upload it again")
            return path
        copy = folder / name
        with copy.open("wb") as file:
            async for chunk in self.stream(key):
                await asyncio.to_thread(file.write, chunk)
        return copy

    async def delete(self, *keys: str) -> None:
        """Delete objects; those that are not there are no error.

        Raises
        ------
        StorageAwayError
            The store does not answer; some may be there still.
        """
        if not keys:
            return
        with store_errors(missing_is_fine=True):
            if self.root is not None:
                await asyncio.to_thread(self._unlink, [check_key(key) for key in keys])
                return
            await obstore.delete_async(self._store, [check_key(key) for key in keys])

    async def delete_prefix(self, prefix: str) -> int:
        """Delete every object below ``prefix/``; how many there were."""
        check_key(prefix)
        with store_errors():
            keys = [
                item["path"]
                async for batch in obstore.list(self._store, prefix=prefix + "/")
                for item in batch
            ]
        await self.delete(*keys)
        return len(keys)

    async def tried(self) -> datetime:
        """Store, read and delete a small object; when the store says that it was stored.

        Raises
        ------
        StorageError
            One of them does not work.
        """
        key, data = f"tried/{secrets.token_hex(8)}", b"tinct"
        await self.put(key, data)
        try:
            if await self.get(key) != data:
                raise StorageError("the store for files gives back other bytes than it got")
            return (await self.head(key)).modified_at
        finally:
            await self.delete(key)

    def check_room(self, size: int = 0) -> None:
        """Refuse work that would fill the disk.

        Raises
        ------
        StorageFullError
            Fewer bytes than the settings ask for would stay free.
        """
        free = shutil.disk_usage(self.scratch).free
        if free - size < self._min_free_bytes:
            raise StorageFullError(
                f"the server has {free / 2**20:.0f} MiB of disk left, less than it needs to accept more; "
                "try again later or delete results"
            )

    def _checked(self, key: str) -> str:
        """The key, if it is allowed and does not lead through a link."""
        check_key(key)
        if self.root is not None:
            self._path(key)
        return key

    def _path(self, key: str) -> Path:
        """Where a checked key lies on disk; refuses to go through links."""
        assert self.root is not None
        path = os.fspath(self.root)  # is resolved itself
        for part in key.split("/"):
            path = f"{path}{os.sep}{part}"
            if os.path.islink(path):
                raise StorageError("the storage folder holds a link where none is allowed")
        return Path(path)

    def _walk(self, key: str, limit: int) -> list[BlobInfo]:
        """Files below the root after `key`, folder by folder, each in the order of its names."""
        assert self.root is not None
        last = key.split("/") if key else []
        return list(itertools.islice(_files(self.root, "", last), limit))

    def _unlink(self, keys: list[str]) -> None:
        """Delete files and the folders that they leave empty."""
        for key in keys:
            path = self._path(key)
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self.root:
                    break
                try:
                    parent.rmdir()
                except OSError:  # not empty, or gone already
                    break


def open_blobs(settings: Settings) -> Blobs:
    """The store that the settings name: ``s3://bucket/prefix``, a folder, or the data folder.

    Credentials and endpoint of a bucket come from the usual ``AWS_`` variables.

    Raises
    ------
    StorageError
        The address has another form, or the folder cannot be made.
    """
    url = settings.blob_url
    scratch = settings.data / "scratch"
    with store_errors():
        if url is not None and url.startswith("s3://"):
            _private(scratch)
            answer = timedelta(seconds=settings.store_answer_s)
            store: ObjectStore = S3Store.from_url(
                url,
                client_options={
                    "allow_http": True,
                    "connect_timeout": min(_CONNECT, answer),
                    "read_timeout": answer,
                    "timeout": _WHOLE,
                },
                # What is refused at once is tried again for so long
                retry_config={"retry_timeout": answer / 2},
            )
            return Blobs(store, scratch, None, settings.min_free_bytes)
        if url is not None and "://" in url:
            raise StorageError("TINCT_BLOB_URL is a folder or s3://bucket/prefix")
        root = Path(url) if url is not None else settings.data / "blobs"
        if url is not None:
            scratch = root.parent / f"{root.name}.scratch"  # renaming works only on the same disk
        _private(root)
        _private(scratch)
        root = root.resolve()
        return Blobs(LocalStore(root), scratch.resolve(), root, settings.min_free_bytes)


def _info(found: ObjectMeta) -> BlobInfo:
    return BlobInfo(
        key=found["path"],
        size=found["size"],
        modified_at=found["last_modified"],
        etag=found["e_tag"],
    )


def _files(folder: Path, prefix: str, after: list[str]) -> Iterator[BlobInfo]:
    """Files of a folder and those below it that come after a path, given by its segments."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:  # removed as empty meanwhile
        return
    for entry in entries:
        if after and entry.name < after[0]:
            continue
        on_the_way = bool(after) and entry.name == after[0]
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), f"{prefix}{entry.name}/", after[1:] if on_the_way else [])
        elif not on_the_way and entry.is_file(follow_symlinks=False):
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
            yield BlobInfo(key=prefix + entry.name, size=status.st_size, modified_at=modified_at, etag=None)


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _place(source: Path, target: Path) -> None:
    """Flush `source` and rename it to `target`, flushing the folder too."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    for attempt in range(_PLACE_TRIES):
        try:  # others may remove the folder as empty between any two of these steps
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            source.rename(target)
            break
        except (FileNotFoundError, FileExistsError):
            if attempt == _PLACE_TRIES - 1 or not source.exists():
                raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def writing(handle: int) -> Iterator[BinaryIO]:
    """The file of a descriptor, to write; closing writes what is left, and finds a full disk once more."""
    file = os.fdopen(handle, "wb")
    try:
        yield file
    except BaseException:
        with suppress(OSError):
            file.close()
        raise
    with store_errors():
        file.close()


@contextmanager
def store_errors(*, missing_is_fine: bool = False) -> Any:
    """Turn a store's errors into ours, without their text."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        if not missing_is_fine:
            raise FileMissingError("the file is no longer stored; upload it again") from None
    except OSError as error:
        if error.errno in (28, 122):  # no space, quota
            raise StorageFullError("the server's disk is full; try again later") from None
        raise StorageAwayError("the store for files cannot be used; see its folder's permissions") from None
    except BaseError:
        raise StorageAwayError("the store for files does not answer; try again in a few seconds") from None
