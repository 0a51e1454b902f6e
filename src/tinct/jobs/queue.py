"""The queue, and the only module that imports procrastinate.

A queue entry carries a job's id and nothing else. The jobs table decides whether the entry may still run it, so an
entry that is delivered late or twice does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString, NamedTuple, cast

import procrastinate
from procrastinate import exceptions, jobs, manager, worker
from procrastinate.schema import SchemaManager

from tinct.settings import ORDINARY, Settings
from tinct.storage.database import Connection, Database, Row, Schema

__all__ = ["FORGET_ENDED", "Delivered", "Handler", "Queue", "schema"]

_log = logging.getLogger(__name__)
_QUEUE: Final = "effects"  # of ordinary jobs
_TASK: Final = "run"
_POLL_S: Final = 2.0  # seconds between two looks when no notification arrives
_RECONNECT_S: Final = 1.0

FORGET_ENDED: Final = "DELETE FROM procrastinate_jobs USING ended WHERE procrastinate_jobs.id = ended.entry"
"""Part of a statement: the queue entries of the jobs in the relation ``ended`` go with it."""
_TAKE: Final = """
WITH taken AS MATERIALIZED (SELECT * FROM procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker_id)s)),
    claimed AS ({claim})
SELECT taken.id AS taken_id, taken.status AS taken_status, taken.priority AS taken_priority, lock, queueing_lock,
    task_name, args, scheduled_at, queue_name, attempts, abort_requested, worker_id, claimed.*
FROM taken LEFT JOIN claimed ON true
"""
Handler = Callable[[str, int, Row | None], Awaitable[bool]]
"""Told a job's id, the number of the queue entry that delivers it, and the job's row if it was claimed when the entry
was taken; tells whether the entry has gone with the job's end. Deals with every error itself.
"""


class Delivered(NamedTuple):
    """A queue entry and the job it is for."""

    entry: int
    job_id: str


def schema() -> Schema:
    """Tables of the queue, for `tinct.storage.database.Database.open`."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    steps = ((f"queue/{file.name}", file.read_text(encoding="utf-8")) for file in files)
    return Schema(SchemaManager.get_schema(), tuple(steps))


class _Manager(manager.JobManager):
    """Takes an entry and claims its job in one statement, and lets entries be that are gone already."""

    def __init__(self, connector: procrastinate.PsycopgConnector) -> None:
        super().__init__(connector)
        self.take: LiteralString = ""
        self.claimed: dict[int, Row] = {}
        self.gone: set[int] = set()

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        row = await self.connector.execute_query_one_async(self.take, queues=queues, worker_id=worker_id)
        entry = row["taken_id"]
        if entry is None:
            return None
        if row["id"] is not None:
            self.claimed[entry] = row
        columns = {name: row[f"taken_{name}"] for name in ("id", "status", "priority")}
        return jobs.Job.from_row(row | columns)

    async def finish_job(self, job: jobs.Job, status: jobs.Status, delete_job: bool) -> None:
        assert job.id is not None
        self.claimed.pop(job.id, None)
        if job.id in self.gone:
            self.gone.discard(job.id)
        else:
            await self.connector.execute_query_async(
                "DELETE FROM procrastinate_jobs WHERE id = %(entry)s", entry=job.id
            )


class Queue:
    """Entries of one database's queue; adding to it and working it off."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connector = procrastinate.PsycopgConnector()
        self._app = procrastinate.App(connector=self._connector)
        self._app.job_manager = self._manager = _Manager(self._connector)

    async def open(self) -> None:
        """Use the database's connections. What the queue itself commits would only be done again after a crash."""
        await self._connector.open_async(pool=cast(Any, self._database.relaxed))

    async def add(
        self,
        connection: Connection,
        job_id: str,
        *,
        priority: int,
        delay_s: float = 0.0,
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
            queue=_queue(capability),
            task_name=_TASK,
            task_kwargs={"job_id": job_id},
            priority=priority,
            lock=None,
            queueing_lock=None,
            scheduled_at=datetime.now(UTC) + timedelta(seconds=delay_s) if delay_s else None,
        )
        added = await self._app.job_manager.defer_job_async(job, connection=connection)
        assert added.id is not None
        return added.id

    async def remove(self, connection: Connection, entry: int) -> None:
        """Remove an entry that waits, in the caller's transaction; one that a worker has taken is left to it."""
        await self._app.job_manager.cancel_job_by_id_async(entry, delete_job=True, connection=connection)

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
        found = await self._app.job_manager.get_stalled_jobs(task_name=_TASK, seconds_since_heartbeat=seconds)
        return [Delivered(job.id, str(job.task_kwargs["job_id"])) for job in found if job.id is not None]

    async def forget(self, entry: int) -> None:
        """Delete an entry, whoever has it."""
        with contextlib.suppress(exceptions.ConnectorException):  # another sweep was faster
            await self._app.job_manager.finish_job_by_id_async(entry, jobs.Status.FAILED, delete_job=True)

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

    async def work(
        self,
        handler: Handler,
        claim: LiteralString,
        settings: Settings,
        stop: asyncio.Event,
        capabilities: Iterable[str],
    ) -> None:
        """Hand entries of some queues to `handler`, ``settings.workers`` at a time, until `stop` is set.

        `claim` is a statement that claims the job of the relation ``taken`` (``id`` of the entry, and the job's in
        ``args``) and returns its row; it does not see a job that was added a moment before the entry was taken.

        Running handlers then get ``settings.shutdown_s`` to finish and are cancelled after that. A lost database ends
        nothing: the queue is joined again as soon as it is back.
        """

        async def run(context: procrastinate.JobContext, job_id: str) -> None:
            entry = context.job.id
            assert entry is not None
            if await handler(job_id, entry, self._manager.claimed.pop(entry, None)):
                self._manager.gone.add(entry)

        self._manager.take = _TAKE.format(claim=claim)
        self._app.tasks.pop(_TASK, None)
        self._app.task(name=_TASK, queue=_QUEUE, pass_context=True)(run)
        queues = [_queue("" if name == ORDINARY else name) for name in sorted(capabilities)]
        while not stop.is_set():
            try:
                await self._work_once(settings, stop, queues)
            except exceptions.ProcrastinateException as error:
                _log.warning("the queue was lost (%s); joining it again", type(error).__name__)
            if not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_RECONNECT_S):
                        await stop.wait()

    async def _work_once(self, settings: Settings, stop: asyncio.Event, queues: list[str]) -> None:
        one = worker.Worker(
            self._app,
            queues=queues,
            concurrency=settings.workers,
            fetch_job_polling_interval=_POLL_S,
            shutdown_graceful_timeout=settings.shutdown_s,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=settings.heartbeat_s,
            stalled_worker_timeout=settings.stalled_s,
        )
        working = asyncio.create_task(one.run())  # type: ignore[no-untyped-call]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            one.stop()  # type: ignore[no-untyped-call]
            while not working.done():  # jobs finish; others must not think that this worker is dead
                await asyncio.wait({working}, timeout=settings.heartbeat_s)
                if not working.done() and one.worker_id is not None:
                    with contextlib.suppress(exceptions.ConnectorException):
                        await self._app.job_manager.update_heartbeat(one.worker_id)
            await working
        finally:
            stopping.cancel()


def _queue(capability: str) -> str:
    """Where jobs wait that need a capability; none is for ordinary ones."""
    return f"{_QUEUE}.{capability}" if capability else _QUEUE
