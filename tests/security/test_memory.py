"""Memory stays where it was, job after job: nothing is kept of a job that has ended."""

import asyncio
import ctypes
import gc
import os
import tracemalloc
from collections.abc import Callable

import httpx
import psutil
import pytest

from backends import Postgres, working
from hazards import GAPS, heaps_of_threads, leave_gaps
from running import photo
from tinct.backend import Backend, open_backend
from tinct.jobs.child import Outcome, Task
from tinct.jobs.children import Child
from tinct.server.app import create_app

pytestmark = pytest.mark.asyncio

FIRST, WARM, ROUNDS = 10, 30, 60
# Bytes of a round that may stay: caches that have a bound, and what the allocator's blocks round up
KEPT = 2048
GROWTH = 1.05
TASKS = 150


async def one_round(client: httpx.AsyncClient) -> None:
    """A photo comes, a job runs and is waited for, its result is fetched, and all of it is deleted."""
    file = (await client.post("/v1/files", content=photo())).json()["id"]
    order = {"effect": "noop", "inputs": {"image": file}}
    job = (await client.post("/v1/jobs", json=order)).json()
    while not job["finished_at"]:
        job = (await client.get(f"/v1/jobs/{job['id']}?wait=20")).json()
    assert job["state"] == "succeeded", job
    for result in job["results"]:
        assert (await client.get(result["url"])).status_code == 200
    assert (await client.delete(f"/v1/jobs/{job['id']}")).status_code == 204
    assert (await client.delete(f"/v1/files/{file}")).status_code == 204


def traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def settled(backend: Backend) -> tuple[int, int]:
    """How many tasks and descriptors there are once nothing is under way."""
    async with asyncio.timeout(30):
        while (await backend.jobs.depth())["running"]:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    return len(asyncio.all_tasks()), psutil.Process(os.getpid()).num_fds()


async def test_server_and_worker_keep_nothing_of_jobs_that_have_ended(postgres: Postgres, tmp_path) -> None:
    settings = postgres.create(
        tmp_path / "data", workers=1, requests_per_minute=1_000_000, sweep_s=5, stalled_s=30
    )
    async with open_backend(settings) as backend, working(backend):
        key = (await backend.accounts.create("owner")).api_key
        transport = httpx.ASGITransport(create_app(backend), client=("127.0.0.1", 1))
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://t", headers=headers, timeout=60
        ) as client:
            for _ in range(FIRST):  # whatever is loaded with the first jobs need not be traced
                await one_round(client)
            tracemalloc.start()
            try:
                for _ in range(WARM):  # whatever is replaced while it runs was made while it was traced
                    await one_round(client)
                tasks, descriptors = await settled(backend)
                before = traced()
                for _ in range(ROUNDS):
                    await one_round(client)
                again, more = await settled(backend)
                grown = (traced() - before) / ROUNDS
            finally:
                tracemalloc.stop()
    assert grown < KEPT
    assert again <= tasks + 1
    # Its pool may have grown, by no more than that
    assert more <= descriptors + settings.database_connections


async def test_a_child_keeps_nothing_of_its_tasks(postgres: Postgres, tmp_path) -> None:
    settings = postgres.create(tmp_path / "data", child_jobs=10 * TASKS)
    child, image = Child(settings, tmp_path), tmp_path / "image.png"
    image.write_bytes(photo(640, 480))
    try:

        async def tasks(number: int) -> int:
            for count in range(number):
                folder = tmp_path / f"{count % 2}"
                folder.mkdir(exist_ok=True)
                task = Task(
                    effect="convert",
                    params={},
                    inputs={"image": str(image)},
                    format="png",
                    quality=90,
                    folder=str(folder),
                )
                assert (await child.run(task, lambda share: None)).code is None
            return child.resident()

        warm, pid = await tasks(TASKS // 2), child.pid
        end = await tasks(TASKS)
    finally:
        child.drop()
    assert pid is not None
    assert end < warm * GROWTH


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not this C library's")
async def test_a_child_gives_back_what_its_tasks_have_freed_where_the_heap_has_gaps(
    postgres: Postgres, tmp_path
) -> None:
    child = Child(postgres.create(tmp_path / "data"), tmp_path)

    async def one(work: Callable[[Task], Outcome] | None = None) -> Outcome:
        task = Task(
            effect="noop", params={}, inputs={}, format="png", quality=90, folder=str(tmp_path), work=work
        )
        return await child.run(task, lambda share: None)

    try:
        await one()
        before = child.resident()
        full = (await one(leave_gaps)).facts["resident"]
        assert full > before + GAPS // 2
        async with asyncio.timeout(60):
            while child.resident() > before + GAPS // 2:
                await asyncio.sleep(0.05)
    finally:
        child.drop()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not this C library's")
async def test_threads_of_a_child_leave_no_heaps_of_their_own_behind(postgres: Postgres, tmp_path) -> None:
    child = Child(postgres.create(tmp_path / "data", workers=os.cpu_count()), tmp_path)
    task = Task(
        effect="noop",
        params={},
        inputs={},
        format="png",
        quality=90,
        folder=str(tmp_path),
        work=heaps_of_threads,
    )
    try:
        outcome = await child.run(task, lambda share: None)
    finally:
        child.drop()
    assert outcome.facts == {"heaps": 1}, outcome
