"""How long a job takes beyond its effect, how many a second, and what a long queue costs.

``python -m benchmarks.job_queue`` starts a server of its own in a temporary folder (embedded PostgreSQL, one worker
process with two children) and prints one line per figure. The server is held against two bare queues of the same
database in turns: of jobs that do nothing at all, and of jobs that do the same work by hand (see
`benchmarks.bare_queue`). Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmarks import bare_queue
from benchmarks.bare_queue import Pace
from benchmarks.processes import times
from tinct.backend import Backend, open_backend
from tinct.effects.declare import effect
from tinct.jobs.job import Order
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings

_PICTURE = Photo(np.zeros((4, 4, 3), np.uint8))
_WAITING = 100_000
_ROUNDS = 3


@effect(title="No-op")
def noop(photo: Annotated[Photo | None, Field(description="Not looked at.")] = None) -> Photo:
    """Give back a fixed picture of 4 x 4 pixels."""
    return _PICTURE


@asynccontextmanager
async def _worker(settings: Settings) -> AsyncIterator[None]:
    """One worker process with the settings of the server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tinct.jobs", env=settings.to_environment(), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _timed(act: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """Seconds of each of `times` calls, one after the other."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        taken.append(time.perf_counter() - began)
    return taken


def _tell(name: str, taken: list[float]) -> float:
    middle = statistics.median(taken)
    p95 = sorted(taken)[int(len(taken) * 0.95)]
    print(f"{name}: p50 {middle * 1e3:.1f} ms, p95 {p95 * 1e3:.1f} ms over {len(taken)}", flush=True)
    return middle


async def latency(backend: Backend, account: str, times: int) -> None:
    """Submit to result on an idle server: nothing to do, and a small photo to convert."""
    file = await backend.files.put(account, encode(_PICTURE, "png"))
    orders = {
        "no-op": Order(account=account, effect="noop"),
        "convert 4 x 4": Order(account=account, effect="convert", inputs={"image": file.id}),
    }
    for name, order in orders.items():

        async def whole(order: Order = order) -> None:
            job = (await backend.jobs.submit(order)).job
            assert (await backend.jobs.wait(account, job.id, 30)).state.final

        await _timed(whole, 5)
        _tell(f"submit to result, {name}", await _timed(whole, times))


async def throughput(backend: Backend, account: str, jobs: int) -> float:
    """Many no-op jobs from 8 submitters at once, until the last one has ended; how many a second."""
    order = Order(account=account, effect="noop")
    made: list[str] = []

    async def submitter(number: int) -> None:
        made.extend([(await backend.jobs.submit(order)).job.id for _ in range(number)])

    began = time.perf_counter()
    await asyncio.gather(*(submitter(jobs // 8) for _ in range(8)))
    accepted = time.perf_counter() - began
    for job_id in made:
        assert (await backend.jobs.wait(account, job_id, 120)).state.final
    ended = time.perf_counter() - began
    print(f"throughput: {len(made) / ended:.0f} no-op jobs/s end to end over {len(made)}", flush=True)
    print(f"            accepted in {accepted:.1f} s, ended in {ended:.1f} s", flush=True)
    return len(made) / ended


async def _used(backend: Backend, account: str) -> str:
    """Processor time of a no-op job in ms, by process, of which the client is this one."""
    data = backend.settings.data
    before, count = times(os.getpid(), data), 200
    with contextlib.redirect_stdout(None):
        await throughput(backend, account, count)
    after = times(os.getpid(), data)
    names = {"server": "client"}
    return ", ".join(
        f"{names.get(role, role)} {(after[role] - before[role]) / count * 1e3:.1f}" for role in after
    )


def _share(name: str, whole: list[float], paces: list[Pace]) -> None:
    shares = [rate / pace.rate for rate, pace in zip(whole, paces, strict=True)]
    shown = ", ".join(f"{rate:.0f} of {pace.rate:.0f}" for rate, pace in zip(whole, paces, strict=True))
    spent = statistics.median(pace.processor_s for pace in paces) * 1e3
    print(f"share of {name}: {statistics.median(shares):.2f} (jobs/s: {shown})", flush=True)
    print(f"            whose jobs take {spent:.1f} ms of processor time", flush=True)


async def depth(backend: Backend, account: str, times: int) -> None:
    """Cost of submit and of get with position, on an empty queue and with 100,000 waiting jobs."""
    first = await _depth_once(backend, account, times, "empty queue")
    await _fill(backend, account)
    await asyncio.sleep(2)
    second = await _depth_once(backend, account, times, f"{_WAITING:,} waiting")
    for name, before, after in zip(("submit", "get"), first, second, strict=True):
        print(f"{name}: {after / before:.2f} x the cost on an empty queue", flush=True)


async def _depth_once(backend: Backend, account: str, times: int, name: str) -> tuple[float, float]:
    made: list[str] = []

    async def submit() -> None:
        made.append((await backend.jobs.submit(Order(account=account, effect="noop"))).job.id)

    async def get() -> None:
        job = await backend.jobs.get(account, made[-1])
        assert await backend.jobs.position(job) >= 1

    await _timed(submit, 20)
    submits, gets = await _timed(submit, times), await _timed(get, times)
    for job_id in made:
        await backend.jobs.cancel(account, job_id)
    return _tell(f"submit, {name}", submits), _tell(f"get, {name}", gets)


async def _fill(backend: Backend, account: str) -> None:
    """Put jobs and queue entries in, by the server's own hand for the first and by SQL for the rest."""
    pattern = (await backend.jobs.submit(Order(account=account, effect="noop"))).job.id
    async with backend.database.transaction() as connection:
        await connection.execute(
            "WITH pattern AS (SELECT * FROM jobs WHERE id = %s), made AS (INSERT INTO procrastinate_jobs"
            " (queue_name, task_name, priority, args) SELECT q.queue_name, q.task_name, q.priority,"
            " jsonb_build_object('job_id', 'job_filler_' || n) FROM generate_series(1, %s) n, pattern p"
            " JOIN procrastinate_jobs q ON q.id = p.entry RETURNING id, args ->> 'job_id' AS job_id)"
            " INSERT INTO jobs (id, account_id, effect, params, inputs, quality, priority, deadline_s, keep_results_s,"
            " discard_inputs, credits, dialect, aliases, meta, entry)"
            " SELECT made.job_id, p.account_id, p.effect, p.params, p.inputs, p.quality, p.priority, p.deadline_s,"
            " p.keep_results_s, p.discard_inputs, p.credits, p.dialect, p.aliases, p.meta, made.id"
            " FROM made, pattern p",
            (pattern, _WAITING),
        )


async def _main(quick: bool) -> None:
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # the worker shall import what this process does
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder), workers=2, extra_effects="noop=benchmarks.job_queue:noop", min_free_bytes=0
        )
        async with open_backend(settings) as backend:
            account = (await backend.accounts.create("benchmark")).account.id
            rounds: list[tuple[float, Pace, Pace]] = []
            count = 400 if quick else 2000
            for round in range(_ROUNDS):  # in turns, as a machine is not equally fast all the time
                async with _worker(settings):
                    await asyncio.sleep(2)
                    if not round:
                        await latency(backend, account, 50 if quick else 300)
                    whole = await throughput(backend, account, count)
                    used = await _used(backend, account)
                url, data = backend.database.url, backend.settings.data
                with bare_queue.worker(url) as worker:
                    await asyncio.sleep(1)
                    rounds.append((whole, *await bare_queue.paces(url, data, worker, count)))
            whole = [round[0] for round in rounds]
            _share("the bare queue", whole, [nothing for _, nothing, _ in rounds])
            _share("the same work by the bare queue", whole, [picture for _, _, picture in rounds])
            print(f"processor time of a no-op job, ms: {used}", flush=True)
            await depth(backend, account, 100 if quick else 500)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer repetitions")
    asyncio.run(_main(arguments.parse_args().quick))
