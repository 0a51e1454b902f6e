"""A burst of jobs over three priorities, with more of the highest coming all the time: none is lost and none starves.

``python -m benchmarks.burst [--jobs 1000] [--seconds 0.05]`` starts a server of its own in a temporary folder, on
loopback, where a waiting job is raised to the highest priority after 20 s. It submits jobs of three priorities as fast
as it can, then goes on adding urgent ones, more than the workers can do, until the burst is over. Meanwhile it asks for
the positions of some of the highest priority again and again: nothing may pass those. It prints how long jobs of each
priority waited; the exit status is 1 if a job was lost or did not succeed, such a position grew, or a job waited longer
than the time to be raised and the time to do all that came before.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.customers import Customers
from benchmarks.serving import Server
from benchmarks.tables import table
from benchmarks.waiting import EFFECT

_AGING_S = 20.0
_SECONDS = 0.05  # that one job takes, unless it is said; on a busy machine accepting it takes longer
_WORKERS = 2
_PRIORITIES = ("low", "normal", "high")
_SWEEP_S = 1.0


def _order(number: int, seconds: float) -> dict[str, Any]:
    return {
        "effect": "waiting",
        "params": {"seconds": seconds, "number": number},
        "priority": _PRIORITIES[number % 3],
    }


def _urgent(number: int, seconds: float) -> dict[str, Any]:
    return _order(number, seconds) | {"priority": "high"}


def _since(job: dict[str, Any], name: str) -> float:
    return (datetime.fromisoformat(job[name]) - datetime.fromisoformat(job["created_at"])).total_seconds()


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="that one job takes")
    options = parser.parse_args()
    order, urgent_one = (functools.partial(one, seconds=options.seconds) for one in (_order, _urgent))
    grew: list[str] = []
    urgent: list[str] = []
    over = threading.Event()
    with tempfile.TemporaryDirectory(prefix="tinct-burst-") as folder:
        server = Server(
            Path(folder) / "data",
            extra_effects=EFFECT,
            workers=str(_WORKERS),
            aging_s=str(_AGING_S),
            sweep_s=str(_SWEEP_S),
            requests_per_minute="100000000",
            min_free_bytes="0",
        )
        try:
            key = str(server.keys()["api_key"])
            customers = Customers([server.url], key, threads=8)
            began = time.monotonic()
            ids = customers.submit(options.jobs, order)
            accepted = time.monotonic() - began

            def press() -> None:
                more = Customers([server.url], key, threads=1)
                while not over.wait(options.seconds / _WORKERS / 1.2):  # a fifth more than can be done
                    urgent.extend(more.submit(1, urgent_one, first=10_000_000 + len(urgent)))

            def look() -> None:
                client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=60)
                watched = [ids[number] for number in range(2, len(ids), max(3, len(ids) // 24 * 3))]
                last = dict.fromkeys(watched, 10**9)
                while not over.wait(0.2):
                    for job_id in watched:
                        job = client.get(f"{server.url}/v1/jobs/{job_id}").json()
                        position = job.get("position") or 0
                        if position > last[job_id]:
                            grew.append(job_id)
                        last[job_id] = position

            helpers = [threading.Thread(target=press), threading.Thread(target=look)]
            for helper in helpers:
                helper.start()
            jobs = customers.ended(ids)
            ended = time.monotonic() - began
            over.set()
            for helper in helpers:
                helper.join()
            late = customers.ended(urgent)
        finally:
            over.set()
            server.stop()
    rows, bound = [], 0.0
    rate = (len(jobs) + sum(job["finished_at"] is not None for job in late)) / max(ended, 1e-9)
    bound = _AGING_S + 5 * _SWEEP_S + (len(jobs) + len(late)) / rate
    for name in _PRIORITIES:
        waits = sorted(
            _since(job, "started_at") for number, job in enumerate(jobs) if _PRIORITIES[number % 3] == name
        )
        rows.append(
            [
                name,
                str(len(waits)),
                *(f"{waits[int(len(waits) * q)]:.1f} s" for q in (0.5, 0.95)),
                f"{waits[-1]:.1f} s",
            ]
        )
    note = (
        f"{len(ids)} jobs of {options.seconds * 1000:.0f} ms, accepted in {accepted:.1f} s and done after "
        f"{ended:.1f} s, "
        f"while {len(urgent)} urgent ones came; a waiting job is raised after {_AGING_S:.0f} s."
    )
    print(
        table("A burst over three priorities", note, ["priority", "jobs", "p50 wait", "p95", "longest"], rows)
    )
    good = all(job["state"] == "succeeded" for job in (*jobs, *late))
    longest = max(_since(job, "started_at") for job in jobs)
    print(
        f"lost or failed: {0 if good else 'some'}; positions that grew: {len(grew)}; longest {longest:.1f} s"
    )
    return 0 if good and not grew and longest <= bound and len(set(ids)) == options.jobs else 1


if __name__ == "__main__":
    sys.exit(main())
