"""What a thousand clients that only listen cost: memory and descriptors of the server, and what others feel of them.

``python -m benchmarks.listeners [--listeners 1000]`` starts a server of its own, orders one long job, opens so many
streams of its events, each on a connection of its own, and compares the API process before, while they listen and after
they left. The job must end as if nobody had listened.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.processes import usage
from benchmarks.serving import Server
from benchmarks.tables import table
from benchmarks.waiting import EFFECT

_SETTLE_S = 2.0
_CALLS = 50


async def _listen(url: str, path: str, key: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An open stream of events, past its first event."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {key}\r\n"
        "Accept: text/event-stream\r\n\r\n".encode()
    )
    status = await reader.readuntil(b"\r\n")
    if b" 200 " not in status:
        raise SystemExit(f"a listener was refused: {status!r}")
    await reader.readuntil(b"data: ")
    return reader, writer


async def _call_ms(client: httpx.AsyncClient) -> float:
    """Median time of an ordinary call."""
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        (await client.get("/v1/account")).raise_for_status()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


async def measured(server: Server, key: str, count: int) -> None:
    """Print the table."""
    rows = []
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=60) as client:

        async def row(name: str) -> None:
            await asyncio.sleep(_SETTLE_S)
            took = usage(server.process.pid, server.data)["server"]
            call = await _call_ms(client)
            rows.append([name, f"{took.own_mb:.1f}", str(took.descriptors), f"{call:.1f}"])

        await row("before")
        order = {"effect": "waiting", "params": {"seconds": 600}}
        job = (await client.post("/v1/jobs", json=order)).raise_for_status().json()["id"]
        open_now: list[asyncio.StreamWriter] = []
        for first in range(0, count, 50):
            number = min(50, count - first)
            streams = (_listen(server.url, f"/v1/jobs/{job}/events", key) for _ in range(number))
            open_now += [writer for _, writer in await asyncio.gather(*streams)]
        await row(f"{count:,} listen")
        for writer in open_now:
            writer.close()
        await row("they left")
        state = (await client.get(f"/v1/jobs/{job}")).json()["state"]
        if state != "running":
            raise SystemExit(f"the job is {state}")
        await client.delete(f"/v1/jobs/{job}")
    note = (
        f"The API process before {count:,} streams of events are opened, while they are, and after they left."
    )
    head = ["", "private MB", "descriptors", "another call, p50 ms"]
    print(table("Listeners", note, head, rows))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listeners", type=int, default=1000)
    count = options.parse_args().listeners
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(
            Path(folder) / "data",
            workers="1",
            extra_effects=EFFECT,
            job_deadline_s="900",
            max_connections=str(2 * count + 100),
            connections_per_address=str(2 * count + 100),
            requests_per_minute="1000000",
        )
        try:
            asyncio.run(measured(server, server.keys()["api_key"], count))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
