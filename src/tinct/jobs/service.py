"""What the rest of the program can do with jobs: submit, look, wait, cancel, delete."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from tinct.accounts.prices import Prices
from tinct.errors import (
    IdempotencyError,
    JobCancelledError,
    JobDeletedError,
    JobMissingError,
    ParameterError,
)
from tinct.jobs.callbacks.outbox import drop
from tinct.jobs.capabilities import Capabilities
from tinct.jobs.changes import Changes
from tinct.jobs.file import FileState, close
from tinct.jobs.files import Files
from tinct.jobs.inserting import Accepted, Inserting, alone, insert
from tinct.jobs.job import Failure, Job, JobState, Order, Page, file_ids
from tinct.jobs.leases import Leases, patience
from tinct.jobs.moves import end
from tinct.jobs.orders import check, deadline, failure_at_birth, price, prompt_of
from tinct.jobs.positions import Positions
from tinct.jobs.prompts import Prompts
from tinct.jobs.queue import Queue
from tinct.jobs.repeats import Repeats
from tinct.jobs.rows import job_of
from tinct.jobs.statistics import Statistic, statistics
from tinct.settings import Settings
from tinct.storage.blobs import Blobs
from tinct.storage.database import Connection, Database, Duplicate, Row, storable
from tinct.storage.ids import new_id
from tinct.storage.together import Together

__all__ = ["Jobs", "Submission"]

_KEEP_ALIVE_S: Final = 15.0
_MOST_PER_PAGE: Final = 500
_CROWD: Final = 10_000  # more jobs than come in a second: so near the most, each is counted
_PAYERS: Final = 10_000  # accounts that are remembered
# Orders may hold one in so many connections: those of one account wait for each other inside
_SHARE: Final = 3
_LIST: Final = """
SELECT * FROM jobs WHERE account_id = %(account)s AND deleted_at IS NULL
    AND (%(cursor)s::bigint IS NULL OR sequence < %(cursor)s)
    AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
    AND (%(effect)s::text IS NULL OR effect = %(effect)s)
    AND (%(dialect)s::text IS NULL OR dialect = %(dialect)s)
    AND (%(batch)s::text IS NULL OR batch = %(batch)s)
ORDER BY sequence DESC LIMIT %(limit)s
"""
_UNSENT: Final = frozenset({FileState.DECLARED})
_EXPIRED: Final = frozenset({FileState.GONE})


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What became of an order."""

    job: Job
    replayed: bool
    """True: the idempotency key was known, and this is the job it led to."""


class Jobs:
    """The jobs of all accounts. Every method takes the account that asks, and shows it its own jobs only."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        changes: Changes,
        capabilities: Capabilities,
        files: Files,
        blobs: Blobs,
        prices: Prices,
        prompts: Prompts,
        settings: Settings,
    ) -> None:
        self._database = database
        self._queue = queue
        self._changes = changes
        self._capabilities = capabilities
        self._files = files
        self._blobs = blobs
        self._prices = prices
        self._prompts = prompts
        self._settings = settings
        self._positions = Positions(database)
        self._rows = Together(self._find)
        self._inserting = Inserting(database)
        self._payers: set[str] = set()  # accounts that were seen to hold credits; only a hint
        self.turns = asyncio.Semaphore(max(1, settings.database_connections // _SHARE))
        """Of orders: `submit` takes one, a wire format one for what comes before. Who only asks never waits for one."""
        self.leases = Leases(database)
        """Who asked for which job."""
        self.repeats = Repeats(database, files, settings)
        """Orders by their idempotency keys."""

    async def submit(
        self, order: Order, *, contents: Mapping[str, str] | None = None, failure: Failure | None = None
    ) -> Submission:
        """Accept an order: job, held credits and queue entry become real together, or not at all.

        An order that is known by its idempotency key is found before anything else is looked at, so that neither
        a full queue, a full disk nor a file that has gone refuses it.

        Parameters
        ----------
        order : Order
        contents : mapping of str to str, optional
            What else is known of its inputs' bytes, by `Remembered.contents`' names.
        failure : Failure, optional
            The job has failed before it began, because of this; inputs may be missing.

        Raises
        ------
        ParameterError
            No such effect, or a parameter, input, format or quality that it does not take.
        FileMissingError
            An input is not there.
        CreditError
            The account has too few credits.
        IdempotencyError
            The idempotency key, or an alias, was used for another order.
        EffectRefusedError
            The operator does not allow this effect.
        JobTooLongError
            It would run longer than the operator allows.
        NoWorkerError, NoGeneratorError
            No worker that is there can do what it needs.
        UnsafePromptError, PromptHookError
            Its prompt does not pass.
        QueueFullError, StorageFullError
            There is no room for more work now.
        """
        async with self.turns:
            with nullcontext() if order.lease_s is None else self.leases.arriving():
                submission = await self._submit(order, contents or {}, failure)
                self.leases.asked(submission.job)  # its lease begins with the answer, however long that takes
        return submission

    async def _submit(self, order: Order, contents: Mapping[str, str], failure: Failure | None) -> Submission:
        effect = check(order, self._settings, complete=failure is None)
        if order.idempotency_key is not None:
            known_order = await self.repeats.find(order.account, order.idempotency_key)
            if known_order is not None:
                await self.repeats.check(order, known_order, contents)
                return Submission(job=await self.get(order.account, known_order.job_id), replayed=True)
        capability = effect.capability(order.inputs, order.params)
        if capability and failure is None:
            await self._capabilities.require(effect.name, capability)
        if failure is None and (prompt := prompt_of(order, effect)):
            await self._prompts.check(prompt, order.account, effect.name)
        absent = _UNSENT | _EXPIRED if order.expired_inputs_fail else _UNSENT
        files = await self._files.get_many(order.account, file_ids(order.inputs), absent=absent)
        self._blobs.check_room()
        failure = failure or failure_at_birth(files)
        deadline_s = (
            self._settings.job_deadline_s if failure else deadline(order, effect, files, self._settings)
        )
        crowded = await self._positions.waiting() + _CROWD >= self._settings.max_queued_jobs
        credits = 0 if failure else price(order, effect, files, self._prices)
        job_id, known = new_id("job"), None
        accepted = Accepted(job_id, credits, deadline_s, capability, waits=failure is None)
        holds = credits and order.account in self._payers
        try:
            if not (crowded or failure or holds) and alone(order, files):
                job = await self._inserting.insert(order, accepted, self._settings)
                if job is not None:
                    return Submission(job=job, replayed=False)
                self._note_payer(order.account)
            async with self._database.transaction() as connection:
                if order.idempotency_key is not None:
                    held = {file_id: file.etag for file_id, file in files.items()}
                    known = await self.repeats.remember(connection, order, held | dict(contents), job_id)
                if known is None:
                    if crowded:
                        await self._positions.admit(connection, self._settings.max_queued_jobs)
                    job = await insert(connection, order, accepted, self._settings)
                    if failure is not None:
                        job = await end(connection, job_id, JobState.FAILED, failure=failure) or job
                    await close(connection, files)
                    return Submission(job=job, replayed=False)
            return Submission(job=await self.get(order.account, known), replayed=True)
        except Duplicate:
            raise IdempotencyError("another job has one of these ids already; choose new ids") from None

    async def get(self, account: str, job_id: str) -> Job:
        """One job.

        Raises
        ------
        JobDeletedError
            Its owner deleted it.
        JobMissingError
            Unknown, or someone else's.
        """
        if not storable(job_id):
            raise _missing()
        return self._asked(await self._rows.ask(job_id), account)

    async def find(self, account: str, kind: str, value: str) -> Job:
        """The job that was submitted with the alias `value` of this kind. Raises as `get`."""
        if not storable(value):
            raise _missing()
        row = await self._database.one(
            "SELECT j.* FROM jobs j JOIN job_aliases a ON a.job_id = j.id WHERE a.kind = %s AND a.value = %s",
            (kind, value),
        )
        return self._asked(row, account)

    async def wait(self, account: str, job_id: str, seconds: float) -> Job:
        """The job as soon as it has ended, or as it is after `seconds`. Raises as `get`."""
        until = time.monotonic() + seconds
        with self._changes.watch(job_id) as watch:
            job = await self.get(account, job_id)
            while not job.state.final and (left := until - time.monotonic()) > 0:
                if await watch.wait(patience(job, left)) or job.lease_s is not None:
                    job = await self.get(account, job_id)
            return job

    async def events(self, account: str, job_id: str, after: int = 0) -> AsyncIterator[Job | None]:
        """Every newer state of a job, until it has ended. Who listens asks for it all the time.

        Parameters
        ----------
        after : int
            Revision that the caller has seen last; only newer ones come.

        Yields
        ------
        Job or None
            Snapshots of growing revision; None after 15 s without news. Raises as `get`, when first asked.
        """
        with self._changes.watch(job_id) as watch:
            while True:
                job = await self.get(account, job_id)
                if job.revision > after:
                    after = job.revision
                    yield job
                if job.state.final:
                    return
                while not await watch.wait(patience(job, _KEEP_ALIVE_S)):
                    self.leases.asked(job)
                    yield None

    async def position(self, job: Job) -> int:
        """Place in the queue: 1 is next; 0 for a job that does not wait."""
        return await self._positions.of(job)

    async def list(
        self,
        account: str,
        *,
        states: Sequence[JobState] = (),
        effect: str | None = None,
        dialect: str | None = None,
        batch: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """An account's jobs, newest first, deleted ones left out.

        Raises
        ------
        ParameterError
            The cursor is not one that a page gave, or the limit is not 1..500.
        """
        if not 1 <= limit <= _MOST_PER_PAGE:
            raise ParameterError("limit", limit, f"1 to {_MOST_PER_PAGE}")
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise ParameterError("cursor", cursor, "the next_cursor of a page")
        if not storable(f"{effect}{dialect}{batch}"):
            return Page(jobs=(), next_cursor=None)
        rows = await self._database.all(
            _LIST,
            {
                "account": account,
                "cursor": int(cursor) if cursor is not None else None,
                "states": [state.value for state in states] or None,
                "effect": effect,
                "dialect": dialect,
                "batch": batch,
                "limit": limit + 1,
            },
        )
        jobs = tuple(job_of(row) for row in rows[:limit])
        return Page(jobs=jobs, next_cursor=str(jobs[-1].sequence) if len(rows) > limit else None)

    async def cancel(self, account: str, job_id: str) -> Job:
        """End a job that has not ended; one that has is given back as it is. Raises as `get`.

        A waiting job never starts. A running one is final at once, and its process ends within a second.
        """
        job = await self.get(account, job_id)
        if job.state.final:
            return job
        failure = Failure.of(JobCancelledError())
        async with self._database.transaction() as connection:
            ended = await end(connection, job_id, JobState.CANCELLED, failure=failure)
            if ended is not None:
                await self._remove_entry(connection, job_id)
        return ended or await self.get(account, job_id)

    async def delete(self, account: str, job_id: str) -> None:
        """Cancel a job if it has not ended, and remove it with its results; nobody is told. Raises as `get`."""
        await self.get(account, job_id)
        async with self._database.transaction() as connection:
            if (
                await end(connection, job_id, JobState.CANCELLED, failure=Failure.of(JobCancelledError()))
                is not None
            ):
                await self._remove_entry(connection, job_id)
            await drop(connection, job_id)
            deleted = await connection.execute(
                "UPDATE jobs SET deleted_at = now(), revision = revision + 1, params = '{}', facts = '{}', meta = '{}',"
                " results = '[]' WHERE id = %s AND deleted_at IS NULL",
                (job_id,),
            )
            if not deleted.rowcount:  # somebody else was faster
                raise _deleted()
            cursor = await connection.execute(
                "UPDATE files SET state = 'deleted' WHERE job_id = %s AND state <> 'gone'"
                " AND role IS DISTINCT FROM 'withdrawn' RETURNING id, key",
                (job_id,),
            )
            rows = await cursor.fetchall()
        await self._files.remove(rows)

    async def depth(self) -> dict[str, int]:
        """Jobs that wait and that run."""
        row = await self._database.one("SELECT count(*) AS jobs FROM jobs WHERE state = 'running'")
        return {"queued": await self._positions.waiting(), "running": row["jobs"] if row else 0}

    async def waiting(self) -> dict[str, int]:
        """Jobs that wait, by the capability that they need."""
        return await self._positions.waiting_by_capability()

    async def statistics(self) -> tuple[Statistic, ...]:
        """Sums over all ended jobs, by effect, state and failure code."""
        return await statistics(self._database)

    def _note_payer(self, account: str) -> None:
        if len(self._payers) >= _PAYERS:
            self._payers.clear()
        self._payers.add(account)

    def _asked(self, row: Row | None, account: str) -> Job:
        """The job of a row, whose lease is renewed thereby."""
        job = _visible(row, account)
        self.leases.asked(job)
        return job

    async def _find(self, ids: Sequence[str]) -> Sequence[Row | None]:
        if len(ids) == 1:  # which is planned once; a list is planned anew for each length
            return [await self._database.one("SELECT * FROM jobs WHERE id = %s", ids)]
        rows = await self._database.all("SELECT * FROM jobs WHERE id = ANY(%s)", (list(set(ids)),))
        found = {row["id"]: row for row in rows}
        return [found.get(job_id) for job_id in ids]

    async def _remove_entry(self, connection: Connection, job_id: str) -> None:
        row = await (await connection.execute("SELECT entry FROM jobs WHERE id = %s", (job_id,))).fetchone()
        if row is not None and row["entry"] is not None:
            await self._queue.remove(connection, row["entry"])


def _visible(row: Row | None, account: str) -> Job:
    if row is None or row["account_id"] != account:
        raise _missing()
    if row["deleted_at"] is not None:
        raise _deleted()
    return job_of(row)


def _missing() -> JobMissingError:
    return JobMissingError("there is no such job; it may have been removed some time after its end")


def _deleted() -> JobDeletedError:
    return JobDeletedError("the job was deleted")
