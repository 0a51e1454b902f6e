"""What an account, a key and a secret are, and how they are found in the database."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import inf
from typing import Final

from tinct.storage.database import Database, Row, storable
from tinct.storage.together import Together

__all__ = [
    "Account",
    "Credential",
    "Lookup",
    "NewAccount",
    "Standing",
    "account_of",
    "bare_account",
    "credential_of",
]

_USED_EVERY: Final = timedelta(minutes=1)  # how exactly the last use is known
_MOST_USED: Final = 10_000  # credentials whose last use is remembered here too
_FIND: Final = """
SELECT c.kind, c.public_id, c.id AS credential_id, c.account_id, c.digest, c.sealed, c.scopes, c.last_used_at,
    a.name, a.unlimited, a.created_at, a.revoked_at
FROM unnest(%s::text[], %s::text[]) AS asked (kind, public_id)
JOIN credentials c ON c.kind = asked.kind AND c.public_id = asked.public_id
JOIN accounts a ON a.id = c.account_id
LEFT JOIN credentials p ON p.id = c.parent_id
WHERE c.revoked_at IS NULL AND a.revoked_at IS NULL AND p.revoked_at IS NULL
    AND (c.expires_at IS NULL OR c.expires_at > now()) AND (p.expires_at IS NULL OR p.expires_at > now())
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who calls."""

    id: str
    name: str
    unlimited: bool
    """True: jobs cost nothing."""
    created_at: datetime
    revoked_at: datetime | None
    scopes: tuple[str, ...] = ()
    """What the key it came with may do; empty means everything."""
    credential_id: str | None = None
    """The key or secret it came with; None where none was shown."""


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An account and its first key, which is never shown again."""

    account: Account
    api_key: str


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A key or secret of an account, without the secret itself."""

    id: str
    kind: str
    public_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""

    @property
    def live(self) -> bool:
        """False once it was revoked or has expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > datetime.now(UTC))


class Standing(StrEnum):
    """What a credential's public id is worth now."""

    UNKNOWN = "unknown"
    LIVE = "live"
    EXPIRED = "expired"
    """It was good once, and is only too old."""
    REVOKED = "revoked"
    """It, what it was issued for, or its account was revoked."""


class Lookup:
    """Finds credentials by what their callers send openly."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Together(self._find)
        self._used: dict[str, float] = {}
        """Id of a credential -> when its use was written down, by the monotonic clock."""

    async def find(self, kind: str, public_id: str) -> Row | None:
        """A live credential of a live account, and of a live parent where it was issued for one."""
        return await self._rows.ask((kind, public_id)) if storable(public_id) else None

    async def used(self, row: Row) -> None:
        """Note that a found credential was used; one that many calls come with at once is written down once."""
        last, now, credential = row["last_used_at"], time.monotonic(), row["credential_id"]
        if last is not None and datetime.now(UTC) - last <= _USED_EVERY:
            return
        if now - self._used.get(credential, -inf) < _USED_EVERY.total_seconds():
            return
        if len(self._used) >= _MOST_USED:
            self._used.clear()
        self._used[credential] = now
        await self._database.run("UPDATE credentials SET last_used_at = now() WHERE id = %s", (credential,))

    async def _find(self, asked: Sequence[tuple[str, str]]) -> Sequence[Row | None]:
        kinds, ids = zip(*set(asked), strict=True)
        rows = await self._database.all(_FIND, (list(kinds), list(ids)))
        found = {(row["kind"], row["public_id"]): row for row in rows}
        return [found.get(one) for one in asked]


def account_of(row: Row) -> Account:
    """The account of a found credential, with what the credential allows."""
    account = bare_account(row | {"id": row["account_id"]}, tuple(row["scopes"]))
    return dataclasses.replace(account, credential_id=row["credential_id"])


def bare_account(row: Row, scopes: tuple[str, ...] = ()) -> Account:
    """The account of a row of ``accounts``."""
    return Account(
        id=row["id"],
        name=row["name"],
        unlimited=row["unlimited"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
        scopes=scopes,
    )


def credential_of(row: Row) -> Credential:
    """The credential of a row of ``credentials``."""
    return Credential(
        id=row["id"],
        kind=row["kind"],
        public_id=row["public_id"],
        name=row["name"],
        scopes=tuple(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
