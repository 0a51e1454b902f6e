"""Jobs that live only as long as somebody asks for them: who asks renews the lease, who stays away loses the job."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from tinct.errors import AbandonedError, TinctError
from tinct.jobs.job import Failure, Job, JobState
from tinct.jobs.moves import end
from tinct.storage.database import Database

if TYPE_CHECKING:
    from tinct.jobs.queue import Queue

__all__ = ["drop_abandoned", "drop_for_ever", "patience", "renew"]

_log = logging.getLogger(__name__)
_LOOK_S: Final = 1.0  # seconds between two looks
_BATCH: Final = 100
_RENEWED_S: Final = 0.5  # a lease that was renewed just now need not be written again
_OVER: Final = (
    "lease_s IS NOT NULL AND finished_at IS NULL AND asked_at < now() - make_interval(secs => lease_s)"
)


async def renew(database: Database, job: Job) -> None:
    """Somebody asked for `job` just now."""
    if job.lease_s is None or job.state.final:
        return
    async with database.connection(durable=False) as connection:
        await connection.execute(
            "UPDATE jobs SET asked_at = now() WHERE id = %s AND asked_at < now() - make_interval(secs => %s)",
            (job.id, min(_RENEWED_S, job.lease_s / 4)),
        )


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
