"""Hands the entries of a queue to whoever works them off, as many at a time as there are seats.

A seat is what a job needs to run, such as a child process. Entries are taken only for seats that are free, so that what
waits can still be taken by another worker, and all free seats are filled by one statement. A lost database ends
nothing: jobs that run go on, and the queue is asked again as soon as it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Generic, LiteralString, TypeVar

from tinct.errors import DatabaseError
from tinct.jobs.ending import cancelled
from tinct.jobs.queue import Queue, Taken
from tinct.settings import Settings
from tinct.storage.database import Dangling

__all__ = ["Delivery", "Handler"]

_log = logging.getLogger(__name__)
_POLL_S: Final = 2.0  # seconds between two looks when no notification arrives
_AGAIN_S: Final = 1.0  # seconds between two tries to reach a lost database
_Seat = TypeVar("_Seat")
Handler = Callable[[Taken, _Seat, Callable[[], None]], Awaitable[bool]]
"""Runs what was taken on a seat, and may call the third argument as soon as it needs the seat no more. Tells whether
the entry has gone with the job's end. Deals with every error itself.
"""


class Delivery(Generic[_Seat]):
    """One worker of some queues.

    Parameters
    ----------
    queue : Queue
    queues : sequence of str
        Names of those that it takes from.
    handler : Handler
    seats : iterable
        All of them are free.
    claim : str
        As of `Queue.take`.
    settings : Settings
    """

    def __init__(
        self,
        queue: Queue,
        queues: Sequence[str],
        handler: Handler[_Seat],
        seats: Iterable[_Seat],
        claim: LiteralString,
        settings: Settings,
    ) -> None:
        self._queue, self._queues, self._claim = queue, queues, claim
        self._handler, self._settings = handler, settings
        self._free = list(seats)
        self._running: dict[int, asyncio.Task[None]] = {}  # by entry
        self._hungry = True  # there may be something to take
        self._turn = asyncio.Event()  # something has happened that the loop waits for
        self._worker: int | None = None
        self._unsure = False  # entries may have been taken that nobody knows of

    def wake(self) -> None:
        """There may be something to take."""
        self._hungry = True
        self._turn.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Running jobs then get ``settings.shutdown_s``, and are cancelled after that."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._turn.set())
        over = asyncio.Event()
        beating = asyncio.create_task(self._beat(over), name="heartbeat")
        try:
            while not stop.is_set():
                await self._once()
            await self._finish()
        finally:
            over.set()
            await cancelled(stopping, beating)
            if self._worker is not None:
                with contextlib.suppress(DatabaseError):
                    await self._queue.leave(self._worker)

    async def _once(self) -> None:
        """Fill the free seats, or wait until something happens. What is begun here is never cancelled in the middle."""
        self._turn.clear()
        try:
            if self._worker is None or self._unsure:
                await self._settle()
            if not (self._hungry and self._free):
                await self._pause(_POLL_S)
                return
            await self._fill()
        except DatabaseError:
            self._unsure = True
            await self._pause(_AGAIN_S)
        except Dangling:  # others took this worker for dead
            self._worker = None
        except Exception:
            _log.exception("taking jobs from the queue broke; it is tried again")
            self._unsure = True
            await self._pause(_AGAIN_S)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._turn.wait()
        except TimeoutError:
            self._hungry = True

    async def _settle(self) -> None:
        """Be a worker again after the database was away; what was taken unheard goes back to the others."""
        if self._worker is not None and not await self._queue.beat(self._worker):
            self._worker = None
        if self._worker is None:
            self._worker = await self._queue.join(self._settings.stalled_s)
        for entry in await self._queue.held(self._worker):
            if entry not in self._running:
                await self._queue.drop(entry)
        self._unsure, self._hungry = False, True

    async def _fill(self) -> None:
        assert self._worker is not None
        wanted = len(self._free)
        self._hungry = False
        found = await self._queue.take(self._worker, self._queues, wanted, self._claim)
        if len(found) == wanted:
            self._hungry = True
        for taken in found:
            task = asyncio.create_task(self._deliver(taken, self._free.pop()))
            self._running[taken.entry] = task

    async def _deliver(self, taken: Taken, seat: _Seat) -> None:
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._free.append(seat)
                self._turn.set()

        gone = False
        try:
            gone = await self._handler(taken, seat, leave)
        except Exception:
            _log.exception("job %s: its worker broke", taken.job_id)
        finally:
            leave()
            try:
                if not gone:
                    await self._queue.drop(taken.entry)
            except DatabaseError:
                self._unsure = True
            finally:
                del self._running[taken.entry]

    async def _beat(self, over: asyncio.Event) -> None:
        """Signs of life, also while jobs end after the last one was taken."""
        while not over.is_set():
            await asyncio.sleep(self._settings.heartbeat_s)
            worker = self._worker
            with contextlib.suppress(DatabaseError):
                if worker is not None and not await self._queue.beat(worker) and worker == self._worker:
                    self._worker = None
                    self._turn.set()

    async def _finish(self) -> None:
        """Let running jobs end, for a while."""
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=self._settings.shutdown_s)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
