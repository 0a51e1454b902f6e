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
        "spin",
        "gifted",
    )
)
HERE = str(Path(__file__).parent)


class Postgres:
    """One private server; `create` gives the settings of a fresh, migrated database."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder / "database")
        self.server.start()
        self.folder = folder
        self._count = 0
        self.made: list[str] = []
        """Databases that are there, but for the template."""
        self.execute("ALTER SYSTEM SET fsync = off")  # a hundred databases to flush at the end otherwise
        self.execute("ALTER SYSTEM SET max_wal_size = '64MB'")
        self.execute("SELECT pg_reload_conf()")
        asyncio.run(self._make_template())

    def create(self, data: Path, **changes: Any) -> Settings:
        self._count += 1
        name = f"test_{self._count}"
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
        """Drop the databases that were made after the first `count`; 10 MB each would stay until the end."""
        while len(self.made) > count:
            self.execute(f"DROP DATABASE {self.made.pop()} WITH (FORCE)")

    def url(self, name: str) -> str:
        return self.server.url.replace("/postgres?", f"/{name}?")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement)

    async def _make_template(self) -> None:
        self.execute("CREATE DATABASE template_tinct")
        settings = Settings(data=self.folder / "template", database_url=self.url("template_tinct"))
        async with open_backend(settings):
            pass


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
