"""Several machines: what two workers do over one, and what becomes of jobs when parts are cut off.

``python -m benchmarks.machines`` (as root, on Linux) makes four network namespaces that reach each other and nothing
else: an external PostgreSQL and an S3-compatible store (moto) in one, the API in another, a worker in each of the
others. It measures jobs that wait rather than compute with one worker and with two; then, with jobs under way each
time, it cuts a worker off for a minute, stops the database for 15 s, and freezes the store for 15 s. The exit status is
1 if a job was lost, doubled, charged twice or not at all, or did not succeed, or if two workers did less than 1.8 times
as much as one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.audit import audit
from benchmarks.customers import Customers
from benchmarks.fleet import Fleet, Place, Postgres, Process, Store, folder_for
from benchmarks.tables import table
from benchmarks.waiting import EFFECT

_HUB = "tinct-hub"
_NET = "10.77.0"
_API, _FIRST, _SECOND = (
    Place(name, f"{_NET}.{number}", ("ip", "netns", "exec", f"tinct-{name}"))
    for number, name in ((2, "api"), (3, "w1"), (4, "w2"))
)
_HERE = Place("hub", f"{_NET}.1")  # this process is in it
_CUT_S, _STOPPED_S, _FROZEN_S = 60.0, 15.0, 15.0
_SECONDS = 0.5
_SLOTS = 4
_GOAL = 1.8


def _ip(*words: str, namespace: str | None = None) -> None:
    command = ["ip", *(("-n", namespace) if namespace else ()), *words]
    subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Four namespaces on one bridge, which is in the first."""
    places = (_API, _FIRST, _SECOND)
    names = [_HUB, *(f"tinct-{place.name}" for place in places)]
    try:
        for name in names:
            _ip("netns", "add", name)
            _ip("link", "set", "lo", "up", namespace=name)
        _ip("link", "add", "bridge", "type", "bridge", namespace=_HUB)
        _ip("address", "add", f"{_HERE.host}/24", "dev", "bridge", namespace=_HUB)
        _ip("link", "set", "bridge", "up", namespace=_HUB)
        for place in places:
            other = f"tinct-{place.name}"
            _ip(
                "link",
                "add",
                place.name,
                "type",
                "veth",
                "peer",
                "name",
                "out",
                "netns",
                other,
                namespace=_HUB,
            )
            _ip("link", "set", place.name, "master", "bridge", "up", namespace=_HUB)
            _ip("address", "add", f"{place.host}/24", "dev", "out", namespace=other)
            _ip("link", "set", "out", "up", namespace=other)
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


class Trial:
    """Everything, started; jobs of one account."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.server = fleet.server(8080, _API, workers="0")
        self.server.start()
        self.server.ready()
        self.account, key = fleet.key(credits=1_000_000)
        self.customers = Customers([f"http://{_API.host}:8080"], key, threads=24)
        self.ids: list[str] = []
        self.ends: Counter[str] = Counter()

    def run(
        self, count: int, meanwhile: Callable[[], None] = lambda: None
    ) -> tuple[float, list[dict[str, Any]]]:
        """Seconds until so many jobs have ended, and the jobs."""
        began = time.monotonic()
        helper = threading.Thread(target=meanwhile)
        helper.start()
        ids = self.customers.submit(count, self._order, first=len(self.ids))
        self.ids += ids
        jobs = self.customers.ended(ids)
        seconds = time.monotonic() - began
        helper.join()
        self.ends.update(job["state"] if not job["failure"] else job["failure"]["code"] for job in jobs)
        return seconds, jobs

    @staticmethod
    def _order(number: int) -> dict[str, Any]:
        return {"effect": "waiting", "params": {"seconds": _SECONDS, "number": number}}


def _start(worker: Process) -> None:
    worker.start()
    worker.ready()
    time.sleep(5)  # its children come after its first line


def _scaling(trial: Trial, first: Process, second: Process) -> tuple[list[list[str]], bool]:
    _start(first)
    trial.run(2 * _SLOTS)
    one, _ = trial.run(120)
    _start(second)
    trial.run(2 * _SLOTS)
    two, _ = trial.run(240)
    rates = 120 / one, 240 / two
    rows = [
        [f"one worker, {_SLOTS} jobs at a time", f"{rates[0]:.2f} jobs/s"],
        [f"two workers, {_SLOTS} jobs at a time each", f"{rates[1]:.2f} jobs/s"],
        ["two over one", f"{rates[1] / rates[0]:.2f}"],
    ]
    return rows, rates[1] / rates[0] >= _GOAL


def _troubles(trial: Trial) -> list[list[str]]:
    fleet = trial.fleet
    assert fleet.store is not None
    store = fleet.store

    def cut() -> None:
        time.sleep(3)
        _ip("link", "set", _FIRST.name, "down")
        time.sleep(_CUT_S)
        _ip("link", "set", _FIRST.name, "up")

    def stop() -> None:
        time.sleep(3)
        fleet.database.stop()
        time.sleep(_STOPPED_S)
        fleet.database.start()

    def freeze() -> None:
        time.sleep(3)
        store.freeze()
        time.sleep(_FROZEN_S)
        store.thaw()

    rows = []
    for name, trouble, count in (
        (f"a worker cut off for {_CUT_S:.0f} s", cut, 500),
        (f"the database stopped for {_STOPPED_S:.0f} s", stop, 250),
        (f"the store frozen for {_FROZEN_S:.0f} s", freeze, 250),
    ):
        seconds, jobs = trial.run(count, trouble)
        again = sum(job["attempt"] > 1 for job in jobs)
        ends = Counter(job["state"] if not job["failure"] else job["failure"]["code"] for job in jobs)
        rows.append([name, str(count), f"{seconds:.0f} s", str(again), str(dict(ends))])
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def _inside() -> int:
    """In the first namespace: everything else."""
    with folder_for("machines") as folder:
        database = Postgres(folder, _HERE, 5432)
        store = Store(folder, _HERE, 9000)
        fleet = Fleet(folder, database, store, extra_effects=EFFECT, workers=str(_SLOTS))
        try:
            trial = Trial(fleet)
            first, second = fleet.worker(_FIRST), fleet.worker(_SECOND)
            rates, enough = _scaling(trial, first, second)
            print(rates, file=sys.stderr, flush=True)
            rows = _troubles(trial)
            fleet.stop()
            wrong = audit(fleet.environment, trial.ids, trial.account)
        finally:
            fleet.stop()
            store.stop()
            database.stop("immediate")
    print(table("One worker and two", f"Jobs that wait {_SECONDS} s.", ["", ""], rates))
    head = ["", "jobs", "until the last ended", "begun anew", "ends"]
    print(table("Parts that go away", "With jobs under way.", head, rows))
    print(f"replies: {dict(trial.customers.replies)}")
    print(
        "\n".join(wrong) or f"{len(trial.ids)} jobs: none lost, none doubled, one result and one charge each"
    )
    return 0 if enough and not wrong else 1


def main() -> int:
    """Run it; the exit status."""
    if "--inside" in sys.argv:
        return _inside()
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.exit("only root on Linux can make network namespaces")
    with _network():
        command = ["ip", "netns", "exec", _HUB, sys.executable, "-m", "benchmarks.machines", "--inside"]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
