"""Addresses that are told of the end of every job of an account, several of a kind, set by an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from tinct.errors import CallbackMissingError, KeyRefusedError, ParameterError
from tinct.jobs.callbacks.outbox import START_AGAIN
from tinct.jobs.callbacks.service import Callbacks, Tested
from tinct.jobs.job import Callback
from tinct.settings import Settings
from tinct.storage.database import Database, Row, storable
from tinct.storage.ids import new_id

__all__ = ["Webhook", "Webhooks"]

_ADD: Final = """
INSERT INTO webhooks (id, account_id, recipe, url)
SELECT %(id)s, %(account)s, %(recipe)s, %(url)s
WHERE (SELECT count(*) FROM webhooks WHERE account_id = %(account)s AND recipe = %(recipe)s) < %(most)s
ON CONFLICT (account_id, recipe, url) DO UPDATE SET created_at = webhooks.created_at
RETURNING *
"""
_DROP: Final = """
UPDATE callbacks SET state = 'dropped', ended_at = now(), body = NULL, context = '{}'
WHERE account_id = %(account)s AND recipe = %(recipe)s AND url = %(url)s AND state = 'waiting'
"""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """An address."""

    id: str
    account: str
    recipe: str
    url: str
    created_at: datetime


class Webhooks:
    """Adds, lists, removes and tests them."""

    def __init__(self, database: Database, callbacks: Callbacks, settings: Settings) -> None:
        self._database, self._callbacks, self._settings = database, callbacks, settings

    async def add(self, account: str, recipe: str, url: str) -> Webhook:
        """Tell an address of all later jobs; one that is there already stays as it is, and is told again if it had
        asked for no more.

        Raises
        ------
        ParameterError
            There is no such recipe, it is not https, or there are as many as are allowed.
        KeyRefusedError
            There is no such account.
        RefusedUrlError, UnreachableUrlError
            Nothing would be sent there.
        """
        self._callbacks.recipe(recipe)
        if await self._database.one("SELECT FROM accounts WHERE id = %s", (account,)) is None:
            raise KeyRefusedError("there is no such account; see: tinct keys list")
        if not self._safe(url):
            raise ParameterError("url", url, "an https URL; http only for hosts in TINCT_ALLOW_PRIVATE_HOSTS")
        await self._callbacks.check(url)
        most = self._settings.max_webhooks
        values = {"id": new_id("hook"), "account": account, "recipe": recipe, "url": url, "most": most}
        async with self._database.transaction() as connection:
            await connection.execute("SELECT FROM accounts WHERE id = %(account)s FOR NO KEY UPDATE", values)
            row = await (await connection.execute(_ADD, values)).fetchone()
            if row is None:
                raise ParameterError("url", f"one more than {most}", f"at most {most}; remove one first")
            await connection.execute(START_AGAIN, values)
        await self._callbacks.secret(account)  # so that there is one when it is needed
        return _webhook(row)

    def _safe(self, url: str) -> bool:
        """Whether what is sent there cannot be read on its way."""
        try:
            parts = urlsplit(url)
            own = {parts.hostname, f"{parts.hostname}:{parts.port}"} & self._settings.allow_private_hosts
        except ValueError:
            return False
        return parts.scheme == "https" or bool(own)

    async def list(self, account: str, recipe: str) -> tuple[Webhook, ...]:
        """An account's addresses, oldest first."""
        rows = await self._database.all(
            "SELECT * FROM webhooks WHERE account_id = %s AND recipe = %s ORDER BY id", (account, recipe)
        )
        return tuple(_webhook(row) for row in rows)

    async def of_order(self, account: str, recipe: str) -> tuple[Callback, ...]:
        """Who is told of a new job."""
        return tuple(Callback(recipe=recipe, url=webhook.url) for webhook in await self.list(account, recipe))

    async def remove(self, account: str, webhook_id: str) -> Webhook:
        """Tell an address nothing more, also of jobs that have ended already.

        Raises
        ------
        CallbackMissingError
            The account has no such address.
        """
        found = await self._get(account, webhook_id)
        async with self._database.transaction() as connection:
            await connection.execute("DELETE FROM webhooks WHERE id = %s", (found.id,))
            await connection.execute(_DROP, {"account": account, "recipe": found.recipe, "url": found.url})
        return found

    async def test(self, account: str, webhook_id: str) -> Tested:
        """Send an address one message that looks like the end of a job. Raises as `remove`, and as `Callbacks.test`."""
        found = await self._get(account, webhook_id)
        return await self._callbacks.test(found.url, found.recipe, account)

    async def _get(self, account: str, webhook_id: str) -> Webhook:
        row = None
        if storable(webhook_id):
            row = await self._database.one(
                "SELECT * FROM webhooks WHERE account_id = %s AND id = %s", (account, webhook_id)
            )
        if row is None:
            raise CallbackMissingError("there is no such address; see: tinct webhooks list")
        return _webhook(row)


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=row["id"],
        account=row["account_id"],
        recipe=row["recipe"],
        url=row["url"],
        created_at=row["created_at"],
    )
