"""Who waits for a job is woken when it changes: one listening connection per process.

A server hears of every change of every job. A worker hears only of attempts that are not wanted any more.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tinct.jobs.ending import cancelled
from tinct.storage.database import Database

__all__ = ["EVERY", "STOPS", "Changes", "Watch"]

EVERY: Final = "tinct_jobs"
"""Where every change is told."""
STOPS: Final = "tinct_stops"
"""Where it is told that an attempt which runs shall not."""


class Watch:
    """Told when one job changes."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._heard = -1
        self._stops: list[tuple[int, asyncio.Future[None]]] = []

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

    def wake(self, attempt: int | None = None) -> None:
        """End the wait; with the number of the attempt that changed, if it is known."""
        self._event.set()
        if attempt is not None:
            self._heard = max(self._heard, attempt)
            self._tell()

    def stop(self, attempt: int) -> asyncio.Future[None]:
        """Done as soon as something was heard of this attempt, or of a later one."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stops.append((attempt, future))
        self._tell()
        return future

    def _tell(self) -> None:
        for attempt, future in self._stops:
            if attempt <= self._heard and not future.done():
                future.set_result(None)


class Changes:
    """Hands the database's notifications to those who watch."""

    def __init__(
        self, database: Database, channel: str = EVERY, others: Mapping[str, Callable[[], None]] | None = None
    ) -> None:
        """`others` are called when there is news on channels of these names, or there may have been some."""
        self._database = database
        self._channel = channel
        self._others = dict(others or {})
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen(), name="job changes")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await cancelled(self._task)
            self._task = None

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
        async for note in self._database.notifications(self._channel, *self._others):
            if note is None:  # listening began anew: something may have been missed
                for watches in list(self._watches.values()):
                    for watch in watches:
                        watch.wake()
                for told in self._others.values():
                    told()
            elif note.channel != self._channel:
                self._others[note.channel]()
            else:
                job_id, attempt, _ = note.payload.split(" ")
                for watch in self._watches.get(job_id, ()):
                    watch.wake(int(attempt))
