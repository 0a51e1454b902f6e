"""Rolling restarts under load: no call fails for a client that asks the next server, and no job is lost.

``python -m benchmarks.rolling [--restarts 200]`` starts an external PostgreSQL and two servers with a worker each in a
temporary folder, on loopback. While clients submit jobs and wait for them, the servers get SIGTERM in turns and are
started again as soon as they have ended. Connections that are refused go to the other server, as behind a load
balancer; replies that break off or are 5xx count as failures. The exit status is 1 if there was a failure, or a job was
lost, doubled or did not succeed.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from typing import Any

from benchmarks.audit import audit
from benchmarks.customers import Customers
from benchmarks.fleet import HERE, Fleet, Postgres, folder_for
from benchmarks.waiting import EFFECT

_PORTS = (47311, 47312)
_BATCH = 20
_CREDITS = 1_000_000


def _order(number: int) -> dict[str, Any]:
    return {"effect": "waiting", "params": {"seconds": 0.1 * (number % 8), "number": number}}


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=200)
    options = parser.parse_args()
    with folder_for("rolling") as folder:
        database = Postgres(folder, HERE, 47310)
        fleet = Fleet(folder, database, extra_effects=EFFECT, workers="2")
        over = threading.Event()
        ids: list[str] = []
        states: Counter[str] = Counter()
        took: list[float] = []
        codes: Counter[int] = Counter()
        try:
            servers = [fleet.server(port) for port in _PORTS]
            for server in servers:
                server.start()
                server.ready()
            account, key = fleet.key(credits=_CREDITS)
            customers = Customers([f"http://127.0.0.1:{port}" for port in _PORTS], key, threads=4)

            def load() -> None:
                while not over.is_set():
                    first = len(ids)
                    made = customers.submit(_BATCH, _order, first=first)
                    ids.extend(made)
                    states.update(job["state"] for job in customers.ended(made))

            loading = threading.Thread(target=load)
            loading.start()
            for number in range(options.restarts):
                server = servers[number % len(servers)]
                began = time.monotonic()
                codes[server.stop(signal.SIGTERM)] += 1
                took.append(time.monotonic() - began)
                server.start()
                server.ready()
                if not loading.is_alive():
                    raise SystemExit("the load has ended too early")
            over.set()
            loading.join()
            for server in servers:
                server.stop(signal.SIGTERM)
            wrong = audit(fleet.environment, ids, account)
        finally:
            over.set()
            fleet.stop()
            database.stop("immediate")
    failed = sum(count for what, count in customers.replies.items() if what == "broken" or what[0] == "5")
    stop_p50, stop_most = statistics.median(took), max(took)
    print(
        f"{options.restarts} restarts, SIGTERM to end p50 {stop_p50:.1f} s, most {stop_most:.1f} s; {dict(codes)}"
    )
    print(f"{len(ids)} jobs: {dict(states)}; replies: {dict(customers.replies)}; failures: {failed}")
    print("\n".join(wrong) or "no job lost, none doubled, one result and one charge each")
    return 1 if wrong or failed or len(set(ids)) != len(ids) else 0


if __name__ == "__main__":
    sys.exit(main())
