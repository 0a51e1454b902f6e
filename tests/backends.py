"""A database of its own for each test, on one PostgreSQL for all of them."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from tinct.backend import Backend, open_backend
from tinct.jobs.job import Job, Order
from tinct.jobs.worker import Worker
from tinct.settings import Settings
from tinct.storage.embedded import EmbeddedPostgres

HAZARDS = ",".join(
    f"{name}=hazards:{name.upper()}"
    for name in (
        "noop",
        "slow",
        "crash",
        "flaky",
        "hog",
        "hang",
        "broken",
        "many",
        "limits",
        "lasting",
        "escape",
        "liar",
        "spin",
        "gifted",
    )
)
HERE = str(Path(__file__).parent)
_SHAPE = "SELECT (SELECT count(*) FROM pg_class) AS things, (SELECT count(*) FROM pg_attribute) AS columns"
_EMPTY = """
SET session_replication_role = replica;  -- in any order, and without a trigger
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            AND relname <> 'migrations' LOOP
        EXECUTE format('DELETE FROM %I', found.relname);
    END LOOP;
    FOR found IN SELECT seqrelid AS oid FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL LOOP
        PERFORM setval(found.oid, 1, false);
    END LOOP;
END;
$$;
"""


class Postgres:
    """One private server; `create` gives the settings of a fresh, migrated database."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder / "database")
        self.server.start()
        self.folder = folder
        self._count = 0
        self._admin = psycopg.connect(self.server.url, autocommit=True)
        self._empty: list[str] = []
        self.made: list[str] = []
        """Databases that are in use."""
        self.execute("ALTER SYSTEM SET fsync = off")  # a hundred databases to flush at the end otherwise
        self.execute("ALTER SYSTEM SET max_wal_size = '64MB'")
        self.execute("SELECT pg_reload_conf()")
        asyncio.run(self._make_template())

    def create(self, data: Path, **changes: Any) -> Settings:
        self._count += 1
        name = f"test_{self._count}"
        if self._empty:  # a new name, which nobody knows who was connected before
            self.execute(f"ALTER DATABASE {self._empty.pop()} RENAME TO {name}")
        else:
            self.execute(f"CREATE DATABASE {name} TEMPLATE template_tinct")
        self.made.append(name)
        others = [
            path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in ("", HERE)
        ]
        os.environ["PYTHONPATH"] = os.pathsep.join([HERE, *others])  # children import the hazards by name
        defaults: dict[str, Any] = {
            "data": data,
            "database_url": self.url(name),
            "workers": 2,
            "extra_effects": HAZARDS,
            "min_free_bytes": 0,
            "heartbeat_s": 0.3,
            "stalled_s": 1.5,
            "sweep_s": 0.3,
        }
        return Settings(**(defaults | changes))

    def keep(self, count: int) -> None:
        """Give up the databases that were made after the first `count`.

        One of them is emptied, which is much quicker than to make a new one; the others would stay until the end.
        """
        while len(self.made) > count:
            name = self.made.pop()
            if not self._empty and self._emptied(name):
                self._empty.append(name)
            else:
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """Disconnect and stop the server."""
        self._admin.close()
        self.server.stop()

    def url(self, name: str) -> str:
        return self.server.url.replace("/postgres?", f"/{name}?")

    def execute(self, statement: str) -> None:
        self._admin.execute(statement)

    def _emptied(self, name: str) -> bool:
        """Take everything out of a database; False if it does not look as it did when it was made."""
        self.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            if connection.execute(_SHAPE).fetchone() != self._shape:
                return False
            connection.execute(_EMPTY)
            return True

    async def _make_template(self) -> None:
        self.execute("CREATE DATABASE template_tinct")
        settings = Settings(data=self.folder / "template", database_url=self.url("template_tinct"))
        async with open_backend(settings):
            pass
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            self._shape = connection.execute(_SHAPE).fetchone()


@asynccontextmanager
async def working(backend: Backend) -> AsyncIterator[Worker]:
    """A worker inside the test's process."""
    stop = asyncio.Event()
    worker = Worker(backend)
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)


async def ended(backend: Backend, job: Job, seconds: float = 60) -> Job:
    """The job when it has ended."""
    last = await backend.jobs.wait(job.account, job.id, seconds)
    assert last.state.final, last
    return last


async def submitted(backend: Backend, account: str, effect: str = "noop", **order: Any) -> Job:
    return (await backend.jobs.submit(Order(account=account, effect=effect, **order))).job


async def silent_for(backend: Backend, job_id: str, seconds: float) -> None:
    """Make it so many more seconds that nobody has asked for a job; what was asked until now is written down first."""
    await backend.jobs.leases.write()
    await backend.database.run(
        "UPDATE jobs SET asked_at = asked_at - make_interval(secs => %s) WHERE id = %s", (seconds, job_id)
    )
