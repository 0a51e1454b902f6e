"""What the rest of the program can do with callbacks: check an address, look, send again, give out the secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tinct.accounts.signing import SigningSecrets
from tinct.errors import CallbackMissingError, KeyRefusedError, ParameterError
from tinct.jobs.callbacks.outbox import START_AGAIN, Outcome, State
from tinct.jobs.callbacks.recipe import Delivery, Recipe
from tinct.jobs.callbacks.standard import new_secret
from tinct.net.deliver import Deliverer
from tinct.storage.database import Database, Row, storable
from tinct.storage.ids import new_id

__all__ = ["Attempt", "Callbacks", "Stored", "Tested"]

_LIST: Final = """
SELECT * FROM callbacks
WHERE (%(account)s::text IS NULL OR account_id = %(account)s)
    AND (%(job)s::text IS NULL OR job_id = %(job)s) AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY id DESC LIMIT %(limit)s
"""
_REPLAY: Final = """
UPDATE callbacks SET state = 'waiting', tries = 0, due_at = now(), ended_at = NULL
WHERE id = %(id)s AND (state <> 'waiting' OR NOT EXISTS (
    SELECT FROM callback_attempts WHERE callback_id = %(id)s AND outcome = 'sending'
))
RETURNING account_id AS account, recipe, url
"""
_SET: Final = """
INSERT INTO callback_addresses (account_id, recipe, url) VALUES (%(account)s, %(recipe)s, %(url)s)
ON CONFLICT (account_id, recipe) DO UPDATE SET url = EXCLUDED.url, set_at = now()
"""
_UNSET: Final = "DELETE FROM callback_addresses WHERE account_id = %(account)s AND recipe = %(recipe)s"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    status: int | None
    """HTTP status of the answer, if there was one."""
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A callback as it stands."""

    id: str
    account: str
    job_id: str
    recipe: str
    url: str
    state: State
    tries: int
    """Tries whose outcome is known, since the start or the last replay."""
    due_at: datetime | None
    """When the next try is made; None where there is none."""
    created_at: datetime
    ended_at: datetime | None
    body: bytes | None
    attempts: tuple[Attempt, ...] = ()
    """All of them, oldest first; only where one callback was asked for."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What came of a test."""

    id: str
    """Of the message."""
    status: int
    """HTTP status of the answer."""
    heard: bool
    """Whether the answer means success."""


class Callbacks:
    """Callbacks of all accounts, and the recipes by which they are sent.

    Parameters
    ----------
    rotation_s : float
        Seconds that a secret still signs after another took its place.
    """

    def __init__(
        self, database: Database, secrets: SigningSecrets, deliverer: Deliverer, *, rotation_s: float
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._rotation_s = rotation_s
        self._makers: dict[str, Callable[[], Recipe]] = {}
        self._recipes: dict[str, Recipe] = {}
        self.deliverer = deliverer
        """By which they are sent."""

    def register(self, name: str, make: Callable[[], Recipe]) -> None:
        """Add a recipe, or replace one; it is made when it is first needed."""
        self._makers[name] = make
        self._recipes.pop(name, None)

    def recipe(self, name: str) -> Recipe:
        """The recipe of this name.

        Raises
        ------
        ParameterError
            There is none.
        """
        if name not in self._makers:
            raise ParameterError("recipe", name, "one of " + ", ".join(sorted(self._makers)))
        if name not in self._recipes:
            self._recipes[name] = self._makers[name]()
        return self._recipes[name]

    @property
    def recipes(self) -> Mapping[str, Recipe]:
        """All of them."""
        return {name: self.recipe(name) for name in self._makers}

    async def check(self, url: str) -> None:
        """Hold an address against the rules by which every try is held; nothing is sent.

        Raises
        ------
        RefusedUrlError, UnreachableUrlError
            Nothing would be sent there.
        """
        await self.deliverer.check(url)

    async def set_address(self, account: str, recipe: str, url: str | None) -> None:
        """Tell an address of all later jobs that come without one of their own; None tells nobody.

        Raises
        ------
        ParameterError
            There is no such recipe, or it takes an address from each order alone.
        KeyRefusedError
            There is no such account.
        RefusedUrlError, UnreachableUrlError
            Nothing would be sent there.
        """
        self._example(recipe)
        if url is not None:
            await self.check(url)
        values = {"account": account, "recipe": recipe, "url": url}
        row = await self._database.one("SELECT FROM accounts WHERE id = %(account)s", values)
        if row is None:
            raise KeyRefusedError("there is no such account; see: tinct keys list")
        await self._database.run(_SET if url is not None else _UNSET, values)

    async def address(self, account: str, recipe: str) -> str | None:
        """The address that `set_address` set."""
        row = await self._database.one(
            "SELECT url FROM callback_addresses WHERE account_id = %s AND recipe = %s", (account, recipe)
        )
        return str(row["url"]) if row is not None else None

    async def test(self, url: str, recipe: str, account: str = "") -> Tested:
        """Send one message that looks like a callback, and say what came of it; nothing is written down.

        Parameters
        ----------
        account : str, optional
            Whose secrets it bears; without one it bears none.

        Raises
        ------
        ParameterError
            As `set_address`.
        RefusedUrlError, UnreachableUrlError
            Nothing is sent there, or there was no whole answer.
        """
        example, found, now = self._example(recipe), self.recipe(recipe), datetime.now(UTC)
        delivery = Delivery(id=new_id("msg"), account=account, job_id="", url=url, context={}, created_at=now)
        body = await example(delivery)
        answer = await self.deliverer.post(
            url,
            body,
            await found.headers(delivery, body, now),
            total_s=found.total_s,
            read_bytes=found.read_bytes,
            most_bytes=found.most_bytes,
        )
        return Tested(id=delivery.id, status=answer.status, heard=found.succeeded(answer))

    def _example(self, recipe: str) -> Callable[[Delivery], Awaitable[bytes]]:
        found = self.recipe(recipe).example
        if found is None:
            raise ParameterError("for", recipe, "a wire format whose accounts have an address of their own")
        return found

    async def list(
        self,
        account: str | None = None,
        *,
        job_id: str | None = None,
        state: State | None = None,
        limit: int = 100,
    ) -> tuple[Stored, ...]:
        """Callbacks, newest first, without their attempts.

        Parameters
        ----------
        account : str, optional
            Only this one's.
        """
        if not storable(f"{account}{job_id}"):
            return ()
        rows = await self._database.all(
            _LIST, {"account": account, "job": job_id, "state": state, "limit": limit}
        )
        return tuple(_stored(row) for row in rows)

    async def get(self, callback_id: str) -> Stored:
        """One callback with its attempts.

        Raises
        ------
        CallbackMissingError
            There is none of that id.
        """
        row = None
        if storable(callback_id):
            row = await self._database.one("SELECT * FROM callbacks WHERE id = %s", (callback_id,))
        if row is None:
            raise CallbackMissingError("there is no such callback; see: tinct callbacks list")
        rows = await self._database.all(
            "SELECT * FROM callback_attempts WHERE callback_id = %s ORDER BY attempt", (callback_id,)
        )
        return _stored(row, tuple(_attempt(one) for one in rows))

    async def replay(self, callback_id: str) -> Stored:
        """Send a callback again from the first try, under the same id and with the same bytes; raises as `get`.

        A receiver that had asked for no more gets callbacks again. One that is just being sent is left alone.
        """
        await self.get(callback_id)
        async with self._database.transaction() as connection:
            row = await (await connection.execute(_REPLAY, {"id": callback_id})).fetchone()
            if row is not None:
                await connection.execute(START_AGAIN, row)
        return await self.get(callback_id)

    async def secret(self, account: str) -> str:
        """The account's newest secret for signatures, ``whsec_...``; made when it is first asked for."""
        live = await self.secrets(account)
        return live[0] if live else await self.rotate(account)

    async def secrets(self, account: str) -> tuple[str, ...]:
        """All secrets that sign an account's callbacks now, newest first."""
        return tuple(secret.decode() for secret in await self._secrets.live(account))

    async def rotate(self, account: str) -> str:
        """A new secret; the one before signs too for some time, so that receivers can change over."""
        secret = new_secret()
        await self._secrets.replace(account, secret.encode(), overlap_s=self._rotation_s)
        return secret


def _stored(row: Row, attempts: tuple[Attempt, ...] = ()) -> Stored:
    state = State(row["state"])
    return Stored(
        id=row["id"],
        account=row["account_id"],
        job_id=row["job_id"],
        recipe=row["recipe"],
        url=row["url"],
        state=state,
        tries=row["tries"],
        due_at=row["due_at"] if state is State.WAITING else None,
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        body=bytes(row["body"]) if row["body"] is not None else None,
        attempts=attempts,
    )


def _attempt(row: Row) -> Attempt:
    return Attempt(
        number=row["attempt"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        status=row["status"],
        outcome=Outcome(row["outcome"]),
    )
