"""What many callers of the YouCam API see while they wait, and whether their units add up when everything is killed.

``python -m benchmarks.youcam_polling [--accounts 30] [--tasks 10] [--kills 0]`` starts a server of its own in a
temporary folder, on loopback, with the limits of calls raised, so that calls are counted and none is refused. Each
account runs tasks whose effect takes half a second, and polls each of them as often as the server tells it to. It
prints how long polls took, in the first 10 s of a task, when it is asked for every second, and later. With
``--kills`` children, workers, the server and the database are killed at random meanwhile, and the callers ask again
until somebody answers. The exit status is 1 if an account's balance is not what it was granted less what succeeded.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from tinct.backend import open_backend
from tinct.dialects.registry import DIALECTS
from tinct.effects.declare import declared
from tinct.effects.effect import Output, Progress, best_first
from tinct.effects.light.light import light as _light
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings

_COMMAND = [sys.executable, "-c", "from tinct.cli import main; main()"]
_TAKES_S = 0.5
_GRANTED = 1000
_PRICE = 2
_EARLY_S = 10.0
_PATIENCE_S = 120.0
_ANSWER_S = 30.0
_LIMITS = ("address_calls", "token_calls", "v2_address_calls", "v2_key_calls")


def _run(photos: dict[str, Photo], params: object, progress: Progress) -> Output:
    time.sleep(_TAKES_S)
    return Output(results=best_first([photos["image"]]))


light = replace(declared(_light), run=_run)
"""Lighting that takes half a second and changes nothing."""


@dataclass
class Tally:
    """What callers saw."""

    early: list[float] = field(default_factory=list)
    """Seconds of polls in the first 10 s of their tasks."""
    late: list[float] = field(default_factory=list)
    ends: collections.Counter[str] = field(default_factory=collections.Counter)
    retries: int = 0
    silences: list[tuple[float, float]] = field(default_factory=list)
    """Of tasks that were lost: seconds from the last answer to the next poll, and those that it took."""


class Server:
    """A server that comes up again at the same address."""

    def __init__(self, data: Path, workers: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self.data = data
        limits = {f"TINCT_YOUCAM_{name.upper()}": "900000/60" for name in _LIMITS}
        self._environment = os.environ | limits | {
            "TINCT_WORKERS": str(workers),
            "TINCT_EXTRA_EFFECTS": "light=benchmarks.youcam_polling:light",
            "TINCT_MIN_FREE_BYTES": "0",
            "TINCT_HEARTBEAT_S": "0.5",
            "TINCT_STALLED_S": "3",
            "TINCT_SWEEP_S": "1",
            "TINCT_JOB_ATTEMPTS": "20",
            "TINCT_CONNECTIONS_PER_ADDRESS": "2000",
        }  # fmt: skip
        self._arguments = ["serve", "--data", str(data), "--port", port]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        log = self.data.parent / "server.log"
        with log.open("ab") as file:
            return subprocess.Popen(
                [*_COMMAND, *self._arguments], stdout=file, stderr=file, env=self._environment
            )

    async def ready(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < until:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{self.url}/health")).status_code == 200:
                        return
                await asyncio.sleep(0.2)
        raise SystemExit(f"the server does not answer: {(self.data.parent / 'server.log').read_text()}")

    def kill(self, what: str, chance: random.Random) -> bool:
        """Kill one process of a kind; whether there was one."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        workers = [process for process in below if "tinct.jobs" in " ".join(process.cmdline())]
        if what == "server":
            self.process.kill()
            self.process.wait()
            self.process = self._start()
            return True
        if what == "database":
            note = self.data / "database" / "cluster" / "postmaster.pid"
            pids = [int(note.read_text().split()[0])] if note.exists() else []
        elif what == "worker":
            pids = [process.pid for process in workers]
        else:
            pids = [child.pid for worker in workers for child in worker.children(recursive=True)]
        if not pids:
            return False
        os.kill(chance.choice(pids), signal.SIGKILL)
        return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


class Line:
    """A connection that is kept, for polls: a general client takes more of the cores than the server that it asks."""

    def __init__(self, url: str, key: str) -> None:
        self._host, _, port = url.removeprefix("http://").partition(":")
        self._port, self._key = int(port), key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and body of a reply.

        Raises
        ------
        OSError, EOFError, TimeoutError
            Nobody answers.
        """
        try:
            async with asyncio.timeout(_ANSWER_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                head = (
                    f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._key}\r\n\r\n"
                )
                writer.write(head.encode())
                status, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
                length = next(field for field in fields if field.startswith("content-length:"))
                body = await reader.readexactly(int(length.partition(":")[2]))
                if "connection: close" in fields:
                    self.close()
                return int(status.split()[1]), json.loads(body)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Open it anew for the next."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


class Caller:
    """One account, which asks until somebody answers."""

    def __init__(self, http: httpx.AsyncClient, key: str, tally: Tally) -> None:
        self._http, self._key, self._tally = http, key, tally
        self._headers = {"Authorization": f"Bearer {key}"}
        self.succeeded: set[str] = set()

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                reply = await self._http.request(method, path, headers=self._headers, **more)
                if reply.status_code < 500:
                    return reply
            except httpx.TransportError:
                pass
            if time.monotonic() > until:
                raise SystemExit("nobody answers")
            self._tally.retries += 1
            await asyncio.sleep(0.3)

    async def poll(self, line: Line, task: str) -> tuple[int, Any]:
        """As `ask`, over a line."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                status, said = await line.get(f"/s2s/v1.0/task/lighting?task_id={task}")
                if status < 500:
                    return status, said
            except (OSError, EOFError):
                pass
            if time.monotonic() > until:
                raise SystemExit("nobody answers")
            self._tally.retries += 1
            await asyncio.sleep(0.3)

    async def upload(self, content: bytes) -> str:
        body = {"files": [{"content_type": "image/png", "file_name": "photo.png"}]}
        (file,) = (await self.ask("POST", "/s2s/v1.0/file/lighting", json=body)).json()["result"]["files"]
        reply = await self.ask("PUT", file["requests"][0]["url"], content=content)
        assert reply.status_code == 200, reply.text
        return str(file["file_id"])

    async def task(self, file: str, number: int) -> None:
        body = {
            "request_id": number,
            "payload": {"file_sets": {"src_ids": [file]}, "actions": [{"id": 0, "params": {}}]},
        }
        reply = await self.ask("POST", "/s2s/v1.0/task/lighting", json=body)
        assert reply.status_code == 200, reply.text
        task = reply.json()["result"]["task_id"]
        line = Line(str(self._http.base_url).rstrip("/"), self._key)
        try:
            await self._until_ended(line, task)
        finally:
            line.close()

    async def _until_ended(self, line: Line, task: str) -> None:
        began = answered = time.monotonic()
        while True:
            asked = time.monotonic()
            status, said = await self.poll(line, task)
            taken = time.monotonic() - asked
            (self._tally.early if asked - began < _EARLY_S else self._tally.late).append(taken)
            if status != 200:  # nobody could be asked for so long that it was dropped
                assert said["error_code"] == "InvalidTaskId", said
                self._tally.ends["lost"] += 1
                self._tally.silences.append((asked - answered, taken))
                return
            answered = asked + taken
            found = said["result"]
            if found["status"] != "running":
                self._tally.ends[found["status"]] += 1
                if found["status"] == "success":
                    self.succeeded.add(task)
                return
            await asyncio.sleep(found["polling_interval"] / 1000)

    async def adds_up(self) -> bool:
        """Whether the balance is what was granted less what succeeded, and the history names just that."""
        units = (await self.ask("GET", "/s2s/v1.0/client/credit")).json()["results"]
        query: dict[str, object] = {"page_size": 30}
        charged: list[str] = []
        while True:
            reply = await self.ask("GET", "/s2s/v1.0/client/credit/history", params=query)
            page = reply.json()["result"]
            charged += [one["target_id"] for one in page["history"] if one["action"] == "api_lighting"]
            if page["next_token"] is None:
                break
            query["starting_token"] = page["next_token"]
        left = sum(one["amount"] for one in units)
        return sorted(charged) == sorted(self.succeeded) and left == _GRANTED - _PRICE * len(charged)


def _client(url: str, tasks: int) -> httpx.AsyncClient:
    """One for each account: a pool of hundreds of connections looks through all of them for every request."""
    limits = httpx.Limits(max_connections=tasks + 1, max_keepalive_connections=tasks + 1)
    return httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, limits=limits)


async def _accounts(data: Path, count: int) -> list[str]:
    """API keys of new accounts."""
    (keys,) = (each.credentials for each in DIALECTS if each.name == "youcam" and each.credentials)
    found = []
    async with open_backend(Settings(data=data)) as backend:
        for number in range(count):
            account = await backend.accounts.open(f"caller {number}", credits=_GRANTED)
            issued = await keys.issue(backend.accounts, account.id, name="benchmark", scopes=())
            found.append(str(issued.fields["client_id"]))
    return found


async def _rage(server: Server, kills: int, killed: collections.Counter[str]) -> None:
    chance = random.Random(7)
    plan = ["child", "worker", "child", "database", "child", "server"] * kills
    for what in plan[:kills]:
        await asyncio.sleep(chance.uniform(1.0, 4.0))
        killed[what] += await asyncio.to_thread(server.kill, what, chance)


def _tell(name: str, taken: list[float]) -> None:
    if len(taken) > 1:
        cuts = statistics.quantiles(taken, n=100)
        shown = ", ".join(f"p{n} {cuts[n - 1] * 1e3:.1f} ms" for n in (50, 95, 99))
        print(f"{name}: {shown} over {len(taken)}", flush=True)


async def _main(arguments: argparse.Namespace) -> bool:
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    )
    tally, killed = Tally(), collections.Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        keys = await _accounts(data, arguments.accounts)
        server = Server(data, arguments.workers)
        try:
            await server.ready()
            async with contextlib.AsyncExitStack() as stack:
                callers = [
                    Caller(await stack.enter_async_context(_client(server.url, arguments.tasks)), key, tally)
                    for key in keys
                ]
                content = encode(Photo(np.full((260, 300, 3), 90, np.uint8)), "png")
                files = [await caller.upload(content) for caller in callers]
                spent = _cpu(server)
                began = time.monotonic()
                rage = asyncio.create_task(_rage(server, arguments.kills, killed))
                await asyncio.gather(
                    *(
                        caller.task(file, number)
                        for caller, file in zip(callers, files, strict=True)
                        for number in range(arguments.tasks)
                    )
                )
                await rage
                seconds = time.monotonic() - began
                cpu = _cpu(server) - spent
                _tell("poll in the first 10 s of a task", tally.early)
                _tell("poll later", tally.late)
                polls = len(tally.early) + len(tally.late)
                print(f"{polls / seconds:.0f} polls/s for {seconds:.0f} s; tasks by end: {dict(tally.ends)}")
                for silent, taken in tally.silences:
                    print(f"lost: {silent:.1f} s from an answer to the next poll, which took {taken:.1f} s")
                if arguments.kills:
                    print(f"killed: {dict(killed)}; asked again {tally.retries} times")
                else:
                    print(f"server process: {cpu / polls * 1e3:.1f} ms of a core a poll, tasks included")
                wrong = [caller for caller in callers if not await caller.adds_up()]
                print(f"accounts whose units add up: {len(callers) - len(wrong)} of {len(callers)}")
                return not wrong
        finally:
            server.stop()


def _cpu(server: Server) -> float:
    """Seconds of a core that the server's own process has used."""
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=30)
    parser.add_argument("--tasks", type=int, default=10, help="of each account")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0)
    sys.exit(0 if asyncio.run(_main(parser.parse_args())) else 1)
