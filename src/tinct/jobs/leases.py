"""Jobs that live only as long as somebody asks for them: who asks renews the lease, who stays away loses the job."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tinct.errors import AbandonedError, TinctError
from tinct.jobs.job import Failure, Job, JobState
from tinct.jobs.moves import end
from tinct.storage.database import Database, storable

if TYPE_CHECKING:
    from tinct.jobs.queue import Queue

__all__ = ["Leases", "drop_abandoned", "drop_for_ever", "patience"]

_log = logging.getLogger(__name__)
_LOOK_S: Final = 1.0  # seconds between two looks
_BATCH: Final = 100
_WRITE_S: Final = 0.15  # seconds for which questions are gathered
_ASKED: Final = """
UPDATE jobs SET asked_at = now() - make_interval(secs => ago)
FROM unnest(%s::text[], %s::float[]) AS asked (id, ago)
WHERE jobs.id = asked.id AND lease_s IS NOT NULL AND finished_at IS NULL
    AND asked_at < now() - make_interval(secs => ago)
"""
_OVER: Final = (
    "lease_s IS NOT NULL AND finished_at IS NULL AND asked_at < now() - make_interval(secs => lease_s)"
)


class Leases:
    """Who asked for which job, written down a few times a second for all of them together.

    Asking is what clients do most, so it costs no statement of its own; and on a server that is slow, a question counts
    while it waits for its answer, so that nobody loses a job by the server's own fault.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[
            str, float
        ] = {}  # id of a job -> when it was asked for last, by the monotonic clock
        self._waiting: Counter[str] = Counter()  # ids that are being asked for
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_for_ever(), name="leases")

    async def stop(self) -> None:
        """Write what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(TinctError):
            await self.write()

    def asked(self, job: Job) -> None:
        """Somebody who may asked for `job` just now."""
        if job.lease_s is not None and not job.state.final:
            self._asked[job.id] = time.monotonic()
            self._wake.set()

    @contextmanager
    def waiting(self, job_id: str) -> Iterator[None]:
        """Somebody asks for a job, and it counts all the time until the answer if that takes longer than usual."""
        self._waiting[job_id] += 1
        self._wake.set()
        try:
            yield
        finally:
            self._waiting[job_id] -= 1
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def write(self) -> None:
        """Write down now who asked."""
        asked, self._asked = self._asked, {}
        now = time.monotonic()
        if not asked:
            return
        try:
            async with self._database.connection(durable=False) as connection:
                await connection.execute(_ASKED, (list(asked), [now - at for at in asked.values()]))
        except BaseException:
            self._asked = asked | self._asked
            raise

    async def _write_for_ever(self) -> None:
        before: set[str] = set()
        while True:
            if not self._waiting:
                await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(_WRITE_S)
            now = time.monotonic()
            patient = {job_id for job_id in self._waiting if storable(job_id)}
            self._asked |= dict.fromkeys(before & patient, now)  # it took longer than usual
            before = patient
            try:
                await self.write()
            except TinctError as error:
                _log.warning("leases: %s", error)
            except Exception:
                _log.exception("writing down who asks broke; the next time tries again")


def patience(job: Job, seconds: float) -> float:
    """How long to wait for `job`, `seconds` at most, before its lease has to be renewed."""
    return seconds if job.lease_s is None else min(seconds, job.lease_s / 3)


async def drop_for_ever(database: Database, queue: Queue) -> None:
    """Drop abandoned jobs every second."""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await drop_abandoned(database, queue)
        except TinctError as error:
            _log.warning("leases: %s", error)
        except Exception:
            _log.exception("dropping abandoned jobs broke; the next look tries again")


async def drop_abandoned(database: Database, queue: Queue) -> int:
    """Cancel jobs whose lease is over, free of charge; how many."""
    rows = await database.all(f"SELECT id FROM jobs WHERE {_OVER} LIMIT {_BATCH}")
    dropped = 0
    for row in rows:
        async with database.transaction() as connection:
            found = await connection.execute(
                f"SELECT entry, lease_s FROM jobs WHERE id = %s AND {_OVER} FOR UPDATE", (row["id"],)
            )
            job = await found.fetchone()
            if job is None:  # somebody asked, or it ended
                continue
            failure = Failure.of(AbandonedError(job["lease_s"]))
            dropped += await end(connection, row["id"], JobState.CANCELLED, failure=failure) is not None
            if job["entry"] is not None:
                await queue.remove(connection, job["entry"])
    return dropped
