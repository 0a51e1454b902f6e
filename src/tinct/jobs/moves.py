"""The moves of a job in the database. Each is a compare-and-set: it happens once, or not at all.

Whatever belongs to the end of a job (credits, results, discarded inputs, statistics) happens in the transaction of
the move, so a job that ended is settled, and one that did not is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from tinct.accounts import credits
from tinct.errors import RetriesExhaustedError
from tinct.jobs.callbacks.outbox import announce
from tinct.jobs.file import RESULT_COLUMNS, RESULT_VALUES, File, columns
from tinct.jobs.job import Failure, Job, JobState, Result
from tinct.jobs.queue import FORGET_ENDED, Queue, lock_waiting
from tinct.jobs.rows import job_of, sources
from tinct.storage.database import Connection, Database, Json
from tinct.storage.together import Together

__all__ = ["CLAIM_TAKEN", "Finishing", "claim", "deliver_again", "end", "lose", "report", "requeue"]

_BEGIN: Final = """
UPDATE jobs SET state = 'running', attempt = attempt + 1, progress = 0, started_at = now(), revision = revision + 1
"""
_CLAIM: Final = f"{_BEGIN} WHERE id = %(id)s AND entry = %(entry)s AND state = ANY(%(from)s) RETURNING *"
_BEFORE: Final = ",".join(sources(JobState.RUNNING))
CLAIM_TAKEN: Final = f"""
{_BEGIN} FROM taken
WHERE jobs.id = ANY(ARRAY(SELECT args ->> 'job_id' FROM taken)) AND jobs.entry = taken.id
    AND state = ANY('{{{_BEFORE}}}')
RETURNING jobs.*
"""
"""`claim` as a part of the statement that takes a queue entry."""
_ALONE: Final = "credits = 0 AND callbacks = '[]'"  # nothing else has to be written when such a job ends
_END: Final = f"""
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(ends)s) AS one (id text, state text, before text[], attempt integer,
        results jsonb, files jsonb, facts jsonb, code text, message text)
), ended AS (
    UPDATE jobs SET state = given.state, revision = revision + 1, finished_at = now(), results = given.results,
        facts = given.facts, progress = CASE WHEN given.state = 'succeeded' THEN 1 ELSE progress END,
        failure_code = given.code, failure_message = given.message,
        results_expire_at = now() + make_interval(secs => keep_results_s)
    FROM given
    WHERE jobs.id = ANY(%(ids)s) AND jobs.id = given.id AND jobs.state = ANY(given.before)
        AND (given.attempt IS NULL OR jobs.attempt = given.attempt)
    RETURNING jobs.*, given.files
), stored AS (
    INSERT INTO files ({RESULT_COLUMNS})
    SELECT {RESULT_VALUES} FROM ended, jsonb_populate_recordset(NULL::files, ended.files) AS file
), discarded AS (
    UPDATE files SET expires_at = now()
    WHERE files.job_id IS NULL AND files.id = ANY(ARRAY(
        SELECT named #>> '{{}}' FROM ended, jsonb_path_query(inputs, '$.*[*]') AS named WHERE discard_inputs))
), owned AS (
    UPDATE files SET expires_at = ended.results_expire_at FROM ended
    WHERE files.job_id = ANY(ARRAY(SELECT id FROM ended WHERE owns_inputs))
        AND files.job_id = ended.id AND files.role = 'input'
), forgotten AS (
    {FORGET_ENDED}
), counted AS (
    INSERT INTO statistics AS s (effect, state, code, shard, jobs, waited_s, ran_s)
    SELECT effect, state, coalesce(failure_code, '') AS code, floor(random() * 16), count(*),
        sum(extract(epoch FROM greatest(coalesce(started_at, finished_at) - created_at, interval '0'))),
        sum(extract(epoch FROM greatest(finished_at - coalesce(started_at, finished_at), interval '0')))
    FROM ended WHERE {_ALONE}
    GROUP BY effect, state, coalesce(failure_code, '') ORDER BY effect, state, code
    ON CONFLICT (effect, state, code, shard) DO UPDATE
        SET jobs = s.jobs + excluded.jobs, waited_s = s.waited_s + excluded.waited_s, ran_s = s.ran_s + excluded.ran_s
)
"""
_TOLD: Final = f"{_END} SELECT * FROM ended"
_BRIEF: Final = f"{_END} SELECT id, attempt FROM ended"
_REQUEUE: Final = """
UPDATE jobs SET state = 'queued', progress = 0, entry = %(entry)s, revision = revision + 1
WHERE id = %(id)s AND attempt = %(attempt)s AND state = ANY(%(from)s)
"""
_DELIVER: Final = """
UPDATE jobs SET entry = %(new)s WHERE id = %(id)s AND state = 'queued' AND entry IS NOT DISTINCT FROM %(old)s
"""
_REPORT: Final = """
UPDATE jobs SET progress = %(progress)s, revision = revision + 1
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'running'
"""
_COUNT: Final = """
INSERT INTO statistics AS s (effect, state, code, shard, jobs, waited_s, ran_s)
VALUES (%(effect)s, %(state)s, %(code)s, floor(random() * 16), 1, %(waited)s, %(ran)s)
ON CONFLICT (effect, state, code, shard) DO UPDATE
    SET jobs = s.jobs + 1, waited_s = s.waited_s + excluded.waited_s, ran_s = s.ran_s + excluded.ran_s
"""


class End(NamedTuple):
    """A final state for a job, with everything that belongs to it."""

    job_id: str
    to: JobState
    attempt: int | None = None
    """Only if this attempt is the one that runs; None whatever the attempt."""
    failure: Failure | None = None
    files: Sequence[File] = ()
    """Results, stored already."""
    facts: Mapping[str, Any] | None = None


async def claim(connection: Connection, job_id: str, entry: int) -> Job | None:
    """Begin the next attempt; None if this queue entry may not run the job (any more)."""
    cursor = await connection.execute(
        _CLAIM, {"id": job_id, "entry": entry, "from": sources(JobState.RUNNING)}
    )
    row = await cursor.fetchone()
    return job_of(row) if row is not None else None


async def report(connection: Connection, job_id: str, attempt: int, progress: float) -> bool:
    """Store how far an attempt is, 0..1; False if it is not running any more."""
    cursor = await connection.execute(_REPORT, {"id": job_id, "attempt": attempt, "progress": progress})
    return cursor.rowcount == 1


async def end(
    connection: Connection,
    job_id: str,
    to: JobState,
    *,
    attempt: int | None = None,
    failure: Failure | None = None,
    files: Sequence[File] = (),
    facts: Mapping[str, Any] | None = None,
) -> Job | None:
    """Move a job to a final state with everything that belongs to it, in the caller's transaction.

    Parameters
    ----------
    attempt : int, optional
        Only if this attempt is the one that runs; None whatever the attempt.
    files : sequence of File
        Results, stored already.

    Returns
    -------
    Job or None
        None if the move is not allowed (any more); then nothing was changed.
    """
    one = End(job_id, to, attempt, failure, files, facts)
    if attempt is None:  # it may wait still
        await lock_waiting(connection, job_id)
    cursor = await connection.execute(_TOLD, _values([one]))
    row = await cursor.fetchone()
    if row is None:
        return None
    job = job_of(row)
    if _alone(job):
        return job
    if job.credits:
        move = credits.charge if to is JobState.SUCCEEDED else credits.release
        await move(connection, job.account, job.id)
    await announce(connection, row)
    await _count(connection, job)
    return job


class Finishing:
    """`end` for attempts that a worker has run, by itself. Ends that come at the same moment are one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ends = Together(self._end)

    async def finish(
        self,
        job: Job,
        to: JobState,
        *,
        failure: Failure | None = None,
        files: Sequence[File] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> bool:
        """End the attempt of `job`; False if the move is not allowed (any more). Parameters as of `end`."""
        one = End(job.id, to, job.attempt, failure, files, facts)
        if _alone(job) and job.lease_s is None:  # who asks for leased jobs locks several, in another order
            return await self._ends.ask(one)
        async with self._database.transaction() as connection:
            return await end(connection, **one._asdict()) is not None

    async def _end(self, ends: Sequence[End]) -> Sequence[bool]:
        rows = await self._database.all(_BRIEF, _values(ends))
        ended = {(row["id"], row["attempt"]) for row in rows}
        return [(one.job_id, one.attempt) in ended for one in ends]


def _alone(job: Job) -> bool:
    """Whether `end` is one statement for this job, which needs no transaction around it."""
    return not (job.credits or job.callbacks)


def _values(ends: Sequence[End]) -> dict[str, Any]:
    return {"ids": [one.job_id for one in ends], "ends": Json([_record(one) for one in ends])}


def _record(one: End) -> dict[str, Any]:
    """An end as a row of the relation ``given``."""
    return {
        "id": one.job_id,
        "state": one.to.value,
        "before": sources(one.to),
        "attempt": one.attempt,
        "results": [vars(_result(file)) for file in one.files],
        "files": [columns(file) for file in one.files],
        "facts": dict(one.facts or {}),
        "code": one.failure.code if one.failure else None,
        "message": one.failure.message if one.failure else None,
    }


async def requeue(connection: Connection, queue: Queue, job: Job) -> bool:
    """Give the job of a lost attempt to the next worker, in the caller's transaction; False if it is not running."""
    entry = await queue.add(connection, job.id, priority=job.priority, capability=job.capability)
    parameters = {"id": job.id, "attempt": job.attempt, "entry": entry, "from": sources(JobState.QUEUED)}
    cursor = await connection.execute(_REQUEUE, parameters)
    if cursor.rowcount != 1:
        await queue.remove(connection, entry)
        return False
    return True


async def lose(connection: Connection, queue: Queue, job: Job, attempts: int) -> None:
    """An attempt lost its process: the next one, or the end after `attempts`, in the caller's transaction."""
    if job.attempt < attempts:
        again = await requeue(connection, queue, job)
    else:
        failure = Failure.of(RetriesExhaustedError(job.attempt))
        again = None is not await end(
            connection, job.id, JobState.RETRIES_EXHAUSTED, attempt=job.attempt, failure=failure
        )
    if again:
        await connection.execute(
            _COUNT, {"effect": job.effect, "state": "lost", "code": "", "waited": 0.0, "ran": 0.0}
        )


async def deliver_again(connection: Connection, queue: Queue, job: Job, old: int | None) -> None:
    """A new queue entry for a waiting job whose entry was delivered to nobody, in the caller's transaction."""
    new = await queue.add(connection, job.id, priority=job.priority, capability=job.capability)
    cursor = await connection.execute(_DELIVER, {"id": job.id, "new": new, "old": old})
    if cursor.rowcount != 1:
        await queue.remove(connection, new)


async def _count(connection: Connection, job: Job) -> None:
    """Add an ended job to the statistics. The last statement, as it locks a row that others want."""
    assert job.finished_at is not None
    started = job.started_at or job.finished_at
    await connection.execute(
        _COUNT,
        {
            "effect": job.effect,
            "state": job.state.value,
            "code": job.failure.code if job.failure else "",
            "waited": max((started - job.created_at).total_seconds(), 0.0),
            "ran": max((job.finished_at - started).total_seconds(), 0.0),
        },
    )


def _result(file: File) -> Result:
    seen = file.photo or file.clip
    return Result(
        file_id=file.id,
        media_type=file.media_type,
        size=file.size,
        width=seen.width if seen else None,
        height=seen.height if seen else None,
        role=file.role or "main",
    )
