"""Looks: what an order says beside its photo, under a name, with the files that it needs. They stay until deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tinct.errors import LookMissingError, ParameterError
from tinct.jobs.files import Files
from tinct.jobs.job import Order, file_ids
from tinct.jobs.orders import check
from tinct.settings import Settings
from tinct.storage.database import Connection, Database, Json, Row, storable
from tinct.storage.ids import new_id

__all__ = ["Look", "Looks"]

_STAYS: Final = "interval '100 years'"
_LONGEST_NAME: Final = 100  # characters


@dataclass(frozen=True, kw_only=True)
class Look:
    """An effect with parameters, and perhaps further photos, such as a colour map or a reference."""

    id: str
    name: str
    effect: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    """File ids by input name; the photo to work on is not among them."""
    saved_at: datetime


class Looks:
    """The looks of all accounts. Every method takes the account that asks."""

    def __init__(self, database: Database, files: Files, settings: Settings) -> None:
        self._database, self._files, self._settings = database, files, settings

    async def save(
        self, account: str, name: str, effect: str, params: Mapping[str, Any], inputs: Mapping[str, str]
    ) -> Look:
        """Keep a look, in place of one of the same name; its files stay as long as it does.

        Raises
        ------
        ParameterError
            The name, the effect, a parameter or an input is not allowed, or the account has too many looks.
        FileMissingError
            A file is not there.
        """
        name = name.strip()
        if not 1 <= len(name) <= _LONGEST_NAME or not storable(name):
            raise ParameterError("name", name, f"1 to {_LONGEST_NAME} characters")
        order = Order(account=account, effect=effect, params=params, inputs=inputs)
        check(order, self._settings, complete=False)
        await self._files.get_many(account, file_ids(inputs))
        async with self._alone(account) as connection:
            looks = await _all(connection, account)
            before = next((look for look in looks if look.name == name), None)
            if before is None and len(looks) >= self._settings.max_looks:
                raise ParameterError(
                    "name", name, f"up to {self._settings.max_looks} looks; delete one first"
                )
            await connection.execute(
                f"UPDATE files SET expires_at = now() + {_STAYS}, job_id = NULL WHERE id = ANY(%s)",
                (file_ids(inputs),),
            )
            cursor = await connection.execute(
                "INSERT INTO looks (id, account_id, name, effect, params, inputs) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (account_id, name) DO UPDATE SET effect = excluded.effect, params = excluded.params,"
                " inputs = excluded.inputs, saved_at = now() RETURNING *",
                (new_id("look"), account, name, effect, Json(dict(params)), Json(dict(inputs))),
            )
            row = await cursor.fetchone()
            assert row is not None
            gone = await _release(connection, account, before)
        await self._files.remove(gone)
        return _look(row)

    async def list(self, account: str) -> tuple[Look, ...]:
        """An account's looks, by name."""
        async with self._database.connection() as connection:
            return await _all(connection, account)

    async def delete(self, account: str, look_id: str) -> None:
        """Forget a look, and delete the files that no other look needs.

        Raises
        ------
        LookMissingError
            Unknown, or someone else's.
        StorageAwayError
            It is forgotten, but the bytes of a file could not be removed yet.
        """
        if not storable(look_id):
            raise _missing()
        async with self._alone(account) as connection:
            cursor = await connection.execute(
                "DELETE FROM looks WHERE id = %s AND account_id = %s RETURNING *", (look_id, account)
            )
            row = await cursor.fetchone()
            if row is None:
                raise _missing()
            gone = await _release(connection, account, _look(row))
        await self._files.remove(gone)

    @asynccontextmanager
    async def _alone(self, account: str) -> AsyncIterator[Connection]:
        """A transaction in which nobody else changes the account's looks, so that they and their files are counted."""
        async with self._database.transaction() as connection:
            await connection.execute("SELECT FROM accounts WHERE id = %s FOR NO KEY UPDATE", (account,))
            yield connection


async def _all(connection: Connection, account: str) -> tuple[Look, ...]:
    """An account's looks, by name."""
    cursor = await connection.execute("SELECT * FROM looks WHERE account_id = %s ORDER BY name", (account,))
    return tuple(map(_look, await cursor.fetchall()))


async def _release(connection: Connection, account: str, before: Look | None) -> Sequence[Row]:
    """Mark the files of a look that was, and that no look needs any more, as deleted; their bytes are still there."""
    if before is None:
        return ()
    needed = {file_id for look in await _all(connection, account) for file_id in look.inputs.values()}
    cursor = await connection.execute(
        "UPDATE files SET state = 'deleted' WHERE id = ANY(%s) AND account_id = %s AND state = 'stored'"
        " RETURNING id, key",
        (sorted(set(before.inputs.values()) - needed), account),
    )
    return await cursor.fetchall()


def _missing() -> LookMissingError:
    return LookMissingError("there is no such look; list them to see which there are")


def _look(row: Row) -> Look:
    return Look(**{name: row[name] for name in Look.__dataclass_fields__})
