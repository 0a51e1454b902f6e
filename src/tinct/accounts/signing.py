"""Secrets by which the server signs what it sends for an account; changed without a gap."""

from __future__ import annotations

from tinct.accounts.keys import SEAL
from tinct.storage.database import Database
from tinct.storage.ids import new_id
from tinct.storage.keyring import Keyring

__all__ = ["SigningSecrets"]


class SigningSecrets:
    """One kind of an account's signing secrets.

    Parameters
    ----------
    kind : str
        What they sign; the name under which they stand among the account's credentials.
    """

    def __init__(self, database: Database, keyring: Keyring, kind: str) -> None:
        self._database = database
        self._keyring = keyring
        self._kind = kind

    async def live(self, account_id: str) -> tuple[bytes, ...]:
        """All that sign now, newest first: more than one while they are changed."""
        rows = await self._database.all(
            "SELECT sealed FROM credentials WHERE account_id = %s AND kind = %s AND sealed IS NOT NULL"
            " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC",
            (account_id, self._kind),
        )
        return tuple(self._keyring.unseal(SEAL, row["sealed"]) for row in rows)

    async def replace(self, account_id: str, secret: bytes, *, overlap_s: float) -> None:
        """Keep a new one; the older ones sign too for `overlap_s` seconds more at most."""
        sealed = self._keyring.seal(SEAL, secret)
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE credentials SET expires_at = least(expires_at, now() + make_interval(secs => %s))"
                " WHERE account_id = %s AND kind = %s AND revoked_at IS NULL",
                (overlap_s, account_id, self._kind),
            )
            await connection.execute(
                "INSERT INTO credentials (id, account_id, kind, public_id, sealed) VALUES (%s, %s, %s, %s, %s)",
                (new_id("cred"), account_id, self._kind, new_id("whsec"), sealed),
            )
