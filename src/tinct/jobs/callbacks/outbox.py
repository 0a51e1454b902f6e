"""The outbox: messages that wait to be sent, written with the end of their job, and every try that was made.

The table is its own queue, apart from that of jobs, so that no number of dead receivers is ever in a job's way. Taking
a message makes it due again at the time by which its try is over; so one whose worker was lost comes back by itself,
and only the try that took it last may write down how it went.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from tinct.jobs.callbacks.recipe import Delivery
from tinct.storage.database import Connection, Json, Row
from tinct.storage.ids import new_id

__all__ = ["START_AGAIN", "Outcome", "State", "Taken", "announce", "drop", "finish", "take", "write"]

_TAKE: Final = """
UPDATE callbacks SET attempt = attempt + 1,
    due_at = clock.now + make_interval(secs => coalesce((%(holds)s::jsonb ->> recipe)::float, %(hold)s))
FROM (SELECT coalesce(%(now)s, now()) AS now) AS clock
WHERE id = (
    SELECT id FROM callbacks
    WHERE state = 'waiting' AND due_at <= coalesce(%(now)s, now()) AND host <> ALL(%(busy)s)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING callbacks.*, clock.now AS started_at
"""
_LOST: Final = (
    "UPDATE callback_attempts SET outcome = 'lost' WHERE callback_id = %(id)s AND outcome = 'sending'"
)
_TRY: Final = """
INSERT INTO callback_attempts (callback_id, attempt, started_at, outcome)
VALUES (%(id)s, %(attempt)s, %(started_at)s, 'sending')
"""
_FINISH: Final = """
UPDATE callbacks SET state = %(state)s, tries = tries + 1,
    due_at = coalesce(%(now)s, now()) + make_interval(secs => %(wait)s),
    ended_at = CASE WHEN %(state)s <> 'waiting' THEN now() END
WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'waiting'
"""
_WENT: Final = """
UPDATE callback_attempts SET outcome = %(outcome)s, status = %(status)s, ended_at = coalesce(%(now)s, now())
WHERE callback_id = %(id)s AND attempt = %(attempt)s
"""
_STOP: Final = """
INSERT INTO callback_stops (account_id, recipe, url) VALUES (%(account)s, %(recipe)s, %(url)s) ON CONFLICT DO NOTHING
"""
_STOP_OTHERS: Final = """
UPDATE callbacks SET state = 'stopped', ended_at = now()
WHERE account_id = %(account)s AND recipe = %(recipe)s AND url = %(url)s AND state = 'waiting'
"""
START_AGAIN: Final = """
DELETE FROM callback_stops WHERE account_id = %(account)s AND recipe = %(recipe)s AND url = %(url)s
"""
"""Forgets that a receiver asked for no more."""
_ANNOUNCE: Final = """
INSERT INTO callbacks (id, account_id, job_id, recipe, url, host, context, state, ended_at)
SELECT %(id)s, %(account)s, %(job)s, %(recipe)s, %(url)s, %(host)s, %(context)s,
    CASE WHEN stopped THEN 'stopped' ELSE 'waiting' END, CASE WHEN stopped THEN now() END
FROM (SELECT EXISTS (
    SELECT FROM callback_stops WHERE account_id = %(account)s AND recipe = %(recipe)s AND url = %(url)s
) AS stopped) AS receiver
"""


class State(StrEnum):
    """Where a callback stands."""

    WAITING = "waiting"
    """To be sent, or sent again; also while a try is under way."""
    DELIVERED = "delivered"
    """The receiver heard it."""
    FAILED = "failed"
    """The last try failed, or it could not be written."""
    STOPPED = "stopped"
    """The receiver asked for no more."""
    DROPPED = "dropped"
    """Its job was deleted, or there is nothing to tell."""


class Outcome(StrEnum):
    """How a try went."""

    SENDING = "sending"
    """Under way."""
    LOST = "lost"
    """Its worker went away; whether it was heard is unknown."""
    HEARD = "heard"
    REFUSED = "refused"
    """There was an answer, and it does not mean success."""
    UNREACHED = "unreached"
    """There was no whole answer, or the address may not be posted to."""
    UNWRITTEN = "unwritten"
    """There is no message: it is not told, it is too long, or its recipe broke."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A message in the hands of one try."""

    delivery: Delivery
    recipe: str
    host: str
    attempt: int
    tries: int
    """Failed tries before this one, lost ones left out."""
    body: bytes | None
    """None until a first try has written it."""
    started_at: datetime


async def announce(connection: Connection, row: Row) -> None:
    """Write the callbacks of a job that ends into the outbox, in the transaction of its end.

    Parameters
    ----------
    row : mapping
        The job's row.
    """
    for callback in row["callbacks"]:
        await connection.execute(
            _ANNOUNCE,
            {
                "id": new_id("msg"),
                "account": row["account_id"],
                "job": row["id"],
                "recipe": callback["recipe"],
                "url": callback["url"],
                "host": urlsplit(callback["url"]).hostname or "",
                "context": Json(callback["context"]),
            },
        )


async def drop(connection: Connection, job_id: str) -> None:
    """Send nothing more about a job, in the transaction that deletes it."""
    await connection.execute(
        "UPDATE callbacks SET state = 'dropped', ended_at = now(), body = NULL, context = '{}'"
        " WHERE job_id = %s AND state = 'waiting'",
        (job_id,),
    )


async def take(
    connection: Connection,
    *,
    hold_s: float,
    holds_s: Mapping[str, float] | None = None,
    busy: Collection[str] = (),
    now: datetime | None = None,
) -> Taken | None:
    """Begin a try of the message that is due first, in the caller's transaction; None if none is due.

    Parameters
    ----------
    hold_s : float
        Seconds after which the try is taken for lost.
    holds_s : mapping of str to float, optional
        Other such seconds, by recipe.
    busy : collection of str
        Hosts to leave alone for now.
    now : datetime, optional
        Another time than the database's, for tests.
    """
    cursor = await connection.execute(
        _TAKE, {"hold": hold_s, "holds": Json(dict(holds_s or {})), "busy": list(busy), "now": now}
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    await connection.execute(_LOST, row)
    await connection.execute(_TRY, row)
    return Taken(
        delivery=Delivery(
            id=row["id"],
            account=row["account_id"],
            job_id=row["job_id"],
            url=row["url"],
            context=row["context"],
            created_at=row["created_at"],
        ),
        recipe=row["recipe"],
        host=row["host"],
        attempt=row["attempt"],
        tries=row["tries"],
        body=bytes(row["body"]) if row["body"] is not None else None,
        started_at=row["started_at"],
    )


async def write(connection: Connection, taken: Taken, body: bytes) -> None:
    """Keep the message before it is sent for the first time, so that every try sends the same bytes."""
    await connection.execute(
        "UPDATE callbacks SET body = %s WHERE id = %s AND attempt = %s",
        (body, taken.delivery.id, taken.attempt),
    )


async def finish(
    connection: Connection,
    taken: Taken,
    state: State,
    outcome: Outcome,
    *,
    status: int | None = None,
    wait_s: float = 0.0,
    now: datetime | None = None,
) -> bool:
    """Write down how a try went, in the caller's transaction; False if another try took over, which then counts.

    Parameters
    ----------
    state : State
        ``WAITING`` for another try after `wait_s`; ``STOPPED`` also stops all else that waits for this receiver.
    status : int, optional
        Of the answer.
    now : datetime, optional
        Another time than the database's, for tests.
    """
    values: dict[str, Any] = {
        "id": taken.delivery.id,
        "attempt": taken.attempt,
        "state": state.value,
        "outcome": outcome.value,
        "status": status,
        "wait": wait_s,
        "now": now,
        "account": taken.delivery.account,
        "recipe": taken.recipe,
        "url": taken.delivery.url,
    }
    cursor = await connection.execute(_FINISH, values)
    if cursor.rowcount != 1:
        return False
    await connection.execute(_WENT, values)
    if state is State.STOPPED:
        await connection.execute(_STOP, values)
        await connection.execute(_STOP_OTHERS, values)
    return True
