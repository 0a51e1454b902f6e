"""The one door to PostgreSQL: a pool, transactions, notifications and numbered migrations.

No other module opens a connection. Connections are in autocommit: a single statement is its own transaction, several
go into ``async with database.transaction()``.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple, Self
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb as Json
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from tinct.errors import DatabaseError
from tinct.settings import Settings
from tinct.storage.embedded import EmbeddedPostgres

__all__ = [
    "Connection",
    "Dangling",
    "Database",
    "Duplicate",
    "Json",
    "Look",
    "Note",
    "Row",
    "Schema",
    "look",
    "storable",
]

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]
Row = DictRow
Duplicate = psycopg.errors.UniqueViolation
Dangling = psycopg.errors.ForeignKeyViolation

_DAMAGE: Final = (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted)
_DAMAGED: Final = "the database is damaged; its operator must put a backup in its place"
_TABLES: Final = (
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
)

_log = logging.getLogger(__name__)
_MIGRATION_LOCK: Final = 7_461_636_900_001  # any number; the same in every process
_CHECKOUT_S: Final = 10.0  # seconds a caller waits for a free connection
_ALIVE_S: Final = 1.0  # seconds for which a connection that answered is taken to be alive
_PLANNED_ONCE: Final = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_sort = off",
)
"""What workers say all the time has an index for everything: it is planned once, and neither reads nor sorts all that
waits because the table was empty when it was planned or counted.
"""
_seen_alive: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
_KEEP_ALIVE_S: Final = 20.0  # seconds between two signs that the listening connection is alive


def storable(text: str) -> bool:
    """False for text that PostgreSQL does not take: with a null character, or half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class Schema(NamedTuple):
    """Tables that a library brings with it."""

    whole: LiteralString
    """Makes everything in an empty database; stands for all the steps."""
    steps: tuple[tuple[str, LiteralString], ...]
    """Its upgrades, name and statements, in order; those not yet applied run on an older database."""


class Note(NamedTuple):
    """A notification."""

    channel: str
    payload: str


class Look(NamedTuple):
    """What a database is, found without changing it."""

    version: str
    """Of the server."""
    pending: tuple[str, ...]
    """Migrations of this version that are not in it yet."""
    now: datetime
    """The server's clock."""


async def look(settings: Settings) -> Look:
    """Join the database for a moment; an embedded one is started for that, and stopped by its last user.

    Raises
    ------
    DatabaseError
        It cannot be started or reached, or is damaged.
    """
    embedded = EmbeddedPostgres(settings.data / "database") if settings.database_url is None else None
    url = await asyncio.to_thread(embedded.start) if embedded is not None else settings.database_url
    try:
        with _translated():
            async with await Connection.connect(
                url or "", autocommit=True, row_factory=dict_row, connect_timeout=int(_CHECKOUT_S)
            ) as connection:
                row = await (
                    await connection.execute(
                        "SELECT current_setting('server_version') AS version, clock_timestamp() AS now,"
                        " to_regclass('migrations') IS NOT NULL AS made"
                    )
                ).fetchone()
                assert row is not None
                done = set()
                if row["made"]:
                    names = await (await connection.execute("SELECT name FROM migrations")).fetchall()
                    done = {name["name"] for name in names}
    finally:
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)
    pending = tuple(name for name, _ in sorted(_own_migrations()) if name not in done)
    return Look(row["version"], pending, row["now"])


class Database:
    """Open it with :meth:`open`; one per process."""

    def __init__(self, url: str, pool: Pool, relaxed: Pool, embedded: EmbeddedPostgres | None) -> None:
        self.url = url
        self.pool = pool
        self.relaxed = relaxed
        """Connections that do not wait until a commit is on the disk. A crash of the server may undo their latest
        commits, but never one that a later durable commit follows; good for what would simply be done again.
        """
        self._embedded = embedded
        self._damaged = False

    @classmethod
    async def open(cls, settings: Settings, imported: Schema | None = None) -> Self:
        """Start or join the database, bring its schema up to date, and open the pool.

        Parameters
        ----------
        settings : Settings
            Where the database is.
        imported : Schema, optional
            Tables of a library, applied before the project's own.

        Raises
        ------
        DatabaseError
            It cannot be started or reached.
        """
        embedded, url = None, settings.database_url
        if url is None:
            embedded = EmbeddedPostgres(settings.data / "database")
            url = await asyncio.to_thread(embedded.start)
        try:
            pool = _pool(url, 1, settings.database_connections, _durable)
            relaxed = _pool(url, 0, max(2, settings.database_connections // 3), _relaxed)
            database = cls(url, pool, relaxed, embedded)
            with _translated():
                await database._migrate(imported)
                await pool.open(wait=True, timeout=_CHECKOUT_S)
                await relaxed.open()
        except BaseException:
            if embedded is not None:
                await asyncio.to_thread(embedded.stop)
            raise
        return database

    async def close(self) -> None:
        """Close the pool; the embedded server stops with its last user."""
        await self.pool.close()
        await self.relaxed.close()
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.stop)

    @asynccontextmanager
    async def connection(self, *, durable: bool = True) -> AsyncIterator[Connection]:
        """A pooled connection in autocommit.

        Parameters
        ----------
        durable : bool
            False for one of `relaxed`.

        Raises
        ------
        DatabaseError
            None is free, or the server went away.
        """
        with _translated(self._note_damage):
            async with (self.pool if durable else self.relaxed).connection() as connection:
                yield connection

    async def check(self) -> None:
        """Look whether the database answers and is whole: its tables' first pages, and what was met since it opened.

        Raises
        ------
        DatabaseError
            It cannot be reached, or is damaged.
        """
        if self._damaged:
            raise DatabaseError(_DAMAGED)
        names = await self.all(_TABLES)
        looks = [
            SQL("SELECT count(*) FROM {} WHERE ctid = '(0,1)'").format(Identifier(*row.values()))
            for row in names
        ]
        async with self.connection() as connection:
            await connection.execute(SQL(" UNION ALL ").join(looks))

    def _note_damage(self) -> None:
        self._damaged = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A pooled connection inside a transaction: committed at the end, rolled back on an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Connection]:
        """A pooled connection whose statements go out without waiting for answers, and count together."""
        async with self.connection() as connection, connection.pipeline():
            yield connection

    @asynccontextmanager
    async def only_one(self, name: str) -> AsyncIterator[bool]:
        """True for one process at a time that asks with the same name; the others get False and do not wait."""
        async with self.connection() as connection:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s)) AS got", (name,))
            row = await cursor.fetchone()
            got = row is not None and bool(row["got"])
            try:
                yield got
            finally:
                if got:
                    await connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))

    async def all(self, query: LiteralString, parameters: Any = None) -> list[Row]:
        """Every row of one statement."""
        async with self.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()

    async def one(self, query: LiteralString, parameters: Any = None) -> Row | None:
        """The first row of one statement, or None."""
        async with self.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchone()

    async def run(self, query: LiteralString, parameters: Any = None) -> int:
        """Run one statement that returns no rows; the number of rows it touched."""
        async with self.connection() as connection:
            return (await connection.execute(query, parameters)).rowcount

    async def notifications(self, *channels: str) -> AsyncIterator[Note | None]:
        """What is sent to `channels`, for ever, over a connection of its own.

        Yields None each time listening (re)starts: whatever happened before may have been missed. An embedded
        server that died is started again from here.
        """
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
                    for channel in channels:
                        await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
                    yield None
                    while True:
                        async for note in connection.notifies(timeout=_KEEP_ALIVE_S):
                            yield Note(note.channel, note.payload)
                        await connection.execute("SELECT 1")
            except psycopg.Error:
                _log.warning("the database went away; listening again in a second")
                await asyncio.sleep(1.0)
                await self._revive()

    async def _revive(self) -> None:
        """Start the embedded server again if it died; nobody else would."""
        if self._embedded is not None:
            try:
                await asyncio.to_thread(self._embedded.start)
            except DatabaseError as error:
                _log.error("%s", error)

    async def _migrate(self, imported: Schema | None) -> None:
        """Apply the migrations that are not yet in the database, in order, one process at a time."""
        async with await Connection.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            await connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations"
                " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            rows = await (await connection.execute("SELECT name FROM migrations")).fetchall()
            done = {row["name"] for row in rows}
            if imported is not None and not done.intersection(name for name, _ in imported.steps):
                names = [name for name, _ in imported.steps]
                await _apply(connection, imported.whole, names)
                done.update(names)
            steps = sorted(_own_migrations())
            for name, statements in (*(imported.steps if imported else ()), *steps):
                if name not in done:
                    await _apply(connection, statements, [name])


def _pool(url: str, least: int, most: int, configure: Callable[[Connection], Awaitable[None]]) -> Pool:
    return AsyncConnectionPool(
        url,
        connection_class=Connection,
        kwargs={"row_factory": dict_row, "application_name": "tinct"},
        configure=configure,
        min_size=least,
        max_size=most,
        timeout=_CHECKOUT_S,
        check=_check,
        open=False,
    )


async def _check(connection: Connection) -> None:
    """Ask a connection for a sign of life before it is handed out, unless it gave one a moment ago."""
    now = time.monotonic()
    if now - _seen_alive.get(connection, 0.0) > _ALIVE_S:
        await AsyncConnectionPool.check_connection(connection)
        _seen_alive[connection] = now


async def _durable(connection: Connection) -> None:
    await connection.set_autocommit(True)


async def _relaxed(connection: Connection) -> None:
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit = off")
    for planning in _PLANNED_ONCE:
        await connection.execute(planning)


async def _apply(connection: Connection, statements: LiteralString, names: list[str]) -> None:
    async with connection.transaction():
        await connection.execute(statements)
        await connection.execute("INSERT INTO migrations (name) SELECT unnest(%s::text[])", (names,))


def _own_migrations() -> Iterator[tuple[str, LiteralString]]:
    """The files ``NNN_name.sql`` of this package."""
    for file in (importlib.resources.files("tinct.storage") / "migrations").iterdir():
        if file.name.endswith(".sql"):
            yield file.name, file.read_text(encoding="utf-8")


@contextmanager
def _translated(note_damage: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Turn a lost or missing server into `DatabaseError`; leave every other error as it is."""
    try:
        yield
    except _DAMAGE as error:
        note_damage()
        _log.error("database: %s", type(error).__name__)
        raise DatabaseError(_DAMAGED) from None
    except (PoolTimeout, PoolClosed, psycopg.OperationalError, psycopg.InterfaceError) as error:
        _log.warning("database: %s", type(error).__name__)
        raise DatabaseError("the database cannot be reached; try again in a few seconds") from None
