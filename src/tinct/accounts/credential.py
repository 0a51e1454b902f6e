"""What an account, a key and a secret are, and how they are found in the database."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from tinct.storage.database import Database, Row, storable

__all__ = [
    "Account",
    "Credential",
    "NewAccount",
    "Standing",
    "account_of",
    "bare_account",
    "credential_of",
    "find",
    "used",
]

_USED_EVERY: Final = timedelta(minutes=1)  # how exactly the last use is known


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


async def find(database: Database, kind: str, public_id: str) -> Row | None:
    """A live credential of a live account, and of a live parent where it was issued for one."""
    if not storable(public_id):
        return None
    return await database.one(
        "SELECT c.id AS credential_id, c.account_id, c.digest, c.sealed, c.scopes, c.last_used_at,"
        " a.name, a.unlimited, a.created_at, a.revoked_at"
        " FROM credentials c JOIN accounts a ON a.id = c.account_id LEFT JOIN credentials p ON p.id = c.parent_id"
        " WHERE c.kind = %s AND c.public_id = %s"
        " AND c.revoked_at IS NULL AND a.revoked_at IS NULL AND p.revoked_at IS NULL"
        " AND (c.expires_at IS NULL OR c.expires_at > now()) AND (p.expires_at IS NULL OR p.expires_at > now())",
        (kind, public_id),
    )


async def used(database: Database, row: Row) -> None:
    """Note that a found credential was used."""
    last = row["last_used_at"]
    if last is None or datetime.now(UTC) - last > _USED_EVERY:
        await database.run(
            "UPDATE credentials SET last_used_at = now() WHERE id = %s", (row["credential_id"],)
        )


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
