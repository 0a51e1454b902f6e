"""An accepted order becomes a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from tinct.accounts.credits import hold
from tinct.errors import KeyRefusedError
from tinct.jobs.file import File
from tinct.jobs.job import Job, Order, file_ids
from tinct.jobs.queue import DEFER
from tinct.jobs.rows import job_of
from tinct.settings import Settings
from tinct.storage.database import Connection, Database, Json
from tinct.storage.together import Together

__all__ = ["Accepted", "Inserting", "alone", "insert"]

_GIVEN: Final = (  # columns of a job that its order decides
    *("id", "account_id", "effect", "params", "inputs", "format", "quality", "priority", "deadline_s"),
    *("keep_results_s", "discard_inputs", "owns_inputs", "credits", "lease_s", "callbacks", "dialect"),
    *("aliases", "meta", "batch", "metadata", "screened", "capability"),
)
_PAID: Final = "CASE WHEN unlimited THEN 0 ELSE credits END"
_INSERT: Final = f"""
WITH accepted AS MATERIALIZED (
    SELECT given.*, unlimited FROM jsonb_populate_recordset(NULL::jobs, %(jobs)s) WITH ORDINALITY AS given
    JOIN accounts ON accounts.id = given.account_id
    WHERE revoked_at IS NULL AND (unlimited OR credits = 0 OR NOT %(alone)s)
), deferred AS MATERIALIZED ({{entries}})
INSERT INTO jobs ({", ".join(_GIVEN)}, entry, asked_at)
SELECT {", ".join(_PAID if name == "credits" else name for name in _GIVEN)}, deferred.entry, clock_timestamp()
FROM accepted LEFT JOIN deferred ON job_id = id ORDER BY ordinality
RETURNING *
"""
_WAITING: Final = _INSERT.format(entries=DEFER)
_BORN_DEAD: Final = _INSERT.format(entries="SELECT NULL::text AS job_id, NULL::bigint AS entry WHERE false")
_OWN: Final = """
UPDATE files SET job_id = %(job)s, role = 'input',
    expires_at = GREATEST(expires_at, now() + make_interval(secs => %(keep)s))
WHERE id = ANY(%(ids)s) AND job_id IS NULL
"""


class Accepted(NamedTuple):
    """What was decided of an order."""

    job_id: str
    credits: int
    """Its price."""
    deadline_s: float
    capability: str
    """What a worker needs for it."""
    waits: bool
    """True: it gets a queue entry; False for a job that has failed already."""


def alone(order: Order, files: Mapping[str, File]) -> bool:
    """Whether an order is one statement where it costs nothing, which needs no transaction around it."""
    more = order.idempotency_key or order.owns_inputs or order.aliases
    return not more and not any(file.open for file in files.values())


class Inserting:
    """Jobs that are one statement each, with their queue entries; what comes while one is made is one together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together = Together(self._insert)

    async def insert(self, order: Order, accepted: Accepted, settings: Settings) -> Job | None:
        """Make the job and its queue entry; None, and nothing is made, if credits have to be held."""
        return await self._together.ask(_columns(order, accepted, settings))

    async def _insert(self, jobs: Sequence[Mapping[str, Any]]) -> Sequence[Job | None]:
        rows = await self._database.all(_WAITING, {"jobs": Json(jobs), "alone": True})
        made = {row["id"]: job_of(row) for row in rows}
        return [made.get(job["id"]) for job in jobs]


async def insert(connection: Connection, order: Order, accepted: Accepted, settings: Settings) -> Job:
    """Make the job and its queue entry, hold its credits and take its inputs over, in the caller's transaction.

    Raises
    ------
    KeyRefusedError
        There is no such account.
    """
    values = {"jobs": Json([_columns(order, accepted, settings)]), "alone": False}
    cursor = await connection.execute(_WAITING if accepted.waits else _BORN_DEAD, values)
    row = await cursor.fetchone()
    if row is None:
        raise KeyRefusedError("there is no such account")
    if row["credits"]:
        await hold(
            connection, order.account, accepted.job_id, row["credits"], note=order.tool or order.effect
        )
    if order.owns_inputs:
        owned = {"job": accepted.job_id, "keep": settings.keep_jobs_s, "ids": file_ids(order.inputs)}
        await connection.execute(_OWN, owned)
    for kind, value in order.aliases.items():
        await connection.execute(
            "INSERT INTO job_aliases VALUES (%s, %s, %s)", (kind, value, accepted.job_id)
        )
    return job_of(row)


def _columns(order: Order, accepted: Accepted, settings: Settings) -> dict[str, Any]:
    """A job as a row of the relation ``given``."""
    return {
        "id": accepted.job_id,
        "account_id": order.account,
        "effect": order.effect,
        "params": dict(order.params),
        "inputs": dict(order.inputs),
        "format": order.format,
        "quality": order.quality,
        "priority": order.priority,
        "deadline_s": accepted.deadline_s,
        "lease_s": order.lease_s,
        "callbacks": [dataclasses.asdict(callback) for callback in order.callbacks],
        "keep_results_s": order.keep_results_s or settings.keep_results_s,
        "discard_inputs": order.discard_inputs,
        "owns_inputs": order.owns_inputs,
        "credits": accepted.credits,
        "dialect": order.dialect,
        "aliases": dict(order.aliases),
        "meta": dict(order.meta),
        "batch": order.batch,
        "metadata": order.metadata,
        "screened": order.screened,
        "capability": accepted.capability,
    }
