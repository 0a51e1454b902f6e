"""Access tokens: issued to an account for a while, kept as keyed hashes, ended with what they were issued for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tinct.accounts.credential import Account, Lookup, account_of
from tinct.errors import KeyRefusedError, ParameterError
from tinct.storage.database import Database
from tinct.storage.ids import new_id
from tinct.storage.keyring import Keyring

__all__ = ["Token", "Tokens"]

_HASH: Final = "access tokens"
_PUBLIC: Final = 16  # characters of a token that are stored as they are, to find it by
_LONGEST: Final = 200  # characters of anything that may be one
_SWEPT: Final = 1000  # tokens forgotten at a time


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token as it was issued; its text is never shown again."""

    id: str
    text: str
    """Opaque; of ``A-Z a-z 0-9 _ -``."""
    expires_at: datetime


class Tokens:
    """Issues, accepts and revokes access tokens of any kind, such as ``youcam.token``."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._lookup = Lookup(database)

    async def issue(
        self,
        account_id: str,
        kind: str,
        *,
        seconds: float,
        parent_id: str | None = None,
        scopes: Sequence[str] = (),
    ) -> Token:
        """A new token.

        Parameters
        ----------
        kind : str
            The dialect's name for it; a token of one kind is nothing in another.
        seconds : float
            Its life.
        parent_id : str, optional
            The credential that it was issued for; its end is the token's.
        scopes : sequence of str
            What it may do; empty means everything.

        Raises
        ------
        ParameterError
            Its life is not above 0 seconds.
        """
        if not 0 < seconds < 1e9:
            raise ParameterError("seconds", seconds, "more than 0 seconds")
        text = secrets.token_urlsafe(48)
        digest = self._keyring.digests(_HASH, _message(kind, text))[0]
        token_id, expires_at = new_id("token"), datetime.now(UTC) + timedelta(seconds=seconds)
        await self._database.run(
            "INSERT INTO credentials (id, account_id, kind, public_id, digest, scopes, expires_at, parent_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (token_id, account_id, kind, text[:_PUBLIC], digest, list(scopes), expires_at, parent_id),
        )
        return Token(id=token_id, text=text, expires_at=expires_at)

    async def account(self, kind: str, text: str) -> Account:
        """The account that a token was issued to.

        Raises
        ------
        KeyRefusedError
            Unknown, revoked, expired, of another kind, or its parent or account is not live any more.
        """
        row = await self._lookup.find(kind, text[:_PUBLIC]) if len(text) < _LONGEST else None
        known = row["digest"] if row is not None and row["digest"] is not None else bytes(32)
        if not self._keyring.accepts(_HASH, _message(kind, text), known) or row is None:
            raise KeyRefusedError("the access token is unknown, revoked or expired; ask for a new one")
        return account_of(row)

    async def revoke(self, kind: str, text: str) -> bool:
        """Refuse a token from now on; False if it was not live."""
        try:
            account = await self.account(kind, text)
        except KeyRefusedError:
            return False
        return bool(
            await self._database.run(
                "UPDATE credentials SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL",
                (account.credential_id,),
            )
        )

    async def sweep(self) -> int:
        """Forget tokens, and whatever else was issued for a credential, a day after its time was over; how many."""
        return await self._database.run(
            "DELETE FROM credentials WHERE id IN (SELECT id FROM credentials"
            " WHERE expires_at <= now() - interval '1 day'"
            " AND (parent_id IS NOT NULL OR id LIKE 'token\\_%%') LIMIT %s)",
            (_SWEPT,),
        )


def _message(kind: str, text: str) -> bytes:
    return f"{kind}\n{text}".encode("utf-8", "surrogatepass")
