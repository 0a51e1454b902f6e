"""What many clients at once see, and whether the server's memory stays where it was.

``python -m benchmarks.load [--seconds 120] [--clients 50]`` starts a server of its own in a temporary folder, on
loopback, and lets clients upload, submit, wait, poll, list, download, cancel and delete at random. It prints
latencies by call, replies by status, and the resident memory of every process after the warm-up and at the end.
The exit status is 1 if there was a 5xx, a job that did not end well, or memory that grew by more than a tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import random
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from benchmarks.serving import Server
from tinct.photo.encode import encode
from tinct.photo.photo import Photo

_SAMPLE_S = 1.0  # seconds between two looks at memory
_WARM = 0.35  # share of the run after which memory should stay flat
_GROWTH = 1.10  # the most that the last tenth may exceed the tenth after the warm-up
_FLOOR_MB = 8.0  # growth below this is noise


class Tally:
    """Latencies by call, replies by status, ends by state."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = collections.defaultdict(list)
        self.statuses: collections.Counter[int] = collections.Counter()
        self.ends: collections.Counter[str] = collections.Counter()

    def print(self, seconds: float) -> None:
        print(f"{'call':10} {'count':>7} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}")
        for name, values in sorted(self.seconds.items()):
            cuts = statistics.quantiles(values, n=100) if len(values) > 1 else values * 99
            shown = " ".join(f"{cuts[n - 1] * 1000:8.1f}" for n in (50, 95, 99))
            print(f"{name:10} {len(values):7} {shown}")
        print(f"replies by status: {dict(sorted(self.statuses.items()))}")
        print(f"jobs by end: {dict(self.ends)}; {sum(self.ends.values()) / seconds:.1f} jobs/s")


class Client:
    """One caller that goes round until the time is over."""

    def __init__(self, http: httpx.AsyncClient, tally: Tally, photos: list[bytes], seed: int) -> None:
        self._http, self._tally, self._photos = http, tally, photos
        self._random = random.Random(seed)
        self._files: list[str] = []

    async def call(self, name: str, method: str, path: str, **options: object) -> httpx.Response:
        began = time.perf_counter()
        reply = await self._http.request(method, path, **options)  # type: ignore[arg-type]
        if name != "wait":
            self._tally.seconds[name].append(time.perf_counter() - began)
        self._tally.statuses[reply.status_code] += 1
        return reply

    async def run(self, until: float) -> None:
        while time.monotonic() < until:
            if not self._files or self._random.random() < 0.3:
                sent = await self.call(
                    "upload", "POST", "/v1/files", content=self._random.choice(self._photos)
                )
                self._files = [*self._files[-3:], sent.json()["id"]]
            await self._job()
            if self._random.random() < 0.2:
                await self.call("list", "GET", "/v1/jobs")

    async def _job(self) -> None:
        order = {"effect": "convert", "inputs": {"image": self._random.choice(self._files)}, "format": "jpeg"}
        job = (await self.call("submit", "POST", "/v1/jobs", json=order)).json()
        if self._random.random() < 0.03:
            await self.call("cancel", "POST", f"/v1/jobs/{job['id']}/cancel")
        while not job["finished_at"]:
            if self._random.random() < 0.5:
                job = (await self.call("poll", "GET", f"/v1/jobs/{job['id']}")).json()
                await asyncio.sleep(0.05)
            else:
                job = (await self.call("wait", "GET", f"/v1/jobs/{job['id']}?wait=20")).json()
        self._tally.ends[job["state"]] += 1
        for result in job["results"]:
            path = re.sub(r"^https?://[^/]+", "", result["url"])
            await self.call("download", "GET", path)
        if self._random.random() < 0.5:
            await self.call("delete", "DELETE", f"/v1/jobs/{job['id']}")


class Memory:
    """Resident memory of the server, its worker and the worker's children, in MB, over time."""

    def __init__(self, server: int) -> None:
        self._server = server
        self.samples: list[tuple[float, dict[str, float]]] = []

    async def watch(self) -> None:
        began = time.monotonic()
        while True:
            self.samples.append((time.monotonic() - began, self._now()))
            await asyncio.sleep(_SAMPLE_S)

    def _now(self) -> dict[str, float]:
        """The largest process of each role: children are replaced now and then."""
        found: dict[str, float] = {}
        for pid, parent, resident in _processes():
            command = _command(pid)
            if pid == self._server:
                role = "server"
            elif "tinct.jobs" in command and parent == self._server:
                role = "worker"
            elif "forkserver" in command or "spawn" in command:
                role = "child"
            else:
                continue
            found[role] = max(found.get(role, 0.0), resident)
        return found

    def print(self, seconds: float) -> bool:
        """Print what was seen; whether it stayed flat."""
        flat = True
        for role in ("server", "worker", "child"):
            warm = self._median(role, _WARM * seconds, (_WARM + 0.15) * seconds)
            last = self._median(role, 0.85 * seconds, seconds)
            grew = last > max(warm * _GROWTH, warm + _FLOOR_MB)
            flat = flat and not grew
            print(f"memory of {role}: {warm:.0f} MB warm, {last:.0f} MB at the end{' GREW' if grew else ''}")
        return flat

    def _median(self, role: str, start: float, end: float) -> float:
        values = [found[role] for at, found in self.samples if start <= at <= end and role in found]
        return statistics.median(values) if values else 0.0


def _processes() -> list[tuple[int, int, float]]:
    """Pid, parent, resident MB of every process that can be read."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:
            continue
        parent = re.search(r"PPid:\s+(\d+)", status)
        resident = re.search(r"VmRSS:\s+(\d+)", status)
        if parent and resident:
            found.append((int(folder.name), int(parent[1]), int(resident[1]) / 1024))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _photos() -> list[bytes]:
    """Pictures of a few sizes, made here."""
    random_state = np.random.default_rng(0)
    pictures = []
    for side in (120, 320, 640):
        coarse = random_state.integers(0, 256, (side // 20, side // 15, 3), np.uint8)
        pictures.append(encode(Photo(coarse.repeat(20, axis=0).repeat(15, axis=1)), "jpeg"))
    return pictures


async def _load(url: str, key: str, clients: int, seconds: float, memory: Memory) -> Tally:
    tally, photos = Tally(), _photos()
    watching = asyncio.create_task(memory.watch())
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=60, trust_env=False
    ) as http:
        until = time.monotonic() + seconds
        await asyncio.gather(*(Client(http, tally, photos, seed).run(until) for seed in range(clients)))
    watching.cancel()
    return tally


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinct-load-") as folder:
        server = Server(Path(folder) / "data", requests_per_minute="10000000")
        try:
            memory = Memory(server.process.pid)
            key = server.keys()["api_key"]
            tally = asyncio.run(_load(server.url, key, options.clients, options.seconds, memory))
        finally:
            server.stop()
    tally.print(options.seconds)
    flat = memory.print(options.seconds)
    failed = sum(number for status, number in tally.statuses.items() if status >= 500)
    bad = set(tally.ends) - {"succeeded", "cancelled"}
    return 0 if flat and not failed and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
