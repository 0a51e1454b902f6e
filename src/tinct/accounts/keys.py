"""Accounts and what proves to be them: API keys, kept as keyed hashes, and sealed secrets for signed dialects."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tinct.accounts.credential import (
    Account,
    Credential,
    Lookup,
    NewAccount,
    Standing,
    account_of,
    bare_account,
    credential_of,
)
from tinct.accounts.credits import grant_in
from tinct.errors import KeyRefusedError, ParameterError
from tinct.storage.database import Connection, Database, Row, storable
from tinct.storage.ids import new_id
from tinct.storage.keyring import Keyring

__all__ = ["SEAL", "Accounts"]

_PREFIX: Final = "tnct_"  # lets scanners for leaked keys recognise one
_PUBLIC: Final = len(_PREFIX) + 12  # characters of a key that are stored as they are, to find it by
_HASH: Final = "api keys"
SEAL: Final = "credentials"
"""The keyring's purpose for secrets that are read again."""


class Accounts:
    """Makes, finds and revokes accounts and their credentials."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._lookup = Lookup(database)

    async def create(self, name: str, *, credits: int | None = None) -> NewAccount:
        """Make an account with one API key.

        Parameters
        ----------
        name : str
            For people; need not be unique.
        credits : int, optional
            What it may spend; None means without limit.

        Raises
        ------
        ParameterError
            The name is empty or the credits are negative.
        """
        account = await self.open(name, credits=credits)
        return NewAccount(account=account, api_key=await self.add_key(account.id, name="first key"))

    async def open(self, name: str, *, credits: int | None = None) -> Account:
        """Make an account without any key. Parameters and errors as `create`."""
        if not name.strip() or len(name) > 200 or not storable(name):
            raise ParameterError("name", name, "1 to 200 characters")
        if credits is not None and credits < 0:
            raise ParameterError("credits", credits, "0 or more")
        account_id = new_id("acct")
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT INTO accounts (id, name, unlimited) VALUES (%s, %s, %s)",
                (account_id, name.strip(), credits is None),
            )
            if credits:
                await grant_in(connection, account_id, credits, kind="grant", expires_at=None)
        return await self.get(account_id)

    async def get(self, account_id: str) -> Account:
        """One account.

        Raises
        ------
        KeyRefusedError
            There is none with that id.
        """
        row = await self._database.one("SELECT * FROM accounts WHERE id = %s", (account_id,))
        if row is None:
            raise KeyRefusedError("there is no such account")
        return bare_account(row)

    async def list(self) -> tuple[Account, ...]:
        """Every account, oldest first, revoked ones included."""
        rows = await self._database.all("SELECT * FROM accounts ORDER BY id")
        return tuple(bare_account(row) for row in rows)

    async def any(self) -> bool:
        """False before the first account is made."""
        return await self._database.one("SELECT 1 FROM accounts LIMIT 1") is not None

    async def authenticate(self, api_key: str, *, scope: str | None = None) -> Account:
        """The account whose key this is.

        Parameters
        ----------
        api_key : str
            As the caller sent it.
        scope : str, optional
            What the key must be allowed to do.

        Raises
        ------
        KeyRefusedError
            The key is unknown, revoked, expired or not for `scope`; the sentence is the same for the first three.
        """
        row = None
        if api_key.startswith(_PREFIX) and len(api_key) < 200:
            row = await self._lookup.find("api_key", api_key[:_PUBLIC])
        message = api_key.encode("utf-8", "surrogatepass")
        known = row["digest"] if row is not None else bytes(32)
        if not self._keyring.accepts(_HASH, message, known) or row is None:
            raise KeyRefusedError("the API key is unknown, revoked or expired; ask for a new one")
        await self._lookup.used(row)
        if scope is not None and row["scopes"] and scope not in row["scopes"]:
            raise KeyRefusedError(f"the API key is not for {scope}; use another one")
        return account_of(row)

    async def add_key(
        self,
        account_id: str,
        *,
        name: str = "",
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> str:
        """Another API key for an account; shown once, here."""
        async with self._database.connection() as connection:
            return await self._add_key(
                connection, account_id, name=name, scopes=scopes, expires_at=expires_at
            )

    async def add_secret(
        self,
        account_id: str,
        kind: str,
        public_id: str,
        secret: bytes,
        *,
        name: str = "",
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> str:
        """Keep a secret that must be read again, such as one that signatures are checked with.

        Parameters
        ----------
        kind : str
            The dialect's name for it; `public_id` is unique within.
        public_id : str
            What the caller sends openly, such as a client id.
        secret : bytes
            Kept encrypted under the server's keyring.
        scopes : sequence of str
            What it may do; empty means everything.
        expires_at : datetime, optional
            When it ends.

        Returns
        -------
        str
            Id of the credential, for `revoke_credential`.
        """
        credential_id = new_id("cred")
        sealed = self._keyring.seal(SEAL, secret)
        await self._database.run(
            "INSERT INTO credentials (id, account_id, kind, public_id, name, sealed, scopes, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (credential_id, account_id, kind, public_id, name, sealed, list(scopes), expires_at),
        )
        return credential_id

    async def secret(self, kind: str, public_id: str) -> tuple[Account, bytes]:
        """The account behind a public id, and the secret to check its signature with.

        Raises
        ------
        KeyRefusedError
            Unknown, revoked or expired.
        """
        row = await self._sealed(kind, public_id)
        return account_of(row), self._keyring.unseal(SEAL, row["sealed"])

    async def bearer(self, kind: str, public_id: str) -> Account:
        """The account behind a public id that opens its account by itself. Raises as `secret`."""
        return account_of(await self._sealed(kind, public_id))

    async def _sealed(self, kind: str, public_id: str) -> Row:
        row = await self._lookup.find(kind, public_id)
        if row is None or row["sealed"] is None:
            raise KeyRefusedError("the credential is unknown, revoked or expired; ask for a new one")
        await self._lookup.used(row)
        return row

    async def expired(self, kind: str, public_id: str) -> bool:
        """Whether a credential that is refused was good once, and is only too old."""
        return await self.standing(kind, public_id) is Standing.EXPIRED

    async def standing(self, kind: str, public_id: str) -> Standing:
        """What a public id is worth, for wire formats that tell the reasons of a refusal apart."""
        if not storable(public_id):
            return Standing.UNKNOWN
        row = await self._database.one(
            "SELECT num_nonnulls(c.revoked_at, a.revoked_at, p.revoked_at) > 0 AS revoked,"
            " COALESCE(LEAST(c.expires_at, p.expires_at) <= now(), false) AS expired"
            " FROM credentials c JOIN accounts a ON a.id = c.account_id"
            " LEFT JOIN credentials p ON p.id = c.parent_id WHERE c.kind = %s AND c.public_id = %s",
            (kind, public_id),
        )
        if row is None:
            return Standing.UNKNOWN
        return Standing.REVOKED if row["revoked"] else Standing.EXPIRED if row["expired"] else Standing.LIVE

    async def secret_of(self, account_id: str, kind: str) -> tuple[str, bytes] | None:
        """The newest live secret of a kind that an account has: public id and secret."""
        row = await self._database.one(
            "SELECT public_id, sealed FROM credentials WHERE account_id = %s AND kind = %s AND sealed IS NOT NULL"
            " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC LIMIT 1",
            (account_id, kind),
        )
        return (row["public_id"], self._keyring.unseal(SEAL, row["sealed"])) if row is not None else None

    async def credentials(self, account_id: str) -> tuple[Credential, ...]:
        """An account's keys and secrets, oldest first, without the secrets."""
        rows = await self._database.all(
            "SELECT * FROM credentials WHERE account_id = %s ORDER BY id", (account_id,)
        )
        return tuple(credential_of(row) for row in rows)

    async def revoke(self, account_id: str) -> bool:
        """Refuse everything of an account from now on; False if it was not live."""
        return bool(
            await self._database.run(
                "UPDATE accounts SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL", (account_id,)
            )
        )

    async def revoke_credential(self, credential_id: str) -> bool:
        """Refuse one key or secret from now on; False if it was not live."""
        return bool(
            await self._database.run(
                "UPDATE credentials SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL",
                (credential_id,),
            )
        )

    async def rotate(self, credential_id: str, *, grace_s: float) -> str:
        """Another API key in place of one, of the same name and scopes; shown once, here.

        Parameters
        ----------
        grace_s : float
            Seconds for which the old one still works; 0 ends it at once.

        Raises
        ------
        KeyRefusedError
            It is no live API key.
        """
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT * FROM credentials WHERE id = %s AND kind = 'api_key' AND revoked_at IS NULL"
                " AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE",
                (credential_id,),
            )
            row = await cursor.fetchone()
            if row is None:
                raise KeyRefusedError("there is no such live API key; see: tinct keys list --json")
            api_key = await self._add_key(
                connection,
                row["account_id"],
                name=row["name"],
                scopes=row["scopes"],
                expires_at=row["expires_at"],
            )
            await _retire(connection, credential_id, grace_s)
        return api_key

    async def retire(self, credential_id: str, *, grace_s: float) -> None:
        """Let a key or secret, of any kind, end in `grace_s` seconds if it does not end earlier."""
        async with self._database.connection() as connection:
            await _retire(connection, credential_id, grace_s)

    async def _add_key(
        self,
        connection: Connection,
        account_id: str,
        *,
        name: str,
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> str:
        api_key = _PREFIX + secrets.token_hex(32)
        digest = self._keyring.digests(_HASH, api_key.encode())[0]
        await connection.execute(
            "INSERT INTO credentials (id, account_id, kind, public_id, name, digest, scopes, expires_at)"
            " VALUES (%s, %s, 'api_key', %s, %s, %s, %s, %s)",
            (new_id("cred"), account_id, api_key[:_PUBLIC], name, digest, list(scopes), expires_at),
        )
        return api_key


async def _retire(connection: Connection, credential_id: str, grace_s: float) -> None:
    await connection.execute(
        "UPDATE credentials SET expires_at = LEAST(expires_at, now() + make_interval(secs => %s)) WHERE id = %s",
        (grace_s, credential_id),
    )
