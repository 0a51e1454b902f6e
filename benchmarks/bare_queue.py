"""The queue by itself: what is left of a job when there is no record, no credit, no process and no result.

``python -m benchmarks.bare_queue URL`` is a worker of a database whose schema is there already; `benchmarks.job_queue`
starts it, to hold the whole server against it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import procrastinate

__all__ = ["rate", "worker"]

_QUEUE = "bare"
_SUBMITTERS = 8
_SLOTS = 2
_LOOK_S = 0.02


def _app(url: str) -> procrastinate.App:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=_SUBMITTERS))

    @app.task(name="nothing", queue=_QUEUE)
    async def nothing(number: int) -> None:
        """Do nothing."""

    return app


@contextmanager
def worker(url: str) -> Iterator[None]:
    """A worker process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_queue", url], env=os.environ)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


async def rate(url: str, jobs: int) -> float:
    """Jobs a second, from the first that is added until the last has been done and forgotten."""
    app = _app(url)
    async with app.open_async():
        add = app.configure_task("nothing", queue=_QUEUE, allow_unknown=False)

        async def submitter(number: int) -> None:
            for each in range(number):
                await add.defer_async(number=each)

        began = time.perf_counter()
        await asyncio.gather(*(submitter(jobs // _SUBMITTERS) for _ in range(_SUBMITTERS)))
        left = f"SELECT count(*) AS jobs FROM procrastinate_jobs WHERE queue_name = '{_QUEUE}'"
        while (await app.connector.execute_query_one_async(left))["jobs"]:
            await asyncio.sleep(_LOOK_S)
        return jobs / (time.perf_counter() - began)


async def _work(url: str) -> None:
    app = _app(url)
    async with app.open_async():
        await app.run_worker_async(queues=[_QUEUE], concurrency=_SLOTS, delete_jobs="always")


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
