"""The queue by itself, to hold the whole server against it: jobs without anything, and jobs with the same work.

``python -m benchmarks.bare_queue URL`` is a worker of a database whose schema is there already; `benchmarks.job_queue`
starts it. A ``nothing`` is what is left of a job when there is no record, no credit, no process and no result. A
``picture`` is what a job of the server leaves: a record that is made with the queue's entry and moves from waiting to
running to succeeded, a picture that a child process encodes into a file, and that file flushed and renamed into place
before the record names it. It has no accounts, limits, deadlines, statistics, attempts or notifications.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString, NamedTuple

import numpy as np
import procrastinate
import psutil

from benchmarks.processes import times
from tinct.photo.encode import encode
from tinct.photo.photo import Photo

__all__ = ["Pace", "paces", "worker"]

_QUEUE: Final = "bare"
_SUBMITTERS: Final = 8
_SLOTS: Final = 2
_LOOK_S: Final = 0.02
_LEFT: Final = f"SELECT count(*) AS jobs FROM procrastinate_jobs WHERE queue_name = '{_QUEUE}'"
_DONE: Final = "SELECT count(*) AS jobs FROM bare_jobs WHERE state = 'succeeded'"
_PICTURE: Final = Photo(np.zeros((4, 4, 3), np.uint8))
_RECORDS: Final[LiteralString] = (
    "CREATE TABLE IF NOT EXISTS bare_jobs (id bigserial PRIMARY KEY, state text NOT NULL, path text, size integer)"
)


class Pace(NamedTuple):
    """How fast jobs went."""

    rate: float
    """Jobs a second, from the first that is added until the last is done and forgotten."""
    processor_s: float
    """Of all processes together, for one job."""


def _app(url: str, folder: Path | None = None) -> procrastinate.App:
    """The tasks; those with work write below `folder`."""
    connector = procrastinate.PsycopgConnector(conninfo=url, max_size=_SUBMITTERS)
    app = procrastinate.App(connector=connector)
    children = ProcessPoolExecutor(_SLOTS, multiprocessing.get_context("forkserver")) if folder else None

    @app.task(name="nothing", queue=_QUEUE)
    async def nothing(number: int) -> None:
        """Do nothing."""

    @app.task(name="picture", queue=_QUEUE)
    async def picture(number: int) -> None:
        """Do what a job of the server that does nothing does."""
        assert folder is not None
        await connector.execute_query_async(
            "UPDATE bare_jobs SET state = 'running' WHERE id = %(number)s", number=number
        )
        made, stored = folder / f"{number}.new", folder / f"{number}.png"
        size = await asyncio.get_running_loop().run_in_executor(children, _made, made)
        await asyncio.to_thread(_place, made, stored)
        await connector.execute_query_async(
            "UPDATE bare_jobs SET state = 'succeeded', path = %(path)s, size = %(size)s WHERE id = %(number)s",
            path=str(stored),
            size=size,
            number=number,
        )

    return app


def _made(path: Path) -> int:
    """Encode the picture into a file; its size. Runs in a child."""
    return path.write_bytes(encode(_PICTURE, "png"))


def _place(made: Path, stored: Path) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.rename(stored)
    folder = os.open(stored.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def worker(url: str) -> Iterator[psutil.Process]:
    """A worker process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_queue", url], env=os.environ)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


async def paces(url: str, data: Path, worker: psutil.Process, jobs: int) -> tuple[Pace, Pace]:
    """Of so many jobs of nothing, and of pictures, with the embedded database of `data`."""
    app = _app(url)
    connector = app.connector
    assert isinstance(connector, procrastinate.PsycopgConnector)
    add = app.configure_task("nothing", queue=_QUEUE, allow_unknown=False)

    async def nothing() -> None:
        await add.defer_async(number=0)

    async def picture() -> None:
        async with connector.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute("INSERT INTO bare_jobs (state) VALUES ('queued') RETURNING id")
            row = await cursor.fetchone()
            assert row is not None
            one = app.configure_task("picture", queue=_QUEUE, connection=connection, allow_unknown=False)
            await one.defer_async(number=row[0])

    def spent() -> float:
        here = times(os.getpid(), data)
        below = [worker, *worker.children(recursive=True)]
        return here["server"] + here["postgres"] + sum(sum(each.cpu_times()[:2]) for each in below)

    async def pace(submit: Callable[[], Awaitable[None]], jobs: int) -> Pace:
        async def submitter(number: int) -> None:
            for _ in range(number):
                await submit()

        began, before = time.perf_counter(), spent()
        await asyncio.gather(*(submitter(jobs // _SUBMITTERS) for _ in range(_SUBMITTERS)))
        while (await connector.execute_query_one_async(_LEFT))["jobs"]:
            await asyncio.sleep(_LOOK_S)
        return Pace(jobs / (time.perf_counter() - began), (spent() - before) / jobs)

    async with app.open_async():
        await connector.execute_query_async(_RECORDS)
        found = []
        for submit in (nothing, picture):
            await pace(submit, _SUBMITTERS)  # whatever is made with the first jobs
            found.append(await pace(submit, jobs))
        done = await connector.execute_query_one_async(_DONE)
        assert done["jobs"] >= jobs, done
        return found[0], found[1]


async def _work(url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="tinct-bare-") as folder:
        app = _app(url, Path(folder))
        async with app.open_async():
            await app.run_worker_async(queues=[_QUEUE], concurrency=_SLOTS, delete_jobs="always")


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
