"""What accounts may spend: grants that expire, and an append-only ledger of what happened to them.

    grant ──► available ──hold──► held ──settle──► spent        a job succeeded
                  ▲                 │
                  └─────release─────┘                           it failed, timed out or was cancelled

A hold takes from the grant that expires first. The sums of the ledger equal the grants' columns at every commit, and
two unique indexes make a second hold, or a second end, of one job impossible.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tinct.errors import CreditError, ParameterError
from tinct.storage.database import Connection, Database, Row

__all__ = ["Balance", "Credits", "Entry", "Grant", "grant_in", "hold", "release", "settle"]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Credits given at one time."""

    id: int
    kind: str
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
class Entry:
    """One line of the ledger."""

    id: int
    kind: str
    """``grant``, ``hold``, ``settle`` or ``release``."""
    grant_id: int
    job_id: str | None
    available: int
    """Change of what is available."""
    held: int
    """Change of what is held."""
    at: datetime


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
            What they came from, for the account's own lists.
        expires_at : datetime, optional
            With a time zone; None means never.

        Returns
        -------
        int
            Number of the grant.

        Raises
        ------
        ParameterError
            The amount is below 1.
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
        self, account_id: str, *, limit: int = 20, before: int | None = None
    ) -> tuple[Entry, ...]:
        """Lines of an account's ledger, newest first; `before` is the id of the last line already seen."""
        rows = await self._database.all(
            "SELECT * FROM ledger WHERE account_id = %s AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
            (account_id, before, before, limit),
        )
        return tuple(_entry(row) for row in rows)


async def grant_in(
    connection: Connection, account_id: str, amount: int, *, kind: str, expires_at: datetime | None
) -> int:
    """`Credits.grant` inside the caller's transaction."""
    if amount < 1:
        raise ParameterError("amount", amount, "1 or more")
    cursor = await connection.execute(
        "INSERT INTO grants (account_id, kind, amount, available, expires_at)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        (account_id, kind, amount, amount, expires_at),
    )
    row = await cursor.fetchone()
    assert row is not None
    await connection.execute(
        "INSERT INTO ledger (account_id, grant_id, kind, available, held) VALUES (%s, %s, 'grant', %s, 0)",
        (account_id, row["id"], amount),
    )
    return int(row["id"])


async def hold(connection: Connection, account_id: str, job_id: str, amount: int) -> None:
    """Set `amount` aside for a job, in the caller's transaction.

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
    for grant_id, part in taken:
        await connection.execute(
            "UPDATE grants SET available = available - %s, held = held + %s WHERE id = %s",
            (part, part, grant_id),
        )
        await connection.execute(
            "INSERT INTO ledger (account_id, grant_id, job_id, kind, available, held)"
            " VALUES (%s, %s, %s, 'hold', %s, %s)",
            (account_id, grant_id, job_id, -part, part),
        )


async def settle(connection: Connection, account_id: str, job_id: str) -> None:
    """Spend what is held for a job that succeeded, in the caller's transaction."""
    await _lock(connection, account_id)
    await connection.execute(
        "WITH ended AS (INSERT INTO ledger (account_id, grant_id, job_id, kind, available, held)"
        " SELECT account_id, grant_id, job_id, 'settle', 0, -held FROM ledger WHERE job_id = %s AND kind = 'hold'"
        " RETURNING grant_id, held)"
        " UPDATE grants SET held = grants.held + ended.held FROM ended WHERE grants.id = ended.grant_id",
        (job_id,),
    )


async def release(connection: Connection, account_id: str, job_id: str) -> None:
    """Give back what is held for a job that did not succeed, in the caller's transaction."""
    await _lock(connection, account_id)
    await connection.execute(
        "WITH ended AS (INSERT INTO ledger (account_id, grant_id, job_id, kind, available, held)"
        " SELECT account_id, grant_id, job_id, 'release', held, -held FROM ledger"
        " WHERE job_id = %s AND kind = 'hold' RETURNING grant_id, available, held)"
        " UPDATE grants SET available = grants.available + ended.available, held = grants.held + ended.held"
        " FROM ended WHERE grants.id = ended.grant_id",
        (job_id,),
    )


async def _lock(connection: Connection, account_id: str) -> None:
    """One change of an account's credits at a time; grants are locked in different orders otherwise."""
    await connection.execute("SELECT 1 FROM accounts WHERE id = %s FOR NO KEY UPDATE", (account_id,))


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
    return Entry(
        id=row["id"],
        kind=row["kind"],
        grant_id=row["grant_id"],
        job_id=row["job_id"],
        available=row["available"],
        held=row["held"],
        at=row["at"],
    )
