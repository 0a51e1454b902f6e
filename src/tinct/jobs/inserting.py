"""An accepted order becomes a row."""

from __future__ import annotations

import dataclasses
from typing import Final, NamedTuple

from tinct.accounts.credits import hold
from tinct.errors import KeyRefusedError
from tinct.jobs.job import Job, Order, file_ids
from tinct.jobs.rows import job_of
from tinct.settings import Settings
from tinct.storage.database import Connection, Json

__all__ = ["Accepted", "insert"]

_INSERT: Final = """
INSERT INTO jobs (id, account_id, effect, params, inputs, format, quality, priority, deadline_s, keep_results_s,
    discard_inputs, owns_inputs, credits, lease_s, callbacks, dialect, aliases, meta, entry, batch,
    metadata, screened, capability, asked_at)
SELECT %(id)s, accounts.id, %(effect)s, %(params)s, %(inputs)s, %(format)s, %(quality)s, %(priority)s, %(deadline)s,
    %(keep)s, %(discard)s, %(owns)s, CASE WHEN unlimited THEN 0 ELSE %(credits)s::integer END,
    %(lease)s::double precision, %(callbacks)s, %(dialect)s, %(aliases)s, %(meta)s, %(entry)s::bigint,
    %(batch)s, %(metadata)s, %(screened)s, %(capability)s, clock_timestamp()
FROM accounts WHERE accounts.id = %(account)s AND revoked_at IS NULL
RETURNING *
"""
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
    entry: int | None
    """Its queue entry; None for a job that has failed already."""


async def insert(connection: Connection, order: Order, accepted: Accepted, settings: Settings) -> Job:
    """Make the job, hold its credits and take its inputs over, in the caller's transaction.

    Raises
    ------
    KeyRefusedError
        There is no such account.
    """
    cursor = await connection.execute(
        _INSERT,
        {
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
            "entry": accepted.entry,
            "batch": order.batch,
            "metadata": order.metadata,
            "screened": order.screened,
            "capability": accepted.capability,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        raise KeyRefusedError("there is no such account")
    if row["credits"]:
        await hold(
            connection, order.account, accepted.job_id, row["credits"], note=order.tool or order.effect
        )
    if order.owns_inputs:
        values = {"job": accepted.job_id, "keep": settings.keep_jobs_s, "ids": file_ids(order.inputs)}
        await connection.execute(_OWN, values)
    for kind, value in order.aliases.items():
        await connection.execute(
            "INSERT INTO job_aliases VALUES (%s, %s, %s)", (kind, value, accepted.job_id)
        )
    return job_of(row)
