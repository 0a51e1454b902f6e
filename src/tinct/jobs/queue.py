"""The queue, and the only module that imports procrastinate.

A queue entry carries a job's id and nothing else. The jobs table decides whether the entry may still run it, so an
entry that is delivered late or twice does no harm.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple, cast

import procrastinate
from procrastinate import exceptions, jobs, manager
from procrastinate.schema import SchemaManager

from tinct.errors import DatabaseError
from tinct.settings import ORDINARY
from tinct.storage.database import Connection, Database, Row, Schema

__all__ = [
    "DEFER",
    "FORGET_ENDED",
    "Delivered",
    "Queue",
    "Taken",
    "channel_of",
    "lock_waiting",
    "queue_of",
    "schema",
]

_QUEUE: Final = "effects"  # of ordinary jobs
_TASK: Final = "run"

FORGET_ENDED: Final = "DELETE FROM procrastinate_jobs WHERE id = ANY(ARRAY(SELECT entry FROM ended))"
"""Part of a statement: the queue entries of the jobs in the relation ``ended`` go with it."""
DEFER: Final = f"""
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)
SELECT CASE WHEN capability IN ('', '{ORDINARY}') THEN '{_QUEUE}' ELSE '{_QUEUE}.' || capability END, '{_TASK}',
    priority, jsonb_build_object('job_id', id)
FROM accepted ORDER BY ordinality
RETURNING id AS entry, args ->> 'job_id' AS job_id
"""
"""Part of a statement: entries for the jobs in the relation ``accepted``, in the order of its ``ordinality``."""
_TAKE: Final = """
WITH turns AS MATERIALIZED (
    SELECT procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker)s) AS one
    FROM generate_series(1, %(most)s)
), taken AS MATERIALIZED (
    SELECT (one).id, (one).args FROM turns WHERE (one).id IS NOT NULL
), claimed AS ({claim})
SELECT taken.id AS taken, taken.args ->> 'job_id' AS taken_job, claimed.*
FROM taken LEFT JOIN claimed ON claimed.entry = taken.id
"""


class Taken(NamedTuple):
    """An entry that a worker has taken."""

    entry: int
    job_id: str
    claimed: Row | None
    """The job's row, if it was claimed when the entry was taken."""


class Delivered(NamedTuple):
    """A queue entry and the job it is for."""

    entry: int
    job_id: str


def schema() -> Schema:
    """Tables of the queue, for `tinct.storage.database.Database.open`."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    steps = ((f"queue/{file.name}", file.read_text(encoding="utf-8")) for file in files)
    return Schema(SchemaManager.get_schema(), tuple(steps))


class Queue:
    """Entries of one database's queue, and the workers that take them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connector = procrastinate.PsycopgConnector()
        self._manager = manager.JobManager(self._connector)

    async def open(self) -> None:
        """Use the database's connections. What the queue itself commits would only be done again after a crash."""
        await self._connector.open_async(pool=cast(Any, self._database.relaxed))

    async def add(
        self,
        connection: Connection,
        job_id: str,
        *,
        priority: int,
        capability: str = "",
    ) -> int:
        """Add an entry in the caller's transaction, for workers with a capability if one is named.

        Returns
        -------
        int
            Number of the entry; later entries have higher numbers.
        """
        job = jobs.Job(
            id=None,
            queue=queue_of(capability),
            task_name=_TASK,
            task_kwargs={"job_id": job_id},
            priority=priority,
            lock=None,
            queueing_lock=None,
        )
        added = await self._manager.defer_job_async(job, connection=connection)
        assert added.id is not None
        return added.id

    async def remove(self, connection: Connection, entry: int) -> None:
        """Remove an entry that waits, in the caller's transaction; one that a worker has taken is left to it."""
        await self._manager.cancel_job_by_id_async(entry, delete_job=True, connection=connection)

    async def has(self, connection: Connection, entry: int) -> bool:
        """True if an entry waits or is worked on."""
        cursor = await connection.execute("SELECT 1 FROM procrastinate_jobs WHERE id = %s", (entry,))
        return await cursor.fetchone() is not None

    async def stalled(self, seconds: float) -> list[Delivered]:
        """Entries whose workers gave no sign of life for `seconds`.

        A sign from the future was given before the clock was set back, and counts as one of now.
        """
        await self._database.run(
            "UPDATE procrastinate_workers SET last_heartbeat = now()"
            " WHERE last_heartbeat > now() + make_interval(secs => %s)",
            (seconds,),
        )
        found = await self._manager.get_stalled_jobs(task_name=_TASK, seconds_since_heartbeat=seconds)
        return [Delivered(job.id, str(job.task_kwargs["job_id"])) for job in found if job.id is not None]

    async def forget(self, entry: int) -> None:
        """Delete an entry, whoever has it."""
        with contextlib.suppress(exceptions.ConnectorException):  # another sweep was faster
            await self._manager.finish_job_by_id_async(entry, jobs.Status.FAILED, delete_job=True)

    async def raise_priority(self, connection: Connection, entries: list[int], priority: int) -> None:
        """Let waiting entries run earlier, in the caller's transaction."""
        await connection.execute(
            "UPDATE procrastinate_jobs SET priority = %s WHERE id = ANY(%s) AND status = 'todo'",
            (priority, entries),
        )

    async def undelivered(self, state: str) -> list[str]:
        """Jobs in a state that needs a queue entry but whose entry is gone; at most 1,000."""
        rows = await self._database.all(
            "SELECT j.id FROM jobs j LEFT JOIN procrastinate_jobs q ON q.id = j.entry"
            " WHERE j.state = %s AND q.id IS NULL LIMIT 1000",
            (state,),
        )
        return [row["id"] for row in rows]

    # -- workers ----------------------------------------------------------------------------------

    async def join(self, stalled_s: float) -> int:
        """A new worker; its number. Forgets those that gave no sign of life for `stalled_s` seconds.

        Raises
        ------
        DatabaseError
            As for everything below, the database cannot be reached.
        """
        with _translated():
            await self._manager.prune_stalled_workers(stalled_s)
            return await self._manager.register_worker()

    async def beat(self, worker: int) -> bool:
        """A sign of life; False if others have taken this worker for dead, and its entries are theirs."""
        with _translated():
            await self._manager.update_heartbeat(worker)
        return (
            await self._database.one("SELECT 1 FROM procrastinate_workers WHERE id = %s", (worker,))
            is not None
        )

    async def leave(self, worker: int) -> None:
        """The worker takes no more; entries that it still has go to others."""
        with _translated():
            await self._manager.unregister_worker(worker)

    async def take(self, worker: int, queues: Sequence[str], most: int, claim: LiteralString) -> list[Taken]:
        """Take entries of some queues, the next ones first, and claim their jobs in the same statement.

        Parameters
        ----------
        claim : str
            A statement that claims the jobs of the relation ``taken`` (``id`` of the entry, and the job's in ``args``)
            and returns their rows. It does not see a job that was added a moment before its entry was taken.
        """
        async with self._database.connection(durable=False) as connection:
            cursor = await connection.execute(
                _TAKE.format(claim=claim), {"queues": list(queues), "worker": worker, "most": most}
            )
            rows = await cursor.fetchall()
        rows.sort(key=lambda row: int(row["taken"]))
        return [Taken(row["taken"], row["taken_job"], row if row["id"] is not None else None) for row in rows]

    async def held(self, worker: int) -> list[int]:
        """Entries that a worker has taken and that are there still."""
        rows = await self._database.all(
            "SELECT id FROM procrastinate_jobs WHERE worker_id = %s AND status = 'doing'", (worker,)
        )
        return [row["id"] for row in rows]

    async def drop(self, entry: int) -> None:
        """Delete an entry that this worker has taken, if it is still there."""
        async with self._database.connection(durable=False) as connection:
            await connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (entry,))


async def lock_waiting(connection: Connection, job_id: str) -> None:
    """Lock the entry by which a job waits, in the caller's transaction, before the job's own row is locked.

    Who takes an entry locks it and then its job; who locks the job first and then its entry meets that one halfway, and
    the database ends one of the two.
    """
    await connection.execute(
        "SELECT 1 FROM procrastinate_jobs WHERE id = (SELECT entry FROM jobs WHERE id = %s) AND status = 'todo'"
        " FOR UPDATE",
        (job_id,),
    )


def queue_of(capability: str) -> str:
    """Where jobs wait that need a capability; none is for ordinary ones."""
    return _QUEUE if capability in ("", ORDINARY) else f"{_QUEUE}.{capability}"


def channel_of(queue: str) -> str:
    """Where it is told that an entry was added to a queue."""
    (channel,) = manager.get_channel_for_queues([queue])
    return channel


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exceptions.ConnectorException:
        raise DatabaseError("the queue cannot be reached; try again in a few seconds") from None
