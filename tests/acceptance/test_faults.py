"""Whatever is killed, and whenever: every job ends, once, with one result and one charge.

``pytest tests/acceptance/test_faults.py --fault-jobs 1000`` is the long form.
"""

import asyncio
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from backends import HAZARDS
from running import Server
from tinct.backend import Backend, open_backend
from tinct.settings import Settings

PATIENCE_S = 60  # without any job ending


class Faults:
    """A server under fire."""

    def __init__(self, data: Path, seed: int) -> None:
        self.data = data
        self.random = random.Random(seed)
        self.killed: Counter[str] = Counter()
        self.server = self.start()
        self.lock = threading.Lock()  # held while the API is down

    def start(self) -> Server:
        return Server(
            self.data,
            extra_effects=HAZARDS,
            heartbeat_s="0.3",
            stalled_s="1.5",
            sweep_s="0.3",
            job_attempts="20",
            min_free_bytes="0",
            requests_per_minute="1000000",
        )

    def descendants(self) -> tuple[list[int], list[int]]:
        """Workers, and everything below them."""
        try:
            below = psutil.Process(self.server.process.pid).children(recursive=True)
            workers = [p for p in below if "tinct.jobs" in p.cmdline()]
            return [p.pid for p in workers], [c.pid for w in workers for c in w.children(recursive=True)]
        except psutil.Error:
            return [], []

    def kill(self, what: str) -> bool:
        """Kill one; False if there is none now."""
        workers, children = self.descendants()
        if what == "database":
            note = self.data / "database" / "cluster" / "postmaster.pid"
            victims = [int(note.read_text().split()[0])] if note.exists() else []
        elif what == "api":
            victims = [self.server.process.pid]
        else:
            victims = workers if what == "worker" else children
        if not victims:
            return False
        try:
            os.kill(self.random.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed[what] += 1
        if what == "api":
            with self.lock:
                self.server.stop()
                self.server = self.start()
        return True

    def ask(self, key: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask until somebody answers, as any client would."""
        until = time.monotonic() + PATIENCE_S
        headers = {"Authorization": f"Bearer {key}"} | options.pop("headers", {})  # the same each time
        while True:
            with self.lock:
                url = self.server.url
            try:
                reply = httpx.request(
                    method,
                    url + path,
                    headers=headers,
                    **options,
                )
                if reply.status_code < 500:
                    return reply
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, "nobody answers"
            time.sleep(0.2)


def order(faults: Faults, key: str, number: int) -> str:
    body = {"effect": "slow", "params": {"seconds": 0.1 * (number % 5), "number": number}}
    reply = faults.ask(key, "POST", "/v1/jobs", json=body, headers={"Idempotency-Key": f"order-{number}"})
    assert reply.status_code in (200, 202), reply.text
    return str(reply.json()["id"])


def rage(faults: Faults, done: threading.Event, jobs: int) -> None:
    """Kill children often, workers now and then, and the database and the API once or more.

    The number of kills is bounded: where a child needs longer to start than the next kill is away, nothing would end.
    """
    plan = ["child"] * 6 + ["worker"] * 2
    number = 0
    while not done.is_set() and number < max(24, jobs // 4):
        done.wait(faults.random.uniform(0.05, 0.4))
        what = {7: "database", 13: "api"}.get(number) or faults.random.choice(plan)
        if not faults.kill(what):  # a worker that starts has no children yet
            continue
        number += 1
        if jobs > 200 and number % 100 == 0:
            faults.kill(faults.random.choice(["database", "api"]))


def all_ended(faults: Faults, key: str, ids: list[str]) -> bool:
    """Wait until every job is final, first come first, as long as jobs go on ending."""
    since = time.monotonic()
    for job_id in ids:
        while not (reply := faults.ask(key, "GET", f"/v1/jobs/{job_id}")).json().get("finished_at"):
            assert reply.status_code == 200, reply.text
            if time.monotonic() - since > PATIENCE_S:
                return False
            time.sleep(0.05)
        since = time.monotonic()
    return True


async def audit(backend: Backend, account: str, ids: list[str]) -> None:
    """Look into the database and the store, not at what the API says."""
    jobs = await backend.database.all("SELECT * FROM jobs")
    assert {job["id"] for job in jobs} == set(ids)
    assert Counter(job["state"] for job in jobs) == {"succeeded": len(ids)}
    lines = await backend.database.all("SELECT job_id, kind FROM ledger WHERE job_id IS NOT NULL")
    assert Counter((line["job_id"], line["kind"]) for line in lines) == {
        (job_id, kind): 1 for job_id in ids for kind in ("hold", "charge")
    }
    balance = await backend.credits.balance(account)
    assert (balance.available, balance.held) == (5, 0)
    files = await backend.database.all("SELECT job_id, key FROM files")
    assert Counter(file["job_id"] for file in files) == dict.fromkeys(ids, 1)
    folder = backend.settings.data / "blobs"
    stored = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"owner"}
    assert stored == {file["key"] for file in files}
    for job in jobs:
        assert [result["file_id"] for result in job["results"]]


def test_every_job_ends_once_with_one_result_and_one_charge_whatever_is_killed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count = request.config.getoption("--fault-jobs")
    faults = Faults(tmp_path / "data", seed=count)
    try:
        made = faults.server.key("payer", credits=count + 5)
        key, done = made["api_key"], threading.Event()
        raging = threading.Thread(target=rage, args=(faults, done, count))
        raging.start()
        try:
            with ThreadPoolExecutor(4) as pool:
                ids = list(pool.map(lambda number: order(faults, key, number), range(count)))
            assert len(set(ids)) == count
            assert all_ended(faults, key, ids)
        finally:
            done.set()
            raging.join()
    finally:
        faults.server.stop()
    print(dict(faults.killed))
    assert all(faults.killed[what] for what in ("child", "worker", "database", "api"))

    async def look() -> None:
        settings = Settings(data=tmp_path / "data", extra_effects=HAZARDS)
        async with open_backend(settings) as backend:
            await audit(backend, made["id"], ids)

    asyncio.run(look())
