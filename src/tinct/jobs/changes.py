"""Who waits for a job is woken when it changes: one listening connection per process."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from tinct.jobs.job import JobState
from tinct.storage.database import Database

__all__ = ["Changes", "Watch"]


class Watch:
    """Told when one job changes."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.ended: tuple[int, JobState] | None = None
        """Attempt and final state, as soon as a notification says so."""

    async def wait(self, seconds: float) -> bool:
        """Sleep until the job changes, for `seconds` at most; False when the time is over.

        A change between two calls is not lost.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def wake(self) -> None:
        """End the wait."""
        self._event.set()


class Changes:
    """Hands the database's notifications to those who watch."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen(), name="job changes")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Watch one job. Enter before looking at it, so that no change falls in between."""
        watch = Watch()
        self._watches[job_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[job_id].discard(watch)
            if not self._watches[job_id]:
                del self._watches[job_id]

    async def _listen(self) -> None:
        async for payload in self._database.notifications("tinct_jobs"):
            if payload is None:  # listening began anew: something may have been missed
                for watches in list(self._watches.values()):
                    for watch in watches:
                        watch.wake()
                continue
            job_id, attempt, name = payload.split(" ")
            if job_id in self._watches:
                state = JobState(name)
                for watch in self._watches[job_id]:
                    if state.final:
                        watch.ended = (int(attempt), state)
                    watch.wake()
