"""What createtask takes beyond fetching the picture, and whether many tasks at once are each told of once.

``python -m benchmarks.picma [--calls 200] [--burst 200]`` starts a server of its own on loopback with a picture host
that answers at once, and makes tasks one after the other, with and without an address to be told at. A second run of
calls asks the server for the same picture by its own fetcher alone, so that the difference is what Tinct adds. CPU
seconds of the server's process are printed beside the wall clock, for machines that do other things too.

Then ``--burst`` tasks are made at once, each with a receiver that now and then fails; all are asked for
until their callbacks have come or are recorded as failed. The exit status is 1 if one was told twice under
two ids, neither came nor is recorded, or had a queue number that grew.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image

from benchmarks.serving import Server
from benchmarks.tables import table
from tinct.backend import open_backend
from tinct.net.fetch import Fetcher
from tinct.settings import Settings

__all__ = ["main"]

_PATIENCE_S = 600.0
_TABLE = """
[limits]
requests_per_minute = 1000000
[types.90]
name = "Light, a quick effect"
effect = "light"
"""


async def _host(content: bytes) -> tuple[asyncio.Server, str]:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.jpg"


def _photo(width: int, height: int) -> bytes:
    coarse = np.random.default_rng(0).integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((width, height)).save(file, "JPEG", quality=90)
    return file.getvalue()


async def _measured(
    url: str, token: str, pid: int, calls: int, told: str | None, size: tuple[int, int]
) -> list[str]:
    """Cells of one row: p50 and p95 of the call, p50 of fetching, of the rest, and CPU a call, in milliseconds."""
    host, picurl = await _host(_photo(*size))
    whole, fetching = [], []
    fetcher = Fetcher(Settings(allow_private_hosts="127.0.0.1"))
    server = psutil.Process(pid)
    async with host, httpx.AsyncClient(timeout=60, trust_env=False, headers={"token": token}) as http:
        body = {"picurl": picurl, "type": 5} | ({"callbackurl": told} if told else {})
        for turn in range(calls + 10):
            before, begun = server.cpu_times(), time.perf_counter()
            answer = (await http.post(f"{url}/api/v1/createtask", json=body)).json()
            seconds = time.perf_counter() - begun
            after = server.cpu_times()
            assert answer["code"] == 0, answer
            begun = time.perf_counter()
            async with fetcher.open(picurl, max_bytes=1 << 24) as got:
                async for _ in got.chunks:
                    pass
            if turn >= 10:
                used = after.user + after.system - before.user - before.system
                whole.append((seconds, used))
                fetching.append(time.perf_counter() - begun)
            await http.post(f"{url}/api/v1/deletetask", json={"taskid": answer["data"]["taskid"]})
    walls = sorted(one for one, _ in whole)
    rest = [one - two for (one, _), two in zip(whole, fetching, strict=True)]
    figures = (
        statistics.median(walls),
        walls[int(0.95 * len(walls))],
        statistics.median(fetching),
        statistics.median(rest),
        statistics.mean(used for _, used in whole),
    )
    return [f"{1000 * value:.1f}" for value in figures]


class _Receiver:
    """Answers as documented, but every fifth message by 500 at first, and every fiftieth always."""

    def __init__(self) -> None:
        self.got: collections.defaultdict[str, list[str]] = collections.defaultdict(list)
        """By task, the delivery-id of each message."""
        self._numbers: dict[str, int] = {}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        said = json.loads(await reader.readexactly(int(fields["content-length"])))["data"]
        number = self._numbers.setdefault(said["taskid"], len(self._numbers))
        self.got[said["taskid"]].append(fields["delivery-id"])
        fails = number % 50 == 49 or (number % 5 == 4 and len(self.got[said["taskid"]]) == 1)
        body = b'{"code":0,"msg":"","data":{"success":true}}'
        line = b"HTTP/1.1 500 No" if fails else b"HTTP/1.1 200 OK"
        writer.write(line + f"\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


async def _burst(url: str, token: str, data: str, count: int) -> bool:
    """Make `count` tasks at once and watch them; whether all is as it should be."""
    host, picurl = await _host(_photo(80, 80))
    receiver = _Receiver()
    listener = await asyncio.start_server(receiver, "127.0.0.1", 0)
    told = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/told"
    numbers: collections.defaultdict[str, list[int]] = collections.defaultdict(list)
    begun = time.monotonic()
    async with (
        host,
        listener,
        httpx.AsyncClient(timeout=120, trust_env=False, headers={"token": token}) as http,
    ):

        async def create() -> str:
            body = {"picurl": picurl, "type": 90, "callbackurl": told}
            answer = (await http.post(f"{url}/api/v1/createtask", json=body)).json()
            assert answer["code"] == 0, answer
            numbers[answer["data"]["taskid"]].append(answer["data"]["queuenum"])
            return str(answer["data"]["taskid"])

        tasks = await asyncio.gather(*(create() for _ in range(count)))
        created_s, states = time.monotonic() - begun, dict[str, str]()
        async with open_backend(Settings(data=Path(data))) as backend:
            while len(states) < count and time.monotonic() - begun < _PATIENCE_S:
                for task in tasks:
                    answer = (await http.post(f"{url}/api/v1/gettask", json={"taskid": task})).json()
                    numbers[task].append(answer["data"]["queuenum"])
                rows = await backend.database.all(
                    "SELECT job_id, state FROM callbacks WHERE job_id = ANY(%s) AND state <> 'waiting'",
                    (tasks,),
                )
                states = {row["job_id"]: row["state"] for row in rows}
                await asyncio.sleep(0.5)
    ended = collections.Counter(states.values())
    grew = [task for task, seen in numbers.items() if seen != sorted(seen, reverse=True)]
    doubled = [task for task, ids in receiver.got.items() if len(set(ids)) != 1]
    silent = [task for task in tasks if task not in states or not receiver.got[task]]
    posts = sum(len(ids) for ids in receiver.got.values())
    print(
        f"\n{count} tasks at once: made within {created_s:.1f} s, all told after {time.monotonic() - begun:.1f} s; "
        f"{posts} messages; callbacks by end: {dict(ended)}; told under two ids: {len(doubled)}; "
        f"neither told nor recorded: {len(silent)}; "
        f"queue numbers that grew: {len(grew)} of {sum(map(len, numbers.values()))} seen"
    )
    return not (grew or doubled or silent)


def main() -> None:
    """Start, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--burst", type=int, default=200, help="tasks at once; 0 for none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinct-picma-") as folder:
        (Path(folder) / "picma.toml").write_text(_TABLE)
        server = Server(Path(folder) / "data", allow_private_hosts="127.0.0.1", picma=f"{folder}/picma.toml")
        try:
            token = server.keys()["picma"]["token"]
            rows, good = [], True
            for title, told, size in (
                ("64x64, no callback", None, (64, 64)),
                ("64x64, callback", "http://127.0.0.1:9/told", (64, 64)),
                ("12 megapixels, no callback", None, (4000, 3000)),
            ):
                calls = options.calls if size[0] < 1000 else max(10, options.calls // 5)
                row = asyncio.run(_measured(server.url, token, server.process.pid, calls, told, size))
                rows.append((title, *row))
            if options.burst:
                good = asyncio.run(_burst(server.url, token, str(server.data), options.burst))
        finally:
            server.stop()
    head = (
        "ms",
        "call p50",
        "call p95",
        "fetch alone p50",
        "beyond fetching p50",
        "CPU of the server a call",
    )
    print(table("PicMa: createtask", "One call after the other, on loopback.", head, rows))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
