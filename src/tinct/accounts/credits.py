"""What accounts may spend: grants that expire, and an append-only ledger of what happened to them.

    grant ──► available ──hold──► held ──charge──► spent        a job succeeded
                │ ▲                 │
                │ └─────release─────┘                           it failed, timed out or was cancelled
                └──expire──► lapsed                             the grant's time is over

A hold takes from the grant that expires first. What a job holds when its grant's time is over can still be spent by
that job; given back, it lapses. The sums of the ledger equal the grants' columns at every commit, so that what was
granted less what was charged and what lapsed is what is available and held. Two unique indexes make a second hold, or
a second end, of one job impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from tinct.errors import CreditError, ParameterError
from tinct.storage.database import Connection, Database, Row, storable

__all__ = [
    "KINDS",
    "Balance",
    "Credits",
    "Entry",
    "Grant",
    "Kind",
    "Part",
    "charge",
    "grant_in",
    "hold",
    "release",
]

Kind = Literal["grant", "hold", "charge", "release", "expire"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What can happen to credits."""
_LONGEST_KIND: Final = 64  # characters of the kind of a grant
_MOST: Final = 10**15  # credits of one grant; sums of thousands of them still fit their columns
_LAPSED: Final = 100  # accounts whose lapsed grants one sweep closes


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Credits given at one time."""

    id: int
    kind: str
    """What it came from: ``grant``, ``gift``, ``subscription``, ..."""
    amount: int
    available: int
    """Neither spent nor held; worth nothing after `expires_at`."""
    held: int
    granted_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What an account has."""

    unlimited: bool
    available: int
    """Credits that can be spent now."""
    held: int
    """Credits of jobs that have not ended."""
    grants: tuple[Grant, ...]
    """Live grants, in the order in which they will be spent."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What an entry changed in one grant."""

    grant_id: int
    available: int
    """Change of what is available."""
    held: int
    """Change of what is held."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened: a grant, one move of one job, or a grant's end."""

    id: int
    kind: Kind
    job_id: str | None
    note: str
    """What for: the kind of the grant, or what the job is called: its effect, or a dialect's tool."""
    parts: tuple[Part, ...]
    """By grant, the one that expires first in front."""
    at: datetime

    @property
    def available(self) -> int:
        """Change of what is available, over all grants."""
        return sum(part.available for part in self.parts)

    @property
    def held(self) -> int:
        """Change of what is held, over all grants."""
        return sum(part.held for part in self.parts)


class Credits:
    """Grants, balances and history; holding and settling is the business of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grant(
        self, account_id: str, amount: int, *, kind: str = "grant", expires_at: datetime | None = None
    ) -> int:
        """Give credits to an account.

        Parameters
        ----------
        amount : int
            1 or more.
        kind : str
            What they came from, for the account's own lists; 1 to 64 characters.
        expires_at : datetime, optional
            With a time zone; None means never.

        Returns
        -------
        int
            Number of the grant.

        Raises
        ------
        ParameterError
            The amount is not 1 to 10^15, the kind has another length, or there is no such account.
        """
        async with self._database.transaction() as connection:
            return await grant_in(connection, account_id, amount, kind=kind, expires_at=expires_at)

    async def balance(self, account_id: str) -> Balance:
        """What an account can spend now."""
        account = await self._database.one("SELECT unlimited FROM accounts WHERE id = %s", (account_id,))
        rows = await self._database.all(
            "SELECT * FROM grants WHERE account_id = %s AND (expires_at IS NULL OR expires_at > now() OR held > 0)"
            " AND (available > 0 OR held > 0) ORDER BY expires_at NULLS LAST, id",
            (account_id,),
        )
        total = await self._database.one(
            "SELECT COALESCE(sum(available), 0)::bigint AS available FROM grants"
            " WHERE account_id = %s AND (expires_at IS NULL OR expires_at > now())",
            (account_id,),
        )
        return Balance(
            unlimited=account is not None and account["unlimited"],
            available=total["available"] if total else 0,
            held=sum(row["held"] for row in rows),
            grants=tuple(_grant(row) for row in rows),
        )

    async def history(
        self,
        account_id: str,
        *,
        limit: int = 20,
        before: int | None = None,
        kinds: Sequence[str] = KINDS,
    ) -> tuple[Entry, ...]:
        """What happened to an account's credits, newest first.

        Parameters
        ----------
        before : int, optional
            Id of the last entry already seen.
        kinds : sequence of str
            Which of `KINDS`.
        """
        rows = await self._database.all(
            "SELECT entry, min(kind) AS kind, min(job_id) AS job_id, min(note) AS note, min(at) AS at,"
            " array_agg(grant_id ORDER BY id) AS grants, array_agg(available ORDER BY id) AS available,"
            " array_agg(held ORDER BY id) AS held FROM ledger WHERE account_id = %s AND kind = ANY(%s)"
            " AND (%s::bigint IS NULL OR entry < %s) GROUP BY entry ORDER BY entry DESC LIMIT %s",
            (account_id, list(kinds), before, before, limit),
        )
        return tuple(_entry(row) for row in rows)

    async def expire(self) -> int:
        """Close grants whose time is over: what is left of each lapses, with an entry of its own; how many."""
        rows = await self._database.all(
            "SELECT DISTINCT account_id FROM grants WHERE available > 0 AND expires_at <= now() LIMIT %s",
            (_LAPSED,),
        )
        lapsed = 0
        for row in rows:
            async with self._database.transaction() as connection:
                await _lock(connection, row["account_id"])
                cursor = await connection.execute(
                    "WITH old AS (SELECT id, kind, available FROM grants WHERE account_id = %(account)s"
                    " AND available > 0 AND expires_at <= now() ORDER BY expires_at, id FOR UPDATE),"
                    " closed AS (UPDATE grants SET available = 0 FROM old WHERE grants.id = old.id)"
                    " INSERT INTO ledger (account_id, grant_id, kind, available, held, note, entry)"
                    " SELECT %(account)s, id, 'expire', -available, 0, kind, nextval('ledger_entries') FROM old",
                    {"account": row["account_id"]},
                )
                lapsed += cursor.rowcount
        return lapsed


async def grant_in(
    connection: Connection, account_id: str, amount: int, *, kind: str, expires_at: datetime | None
) -> int:
    """`Credits.grant` inside the caller's transaction."""
    if not 1 <= amount <= _MOST:
        raise ParameterError("amount", amount, f"1 to {_MOST}")
    if not 1 <= len(kind) <= _LONGEST_KIND or not storable(kind):
        raise ParameterError("kind", kind, f"1 to {_LONGEST_KIND} characters")
    await _lock(connection, account_id)
    cursor = await connection.execute(
        "INSERT INTO grants (account_id, kind, amount, available, expires_at)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        (account_id, kind, amount, amount, expires_at),
    )
    row = await cursor.fetchone()
    assert row is not None
    await connection.execute(
        "INSERT INTO ledger (account_id, grant_id, kind, available, held, note, entry)"
        " VALUES (%s, %s, 'grant', %s, 0, %s, nextval('ledger_entries'))",
        (account_id, row["id"], amount, kind),
    )
    return int(row["id"])


async def hold(connection: Connection, account_id: str, job_id: str, amount: int, *, note: str = "") -> None:
    """Set `amount` aside for a job, in the caller's transaction.

    Parameters
    ----------
    note : str
        What the account's history calls the job.

    Raises
    ------
    CreditError
        The account has less; nothing is held then.
    """
    await _lock(connection, account_id)
    cursor = await connection.execute(
        "SELECT id, available FROM grants WHERE account_id = %s AND available > 0"
        " AND (expires_at IS NULL OR expires_at > now()) ORDER BY expires_at NULLS LAST, id FOR UPDATE",
        (account_id,),
    )
    left = amount
    taken: list[tuple[int, int]] = []
    for row in await cursor.fetchall():
        part = min(left, row["available"])
        taken.append((row["id"], part))
        left -= part
        if not left:
            break
    if left:
        raise CreditError(amount, amount - left)
    grants, parts = [grant_id for grant_id, _ in taken], [part for _, part in taken]
    await connection.execute(
        "WITH entry AS (SELECT nextval('ledger_entries') AS id),"
        " taken AS (SELECT * FROM unnest(%(grants)s::bigint[], %(parts)s::bigint[]) AS t (grant_id, part)),"
        " moved AS (UPDATE grants SET available = available - part, held = held + part FROM taken"
        " WHERE grants.id = taken.grant_id)"
        " INSERT INTO ledger (account_id, grant_id, job_id, kind, available, held, note, entry)"
        " SELECT %(account)s, grant_id, %(job)s, 'hold', -part, part, %(note)s, entry.id FROM taken, entry",
        {"grants": grants, "parts": parts, "account": account_id, "job": job_id, "note": note},
    )


async def charge(connection: Connection, account_id: str, job_id: str) -> None:
    """Spend what is held for a job that succeeded, in the caller's transaction."""
    await _end(connection, account_id, job_id, "charge", given_back=0)


async def release(connection: Connection, account_id: str, job_id: str) -> None:
    """Give back what is held for a job that did not succeed, in the caller's transaction."""
    await _end(connection, account_id, job_id, "release", given_back=1)


async def _end(connection: Connection, account_id: str, job_id: str, kind: str, *, given_back: int) -> None:
    await _lock(connection, account_id)
    await connection.execute(
        "WITH entry AS (SELECT nextval('ledger_entries') AS id),"
        " ended AS (INSERT INTO ledger (account_id, grant_id, job_id, kind, available, held, note, entry)"
        " SELECT account_id, grant_id, job_id, %(kind)s, held * %(back)s, -held, note, entry.id FROM ledger, entry"
        " WHERE job_id = %(job)s AND kind = 'hold' ORDER BY ledger.id RETURNING grant_id, available, held)"
        " UPDATE grants SET available = grants.available + ended.available, held = grants.held + ended.held"
        " FROM ended WHERE grants.id = ended.grant_id",
        {"kind": kind, "back": given_back, "job": job_id},
    )


async def _lock(connection: Connection, account_id: str) -> None:
    """One change of an account's credits at a time; grants are locked in different orders otherwise."""
    cursor = await connection.execute("SELECT 1 FROM accounts WHERE id = %s FOR NO KEY UPDATE", (account_id,))
    if not cursor.rowcount:
        raise ParameterError("account", account_id, "the id of an account; see: tinct keys list")


def _grant(row: Row) -> Grant:
    return Grant(
        id=row["id"],
        kind=row["kind"],
        amount=row["amount"],
        available=row["available"],
        held=row["held"],
        granted_at=row["granted_at"],
        expires_at=row["expires_at"],
    )


def _entry(row: Row) -> Entry:
    parts = zip(row["grants"], row["available"], row["held"], strict=True)
    return Entry(
        id=row["entry"],
        kind=row["kind"],
        job_id=row["job_id"],
        note=row["note"],
        parts=tuple(Part(grant_id=grant, available=free, held=held) for grant, free, held in parts),
        at=row["at"],
    )
