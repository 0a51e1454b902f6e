"""A server whose children, workers, database and API are killed at random, and which is started again."""

import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil

from backends import HAZARDS
from running import Server

FIRST = {0: "worker", 1: "child", 2: "database", 3: "api"}
"""One of each first, however soon the work is done."""
PATIENCE_S = 180  # without any job ending
SETTINGS = {
    "extra_effects": HAZARDS,
    "heartbeat_s": "0.3",
    "stalled_s": "1.5",
    "sweep_s": "0.3",
    "job_attempts": "20",
    "min_free_bytes": "0",
    "requests_per_minute": "1000000",
}


class Faults:
    """A server under fire."""

    def __init__(self, data: Path, seed: int, **settings: str) -> None:
        self.data = data
        self.settings = SETTINGS | settings
        self.random = random.Random(seed)
        self.killed: Counter[str] = Counter()
        self.server = self.start()
        self.lock = threading.Lock()  # held while the API is down

    def start(self) -> Server:
        return Server(self.data, **self.settings)

    def descendants(self) -> tuple[list[int], list[int]]:
        """Workers, and everything below them; what has ended, or waits for its parent to hear of it, is neither."""
        workers = [p for p in _below(self.server.process.pid) if "tinct.jobs" in _command(p)]
        return [p.pid for p in workers], [child.pid for p in workers for child in _below(p.pid)]

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


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def rage(faults: Faults, done: threading.Event, jobs: int, *, least: int = 24) -> None:
    """Kill children often, workers now and then, and the database and the API once or more.

    The number of kills is bounded: where a child needs longer to start than the next kill is away, nothing would end.
    """
    plan = ["child"] * 6 + ["worker"] * 2
    number = 0
    while not done.is_set() and number < max(least, jobs // 4):
        done.wait(faults.random.uniform(0.05, 0.4))
        what = FIRST.get(number) or faults.random.choice(plan)
        while not faults.kill(what) and not done.wait(0.1):
            pass  # a worker that starts has no children yet; another kind in their place would end all workers young
        number += 1
        if jobs > 200 and number % 100 == 0:
            faults.kill(faults.random.choice(["database", "api"]))
