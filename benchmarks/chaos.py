"""Jobs under fire: children, workers, servers and the database are killed at random; every job ends once all the same.

``python -m benchmarks.chaos [--jobs 1000] [--free]`` starts an external PostgreSQL, two servers and two workers in a
temporary folder, on loopback. While clients submit and wait, it sends SIGKILL to a child every second or so, to a
worker or a server now and then, and twice kills the whole database. Then it looks into the database and the store. The
exit status is 1 if a job was lost, doubled, charged twice or not at all, or did not succeed. ``--free``: of an account
that pays nothing, whose orders and ends go several at a time.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections import Counter

import psutil

from benchmarks.audit import audit
from benchmarks.customers import Customers
from benchmarks.fleet import HERE, Fleet, Postgres, Process, folder_for
from benchmarks.waiting import EFFECT

_PORTS = (47301, 47302)
_PLAN = ("child",) * 8 + ("worker",) * 2 + ("server",)


class Fire:
    """Kills until it is told to stop."""

    def __init__(self, fleet: Fleet, servers: list[Process], workers: list[Process], seed: int) -> None:
        self._fleet, self._servers, self._workers = fleet, servers, workers
        self._random = random.Random(seed)
        self.over = threading.Event()
        self.killed: Counter[str] = Counter()

    def rage(self, crash_at: list[float]) -> None:
        """Databases crash at so many seconds after the beginning."""
        began, crashes = time.monotonic(), list(crash_at)
        while not self.over.wait(self._random.uniform(0.5, 1.5)):
            for each in (*self._servers, *self._workers):
                if not each.alive:
                    each.start()
            if crashes and time.monotonic() - began > crashes[0]:
                crashes.pop(0)
                self._fleet.database.kill()
                self.killed["database"] += 1
                time.sleep(2)
                self._fleet.database.start()
                continue
            self._kill(self._random.choice(_PLAN))

    def _kill(self, what: str) -> None:
        if what == "server":
            victims = [each.pid for each in self._servers if each.alive]
        else:
            victims = list(self._below(children=what == "child"))
        if victims:
            try:
                os.kill(self._random.choice(victims), signal.SIGKILL)
                self.killed[what] += 1
            except ProcessLookupError:
                pass

    def _below(self, *, children: bool) -> list[int]:
        found = []
        for each in (*self._servers, *self._workers):
            try:
                family = [psutil.Process(each.pid), *psutil.Process(each.pid).children(recursive=True)]
                workers = [one for one in family if "tinct.jobs" in one.cmdline()]
                below = [child for one in workers for child in one.children(recursive=True)]
                found += [one.pid for one in (below if children else workers)]
            except psutil.Error:
                continue
        return found


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--free", action="store_true", help="jobs of an account without a limit")
    options = parser.parse_args()
    with folder_for("chaos") as folder:
        database = Postgres(folder, HERE, 47300)
        fleet = Fleet(
            folder,
            database,
            extra_effects=EFFECT,
            job_attempts="20",
            heartbeat_s="0.5",
            stalled_s="3",
            sweep_s="1",
        )
        try:
            servers = [fleet.server(port, workers="1") for port in _PORTS]
            for server in servers:
                server.start()
                server.ready()
            account, key = fleet.key(credits=None if options.free else options.jobs)
            workers = [fleet.worker(workers="2") for _ in range(2)]
            for worker in workers:
                worker.start()
            fire = Fire(fleet, servers, workers, options.seed)
            raging = threading.Thread(target=fire.rage, args=([20.0, 60.0],))
            raging.start()
            began = time.monotonic()
            customers = Customers([f"http://127.0.0.1:{port}" for port in _PORTS], key)
            try:
                ids = customers.submit(
                    options.jobs,
                    lambda number: {
                        "effect": "waiting",
                        "params": {"seconds": 0.05 * (number % 9), "number": number},
                    },
                )
                jobs = customers.ended(ids)
            finally:
                fire.over.set()
                raging.join()
            seconds = time.monotonic() - began
            fleet.stop()
            wrong = audit(fleet.environment, ids, account, charged=not options.free)
        finally:
            fleet.stop()
            database.stop("immediate")
    print(f"{len(set(ids))} jobs in {seconds:.0f} s; killed: {dict(fire.killed)}")
    print(f"ends: {dict(Counter(job['state'] for job in jobs))}; replies: {dict(customers.replies)}")
    right = f"no job lost, none doubled, one result{'' if options.free else ' and one charge'} each"
    print("\n".join(wrong) or right)
    return 1 if wrong or len(set(ids)) != options.jobs else 0


if __name__ == "__main__":
    sys.exit(main())
