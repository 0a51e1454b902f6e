"""How many jobs are before a job, at a cost that does not grow with the queue.

Jobs that need the same capability wait for each other, and for no others. They are counted by priority and by bucket
of 256 consecutive sequence numbers, at most once a second and only if somebody asks. A position is then a sum over
whole buckets from that count, plus an exact, indexed count of the jobs in the job's own bucket and of those that came
after the count was made. Jobs only leave the counted buckets, so a position never grows because of the count's age; it
may lag behind by a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from tinct.errors import QueueFullError
from tinct.jobs.job import Job, JobState
from tinct.settings import ORDINARY
from tinct.storage.database import Connection, Database

__all__ = ["Positions"]

_BUCKET: Final = 8  # bits of a sequence number inside a bucket
_FRESH_S: Final = 1.0  # seconds for which a count serves
_TRY_AGAIN_S: Final = 30.0  # after which a full queue may have room again
_COUNT: Final = """
SELECT capability, priority, sequence >> %(bits)s AS bucket, count(*) AS jobs
FROM jobs WHERE state = 'queued' GROUP BY 1, 2, 3
"""
_LIVE: Final = """
SELECT (SELECT count(*) FROM jobs WHERE state = 'queued' AND capability = %(capability)s
            AND priority = %(priority)s AND sequence >= %(own)s AND sequence < %(sequence)s)
     + (SELECT count(*) FROM jobs WHERE state = 'queued' AND capability = %(capability)s
            AND priority > %(priority)s AND sequence >= %(mark)s) AS jobs
"""


class Positions:
    """Counts the queue of one database."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = asyncio.Lock()
        self._counted_at = float("-inf")
        self._buckets: dict[tuple[str, int], dict[int, int]] = {}  # queue, priority -> bucket -> jobs
        self._mark = 0  # first bucket that is counted live

    async def of(self, job: Job) -> int:
        """Place in the queue: 1 is next; 0 for a job that does not wait."""
        if job.state is not JobState.QUEUED:
            return 0
        await self._refresh()
        own = min(job.sequence >> _BUCKET, self._mark)
        before = sum(
            n for bucket, n in self._buckets.get((job.capability, job.priority), {}).items() if bucket < own
        )
        for (capability, priority), buckets in self._buckets.items():
            if capability == job.capability and priority > job.priority:
                before += sum(n for bucket, n in buckets.items() if bucket < self._mark)
        row = await self._database.one(
            _LIVE,
            {
                "capability": job.capability,
                "priority": job.priority,
                "sequence": job.sequence,
                "own": own << _BUCKET,
                "mark": self._mark << _BUCKET,
            },
        )
        return 1 + before + (row["jobs"] if row else 0)

    async def waiting(self) -> int:
        """Jobs in the queue, as of a second ago."""
        await self._refresh()
        return sum(n for buckets in self._buckets.values() for n in buckets.values())

    async def waiting_by_capability(self) -> dict[str, int]:
        """The same for each capability that a job waits for; ordinary jobs under ``ordinary``."""
        await self._refresh()
        found = {ORDINARY: 0}
        for (capability, _), buckets in self._buckets.items():
            name = capability or ORDINARY
            found[name] = found.get(name, 0) + sum(buckets.values())
        return found

    async def admit(self, connection: Connection, most: int) -> None:
        """Let one more job in, in the caller's transaction, which is the only one that counts until it ends.

        Raises
        ------
        QueueFullError
            `most` jobs wait already.
        """
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('positions.admit'))")
        cursor = await connection.execute(
            "SELECT count(*) AS jobs FROM (SELECT FROM jobs WHERE state = 'queued' LIMIT %s) AS waiting",
            (most,),
        )
        row = await cursor.fetchone()
        if row is not None and row["jobs"] >= most:
            raise QueueFullError(row["jobs"], _TRY_AGAIN_S)

    async def _refresh(self) -> None:
        async with self._lock:
            if self._clock() - self._counted_at < _FRESH_S:
                return
            rows = await self._database.all(_COUNT, {"bits": _BUCKET})
            buckets: dict[tuple[str, int], dict[int, int]] = {}
            for row in rows:
                buckets.setdefault((row["capability"], row["priority"]), {})[row["bucket"]] = row["jobs"]
            # Transactions under way may still add to the newest bucket, and to the one before if it just turned.
            self._mark = max((row["bucket"] for row in rows), default=1) - 1
            self._buckets = buckets
            self._counted_at = self._clock()
