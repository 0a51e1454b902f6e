"""Works the queue off: each job in a warm child process, watched until it has ended.

A worker may die at any line. Whatever it was doing is then found by another worker's sweep and begun anew, under the
next attempt's number; results of the lost attempt lie under its own number and are never shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from tinct.backend import Backend, open_backend
from tinct.errors import (
    DatabaseError,
    FileMissingError,
    InputGoneError,
    JobMemoryError,
    JobTimedOutError,
    ParameterError,
    StorageAwayError,
    StorageError,
    TinctError,
)
from tinct.jobs import leases, moves, retention
from tinct.jobs.callbacks.sender import Sender
from tinct.jobs.capabilities import of_machine
from tinct.jobs.changes import STOPS, Changes, Watch
from tinct.jobs.child import Made, Outcome, Task
from tinct.jobs.children import Child, ChildLostError
from tinct.jobs.delivery import Delivery
from tinct.jobs.ending import cancelled
from tinct.jobs.file import MEDIA_TYPES, File, PhotoFacts, suffix
from tinct.jobs.folders import Folders
from tinct.jobs.job import Failure, Job, JobState, file_ids
from tinct.jobs.queue import Taken, channel_of, queue_of
from tinct.jobs.received import ClipFacts
from tinct.jobs.rows import job_of
from tinct.jobs.signing import signed
from tinct.net.images import Images
from tinct.photo.credentials import signatory
from tinct.settings import Settings
from tinct.storage.blobs import store_errors
from tinct.storage.ids import new_id

__all__ = ["Worker", "run_worker"]

_log = logging.getLogger(__name__)
_LOOK_S: Final = 0.25  # seconds between two looks at a running child
_MARGIN_S: Final = 10.0  # of processor time beyond all that a deadline allows
_ENDING: Final = 4  # jobs for each child whose ends are stored at a time, while it runs the next one
_AGAIN_S: Final = 1.0  # seconds between two tries to reach a lost database
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class _End:
    """What the worker found out about an attempt; `outcome` only where the child came back."""

    outcome: Outcome | None = None
    state: JobState | None = None
    failure: Failure | None = None
    lost: bool = False
    """To be begun anew; with a failure where that is not because its process died."""


class Worker:
    """Runs jobs of one backend, ``settings.workers`` at a time."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._settings = backend.settings
        blobs = backend.blobs
        self._children = [
            Child(backend.settings, blobs.scratch, blobs.root) for _ in range(backend.settings.workers)
        ]
        self._folders = Folders(blobs.scratch)
        self._images = Images(backend.settings) if backend.settings.images_url else None
        self._finishing = moves.Finishing(backend.database)
        self._ending = 0  # jobs whose child is free again, and whose end is being stored
        self._sender = Sender(backend)
        self._signatory = signatory(backend.settings)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; running jobs then get ``settings.shutdown_s`` to finish."""
        for child in self._children:
            child.start()
        capabilities = of_machine(self._settings)
        queues = [queue_of(name) for name in sorted(capabilities)]
        delivery = Delivery(
            self._backend.queue, queues, self.handle, self._children, moves.CLAIM_TAKEN, self._settings
        )
        told = dict.fromkeys(map(channel_of, queues), delivery.wake)
        self._stops = Changes(self._backend.database, STOPS, told)
        self._stops.start()
        beside = (
            asyncio.create_task(
                self._backend.capabilities.announce_for_ever(capabilities), name="capabilities"
            ),
            asyncio.create_task(self._sender.run(), name="callbacks"),
            asyncio.create_task(retention.sweep_for_ever(self._backend), name="sweep"),
            asyncio.create_task(
                leases.drop_for_ever(self._backend.database, self._backend.queue), name="leases"
            ),
        )
        try:
            await delivery.run(stop)
        finally:
            await cancelled(*beside)
            await self._stops.stop()
            for child in self._children:
                child.drop()
            self._folders.close()

    async def handle(self, taken: Taken, child: Child, leave: Callable[[], None]) -> bool:
        """Run the next attempt of a job, if this queue entry may; True if the entry is gone, as the job has ended."""
        job = (
            job_of(taken.claimed)
            if taken.claimed
            else await self._stubborn(lambda: self._claim(taken.job_id, taken.entry))
        )
        return job is not None and await self._run(job, child, leave)

    async def _run(self, job: Job, child: Child, leave: Callable[[], None]) -> bool:
        ended = calm = False
        try:
            folder = await self._patient(partial(self._folder, job))
        except StorageError as error:
            reason = Failure.of(error)
            return await self._stubborn(lambda: self._lost(job, reason))
        try:
            try:
                with self._stops.watch(job.id) as watch:
                    end = await self._attempt(job, child, folder, watch)
            except asyncio.CancelledError:  # told to stop, and the job took too long
                await asyncio.shield(self._give_back(job))
                raise
            finally:
                child.start()
            calm = end.outcome is not None
            with self._left(leave):
                if self._signatory is not None and end.outcome is not None:
                    end = replace(end, outcome=await asyncio.to_thread(signed, end.outcome, self._signatory))
                made = end.outcome.made if end.outcome is not None else ()
                files = [_file(job, number, one) for number, one in enumerate(made)]
                ended = await self._stubborn(lambda: self._finish(job, end, files))
            if job.callbacks:
                self._sender.wake()
        except TinctError as error:
            _log.error("job %s: %s", job.id, error)
        finally:
            await self._folders.give_back(folder, again=calm)
        return ended

    @contextlib.contextmanager
    def _left(self, leave: Callable[[], None]) -> Iterator[None]:
        """While an end is stored the child may begin its next job, but what waits to be stored does not pile up."""
        if self._ending < self._settings.workers * _ENDING:
            leave()
        self._ending += 1
        try:
            yield
        finally:
            self._ending -= 1

    async def _folder(self, job: Job) -> Path:
        with store_errors():
            return self._folders.take(job.id, job.attempt)

    async def _claim(self, job_id: str, entry: int) -> Job | None:
        async with self._backend.database.connection(durable=False) as connection:
            return await moves.claim(connection, job_id, entry)

    # -- one attempt ------------------------------------------------------------------------------

    async def _attempt(self, job: Job, child: Child, folder: Path, watch: Watch) -> _End:
        """Run the child and watch it; whatever happens, the child is free for the next job afterwards."""
        try:
            task = await self._task(job, folder)
        except FileMissingError:
            gone = InputGoneError()
            return _End(state=JobState.FAILED, failure=Failure.of(gone))
        except StorageAwayError as error:
            return _End(lost=True, failure=Failure.of(error))
        except TinctError as error:
            return _End(state=JobState.FAILED, failure=Failure.of(error))
        progress = [0.0]
        ask = self._images.ask if self._images is not None else None
        running = asyncio.create_task(child.run(task, lambda share: progress.__setitem__(0, share), ask))
        try:
            early = await self._watch(job, child, running, watch, progress)
            if early is not None:
                return early
            return _End(outcome=running.result())
        except ChildLostError:
            return _End(lost=True)
        finally:
            if not running.done():
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError, ChildLostError):
                    await running

    async def _watch(
        self, job: Job, child: Child, running: asyncio.Task[Outcome], watch: Watch, progress: list[float]
    ) -> _End | None:
        """Wait for the child; the reason to stop it, or None when it came back by itself."""
        deadline = time.monotonic() + job.deadline_s
        told = -1.0  # that it runs is told with the first look: a job that is over by then tells its end
        unwanted = watch.stop(job.attempt)
        either: set[asyncio.Future[Any]] = {running, unwanted}
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            await asyncio.wait(either, timeout=min(_LOOK_S, left), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return None
            if unwanted.done():
                return _End()
            if time.monotonic() >= deadline:
                return _timed_out(job)
            if child.resident() > self._settings.job_memory_bytes:
                return _out_of_memory(self._settings)
            if progress[0] > told:
                told = progress[0]
                if not await self._report(job, told):
                    return _End()

    async def _report(self, job: Job, progress: float) -> bool:
        """Store the progress; False if the attempt is not wanted any more."""
        try:
            async with self._backend.database.connection(durable=False) as connection:
                return await moves.report(connection, job.id, job.attempt, min(progress, 0.99))
        except DatabaseError:
            return True  # not a reason to stop: the end will be stored when the database is back

    async def _task(self, job: Job, folder: Path) -> Task:
        named = file_ids(job.inputs)
        files = await self._stubborn(lambda: self._backend.files.get_many(job.account, named))
        paths = {
            file_id: str(
                await self._patient(
                    partial(self._backend.blobs.local, files[file_id].key, folder, f"in-{number}")
                )
            )
            for number, file_id in enumerate(files)
        }
        return Task(
            effect=job.effect,
            params=job.params,
            inputs={
                name: paths[named] if isinstance(named, str) else tuple(paths[each] for each in named)
                for name, named in job.inputs.items()
            },
            format=job.format,
            quality=job.quality,
            metadata=job.metadata,
            screened=job.screened,
            folder=str(folder),
            processor_s=job.deadline_s * (os.cpu_count() or 1) + _MARGIN_S,
        )

    # -- the end of one attempt -------------------------------------------------------------------

    async def _finish(self, job: Job, end: _End, files: list[File]) -> bool:
        """Store the end of an attempt; True if it is the job's end, stored just now."""
        if end.lost:
            return await self._lost(job, end.failure)
        if end.outcome is not None and end.outcome.code is None:
            return await self._succeed(job, end.outcome, files)
        if end.outcome is not None:
            if end.outcome.detail:
                _log.error("job %s, effect %s: %s", job.id, job.effect, end.outcome.detail)
            failure = Failure(code=str(end.outcome.code), message=end.outcome.message)
            return await self._end(job, JobState.FAILED, failure)
        return end.state is not None and await self._end(job, end.state, end.failure)

    async def _succeed(self, job: Job, outcome: Outcome, files: list[File]) -> bool:
        try:
            for file, made in zip(files, outcome.made, strict=True):
                # An earlier try may have stored it before the database went away
                if Path(made.path).exists():
                    await self._patient(partial(self._backend.blobs.adopt, Path(made.path), file.key))
        except StorageAwayError as error:
            return await self._lost(job, Failure.of(error))
        except StorageError as error:
            return await self._end(job, JobState.FAILED, Failure.of(error))
        ended = await self._finishing.finish(job, JobState.SUCCEEDED, files=files, facts=outcome.facts)
        if not ended and not await self._shown(files):  # cancelled, deleted, or run by another meanwhile
            await self._backend.blobs.delete(*(file.key for file in files))
        return ended

    async def _shown(self, files: list[File]) -> bool:
        """True if the success is stored with these very results: an earlier try may have got through unheard."""
        if not files:
            return True
        row = await self._backend.database.one("SELECT 1 FROM files WHERE id = %s", (files[0].id,))
        return row is not None

    async def _end(self, job: Job, state: JobState, failure: Failure | None) -> bool:
        return await self._finishing.finish(job, state, failure=failure)

    async def _lost(self, job: Job, failure: Failure | None = None) -> bool:
        """Begin it anew, as often as the settings say; `failure` is then the reason, unless its process died."""
        _log.warning("job %s: attempt %d lost its %s", job.id, job.attempt, "store" if failure else "process")
        if failure is not None and job.attempt >= self._settings.job_attempts:
            return await self._end(job, JobState.FAILED, failure)
        async with self._backend.database.transaction() as connection:
            await moves.lose(connection, self._backend.queue, job, self._settings.job_attempts)
        return False

    async def _give_back(self, job: Job) -> None:
        """Let another worker run it; being told to stop is not the job's fault, so any number of times."""
        async with self._backend.database.transaction() as connection:
            await moves.requeue(connection, self._backend.queue, job)

    async def _patient(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Do what needs the store, again and again while it is away, for as long as the settings say."""
        until = time.monotonic() + self._settings.store_patience_s
        while True:
            try:
                return await act()
            except StorageAwayError:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(_AGAIN_S)

    async def _stubborn(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Do what must be done, again and again while the database is away."""
        while True:
            try:
                return await act()
            except DatabaseError:
                await asyncio.sleep(_AGAIN_S)


def _timed_out(job: Job) -> _End:
    return _End(state=JobState.TIMED_OUT, failure=Failure.of(JobTimedOutError(job.deadline_s)))


def _out_of_memory(settings: Settings) -> _End:
    return _End(state=JobState.FAILED, failure=Failure.of(JobMemoryError(settings.job_memory_bytes)))


def _file(job: Job, number: int, made: Made) -> File:
    ending = suffix(made.format)
    file_id = new_id("file")
    now = datetime.now(UTC)
    return File(
        id=file_id,
        account=job.account,
        key=f"results/{job.id}/{job.attempt}/{number}-{file_id[-10:]}{ending}",
        name=f"{job.effect}-{file_id[-8:]}{ending}",
        media_type=MEDIA_TYPES[made.format],
        job_id=job.id,
        created_at=now,
        expires_at=now,  # the end of the job sets the true one
        size=made.size,
        etag=made.etag,
        format=made.format,
        role=made.role,
        seconds=made.seconds,
        photo=None
        if made.seconds is not None
        else PhotoFacts(
            width=made.width,
            height=made.height,
            depth=made.depth,
            channels=made.channels,
            frames=1,
            mode=made.mode,
        ),
        clip=None
        if made.seconds is None
        else ClipFacts(width=made.width, height=made.height, frames=made.frames),
    )


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Open a backend and work until `stop` is set.

    Raises
    ------
    ParameterError
        The settings ask for no worker.
    DatabaseError, StorageError
        The backend cannot be opened.
    """
    if not settings.workers:
        raise ParameterError("TINCT_WORKERS", 0, "1 or more; 0 is for a server that has no worker of its own")
    async with open_backend(settings, listens=False) as backend:
        await Worker(backend).run(stop)
