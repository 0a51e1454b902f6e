"""An accepted order becomes a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tinct.accounts.credits import hold
from tinct.errors import KeyRefusedError
from tinct.jobs.file import File
from tinct.jobs.job import Job, Order, file_ids
from tinct.jobs.queue import DEFER, queue_of
from tinct.jobs.rows import job_of
from tinct.settings import Settings
from tinct.storage.database import Connection, Database, Json

__all__ = ["Accepted", "alone", "insert", "insert_alone"]

_INSERT: Final = """
WITH account AS MATERIALIZED (
    SELECT id, unlimited FROM accounts
    WHERE id = %(account)s AND revoked_at IS NULL AND (unlimited OR %(credits)s = 0 OR NOT %(alone)s)
), deferred AS MATERIALIZED ({entry} FROM account)
INSERT INTO jobs (id, account_id, effect, params, inputs, format, quality, priority, deadline_s, keep_results_s,
    discard_inputs, owns_inputs, credits, lease_s, callbacks, dialect, aliases, meta, entry, batch,
    metadata, screened, capability, asked_at)
SELECT %(id)s, account.id, %(effect)s, %(params)s, %(inputs)s, %(format)s, %(quality)s, %(priority)s, %(deadline)s,
    %(keep)s, %(discard)s, %(owns)s, CASE WHEN unlimited THEN 0 ELSE %(credits)s::integer END,
    %(lease)s::double precision, %(callbacks)s, %(dialect)s, %(aliases)s, %(meta)s, entry,
    %(batch)s, %(metadata)s, %(screened)s, %(capability)s, clock_timestamp()
FROM account, deferred
RETURNING *
"""
_WAITING: Final = _INSERT.format(entry=DEFER)
_BORN_DEAD: Final = _INSERT.format(entry="SELECT NULL::bigint AS entry")
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


async def insert_alone(
    database: Database, order: Order, accepted: Accepted, settings: Settings
) -> Job | None:
    """Make the job and its queue entry in one statement; None, and nothing is made, if credits have to be held."""
    row = await database.one(_WAITING, _values(order, accepted, settings) | {"alone": True})
    return job_of(row) if row is not None else None


async def insert(connection: Connection, order: Order, accepted: Accepted, settings: Settings) -> Job:
    """Make the job and its queue entry, hold its credits and take its inputs over, in the caller's transaction.

    Raises
    ------
    KeyRefusedError
        There is no such account.
    """
    values = _values(order, accepted, settings) | {"alone": False}
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


def _values(order: Order, accepted: Accepted, settings: Settings) -> dict[str, Any]:
    return {
        "id": accepted.job_id,
        "account": order.account,
        "effect": order.effect,
        "params": Json(dict(order.params)),
        "inputs": Json(dict(order.inputs)),
        "format": order.format,
        "quality": order.quality,
        "priority": order.priority,
        "deadline": accepted.deadline_s,
        "lease": order.lease_s,
        "callbacks": Json([dataclasses.asdict(callback) for callback in order.callbacks]),
        "keep": order.keep_results_s or settings.keep_results_s,
        "discard": order.discard_inputs,
        "owns": order.owns_inputs,
        "credits": accepted.credits,
        "dialect": order.dialect,
        "aliases": Json(dict(order.aliases)),
        "meta": Json(dict(order.meta)),
        "queue": queue_of(accepted.capability),
        "batch": order.batch,
        "metadata": order.metadata,
        "screened": order.screened,
        "capability": accepted.capability,
    }
