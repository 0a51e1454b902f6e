"""The processes of a running server, by their roles: what each keeps in memory and how many descriptors it has open."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["ROLES", "Usage", "slope", "times", "usage", "workers_and_children"]

ROLES = ("server", "worker", "forkserver", "child", "postgres")
"""The API; the worker; what children are forked from; the children; all processes of the embedded database."""


@dataclass(frozen=True)
class Usage:
    """What the processes of one role take together."""

    processes: int
    own_mb: float  # what they have filled themselves; what several of them share counts once
    shared_mb: float  # of memory made for sharing, such as a database's buffers; each page counts once
    resident_mb: float  # pages that are shared are counted in every process (RSS)
    descriptors: int
    threads: int


def slope(x: list[float], y: list[float]) -> tuple[float, float]:
    """Of a straight line through the points, by least squares, with its standard error."""
    line = statistics.linear_regression(x, y)
    left = sum((b - line.intercept - line.slope * a) ** 2 for a, b in zip(x, y, strict=True))
    spread = sum((a - statistics.fmean(x)) ** 2 for a in x)
    return line.slope, (left / max(len(x) - 2, 1) / spread) ** 0.5


def workers_and_children(server: int) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Worker processes below `server`, and the children that run effects."""
    found = dict(_roles(server, None))
    return found["worker"], found["child"]


def usage(server: int, data: Path | None) -> dict[str, Usage]:
    """What each role takes now; `data` is the folder of an embedded database."""
    return {role: _sum(processes) for role, processes in _roles(server, data)}


def times(server: int, data: Path | None) -> dict[str, float]:
    """Processor seconds that each role has taken, user's and system's."""
    return {role: sum(map(_seconds, processes)) for role, processes in _roles(server, data)}


def _seconds(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.Error:
        return 0.0


def _roles(server: int, data: Path | None) -> Iterator[tuple[str, list[psutil.Process]]]:
    root = psutil.Process(server)
    workers = [each for each in _below(root) if "tinct.jobs" in _words(each)]
    below = [child for worker in workers for child in _below(worker)]
    forkservers = [each for each in below if any("forkserver" in word for word in _words(each))]
    origins = [each for each in forkservers if _parent(each) in {worker.pid for worker in workers}]
    yield "server", [root]
    yield "worker", workers
    yield "forkserver", origins
    yield "child", [each for each in forkservers if each not in origins]
    yield "postgres", _database(data) if data else []


def _database(data: Path) -> list[psutil.Process]:
    note = data / "database" / "cluster" / "postmaster.pid"
    try:
        postmaster = psutil.Process(int(note.read_text().split()[0]))
    except (OSError, psutil.Error):
        return []
    return [postmaster, *_below(postmaster)]


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _sum(processes: list[psutil.Process]) -> Usage:
    """Those that end while they are looked at do not count."""
    rows = []
    for process in processes:
        try:
            resident = process.memory_info().rss
            rows.append((*_proportional(process), resident, process.num_fds(), process.num_threads()))
        except (psutil.Error, OSError):
            continue
    own, shared, resident, descriptors, threads = (sum(row[n] for row in rows) for n in range(5))
    return Usage(len(rows), own / 2**20, shared / 2**20, resident / 2**20, descriptors, threads)


def _proportional(process: psutil.Process) -> tuple[int, int]:
    """Bytes of anonymous and of shared memory, a page that n processes have being the nth part of one in each.

    The pages that are private to a process would not do: a page of a database's buffers is private to the process
    that was the first to look at it, until another does.
    """
    facts = dict.fromkeys(("Pss_Anon", "Pss_Shmem"), 0)
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in facts:
            facts[name] = int(value.split()[0]) * 1024
    return facts["Pss_Anon"], facts["Pss_Shmem"]
