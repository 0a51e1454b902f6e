"""Small pictures of stored files, and where their faces are: free of charge, by a confined child when somebody asks.

Browsers show neither TIFF nor HEIC, nor the first frame of a clip whose codec they lack. A preview is not stored:
whoever asks keeps it. The child starts with the first request and goes when nobody has asked for a while; there is
one, so that previews never take more than a core from jobs.
"""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tinct.errors import InternalError, JobTimedOutError, RateLimitError, restored
from tinct.jobs.file import File, suffix
from tinct.jobs.received import MEDIA_TYPES
from tinct.jobs.show import FORMATS, NAME, seek, show
from tinct.settings import Settings
from tinct.storage.blobs import Blobs, store_errors

if TYPE_CHECKING:
    from tinct.jobs.child import Outcome, Task
    from tinct.jobs.children import Child

__all__ = ["Preview", "Previews"]

_MOST_BYTES: Final = 128 * 2**20  # of a preview
_IDLE_S: Final = 60.0  # without a request, after which the child goes


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A small picture."""

    data: bytes
    media_type: str
    name: str
    """For those who keep it."""


class Previews:
    """Makes small pictures, one at a time."""

    def __init__(self, blobs: Blobs, settings: Settings) -> None:
        self._blobs, self._settings = blobs, settings
        self._child: Child | None = None
        self._one = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    async def of(self, file: File, side: int) -> Preview:
        """A file, or the first frame of a clip, no longer than `side` pixels, in sRGB, upright, without metadata.

        Raises
        ------
        PhotoError, ClipError
            Its content cannot be decoded; the sentence says why.
        JobFailedError
            It needs more memory or time than a preview may have.
        RateLimitError
            Too many others are waited for.
        FileMissingError, StorageAwayError
            Its bytes are not there.
        """
        async with self._work(file, show, side=side) as (outcome, folder):
            format = outcome.made[0].format if outcome.made else ""
            if format not in FORMATS:
                raise InternalError
            data = await asyncio.to_thread(_read, folder / NAME)
        return Preview(
            data=data, media_type=MEDIA_TYPES[format], name=f"{Path(file.name).stem}{suffix(format)}"
        )

    async def faces(self, file: File) -> Mapping[str, Any]:
        """The faces of a photo, or of a clip's first frame; see `tinct.jobs.show.seek`.

        Raises
        ------
        PhotoError, ClipError, JobFailedError, RateLimitError, FileMissingError, StorageAwayError
            As `of` does.
        MissingModelError, ModelError
            The networks that find faces are not installed, or cannot be used.
        """
        async with self._work(file, seek) as (outcome, _):
            if outcome.facts is None:
                raise InternalError
            return outcome.facts

    @asynccontextmanager
    async def _work(
        self, file: File, work: Callable[[Task], Outcome], **params: Any
    ) -> AsyncIterator[tuple[Outcome, Path]]:
        """What the child has made of a file, and the folder where it lies meanwhile."""
        from tinct.jobs.child import Task

        async with self._turn():
            self._awake()
            with store_errors():
                folder = tempfile.TemporaryDirectory(prefix="preview-", dir=self._blobs.scratch)
            with folder as name:
                source = await self._blobs.local(file.key, Path(name), "source")
                task = Task(
                    effect="",
                    params={"clip": file.media_type.startswith("video/"), **params},
                    inputs={"image": str(source)},
                    format=None,
                    quality=0,
                    folder=name,
                    processor_s=2 * self._settings.preview_s,
                    work=work,
                )
                yield await self._done(task), Path(name)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Nobody waits for long: who asks for many large ones must not keep all others waiting for their answers."""
        wait_s = self._settings.preview_wait_s
        try:
            async with asyncio.timeout(wait_s):
                await self._one.acquire()
        except TimeoutError:
            raise RateLimitError(wait_s) from None
        try:
            yield
        finally:
            self._one.release()

    async def _done(self, task: Task) -> Outcome:
        from tinct.jobs.children import ChildLostError

        assert self._child is not None
        try:
            async with asyncio.timeout(self._settings.preview_s):
                outcome = await self._child.run(task, lambda share: None)
        except TimeoutError:
            raise JobTimedOutError(self._settings.preview_s) from None
        except ChildLostError:
            raise InternalError from None
        if outcome.code is not None:
            raise restored(outcome.code, outcome.message)
        return outcome

    def _awake(self) -> None:
        """See that there is a child, and that it goes in a while."""
        from tinct.jobs.children import Child

        if self._child is None:
            self._child = Child(self._settings, self._blobs.scratch, self._blobs.root)
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(_IDLE_S + self._settings.preview_s, self.rest)

    def rest(self) -> None:
        """Let the child go; the next preview starts another."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._child is not None and not self._one.locked():
            self._child.drop()
            self._child = None


def _read(path: Path) -> bytes:
    """What a child has written: it has read a stranger's photo, so that a link or something endless is not followed."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_size > _MOST_BYTES:
                raise InternalError
            return file.read(_MOST_BYTES)
    except OSError:
        raise InternalError from None
