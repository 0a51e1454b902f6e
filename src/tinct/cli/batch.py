"""What every command that works on photos shares: going through them, several at a time, and telling what became."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from tinct.cli.inputs import STREAM, Found, collect
from tinct.cli.lines import plain
from tinct.cli.outputs import Outputs
from tinct.errors import TinctError
from tinct.machine import cores, free_memory

__all__ = ["Bar", "Done", "Found", "Meter", "Outputs", "Work", "collect", "run"]

_HELD = 10  # bytes per pixel of a photo in work: source, result, encoded
_FREE = 2  # of the free memory, a folder takes one part in so many


@dataclass
class Done:
    """What came of a photo."""

    report: dict[str, Any] = field(default_factory=dict)
    """For programs."""
    tell: list[Callable[[], None]] = field(default_factory=list)
    """Prints for people what is special, when it is this photo's turn."""


Work = Callable[[Path], Done]


class Meter:
    """What slow work tells while it goes on; `run` shows it to people, and nothing to programs."""

    def __init__(self) -> None:
        self.bar: Bar | None = None
        """Where it is shown; a `Bar` says so."""

    def say(self, line: str) -> None:
        """A line beside the results."""
        if self.bar is not None and not self.bar.quiet:
            self.bar.say(line, err=True)

    def part(self, share: float) -> None:
        """How far the work on this photo is, 0..1."""
        if self.bar is not None:
            self.bar.part(share)


def run(
    found: Found,
    work: Work,
    *,
    as_json: bool,
    meter: Meter | None = None,
    abreast: bool = False,
    listed: bool = True,
    where: str = "",
    ends: bool = True,
) -> list[dict[str, Any]]:
    """Do `work` on each photo; an error of one does not stop the others.

    Prints a line per written file and, of several photos, a last one that sums up; or one JSON document with
    `as_json`. All of it is in the order of the photos. With a `meter` that `work` tells how far it is, the bar moves
    within a photo too.

    Parameters
    ----------
    found : Found
    work : callable
    as_json : bool
    meter : Meter, optional
    abreast : bool
        Whether `work` may run on several photos at once: on as many as there are cores, and memory for.
    listed : bool
        False: written files are not listed.
    where : str
        Where results lie, for the last line; told by the results themselves otherwise.
    ends : bool
        Whether a failed photo ends the program with status 1.

    Returns
    -------
    list of dict
        A report for each photo.

    Raises
    ------
    typer.Exit
        With status 1, if any photo failed and this `ends` the program.
    """
    reports = []
    with Bar(len(found.photos), quiet=as_json, meter=meter) as bar:
        for photo, done in _each(found.photos, work, cores() if abreast else 1):
            report: dict[str, Any] = {"photo": str(photo)}
            if isinstance(done, TinctError):
                report["error"] = {"code": done.code, "message": done.message}
                if not as_json:
                    bar.say(f"tinct: {photo}: {done}", err=True)
            else:
                report |= done.report
                if not as_json:
                    for tell in done.tell:
                        tell()
                    for path in report.get("results", []) if listed and "skipped" not in report else []:
                        bar.say(path)
            reports.append(report)
            bar.step()
    if as_json:
        typer.echo(json.dumps(reports, indent=2))
    elif len(found.photos) > 1:
        typer.echo(_summary(reports, found, where), err=True)
    if ends and any("error" in report for report in reports):
        raise typer.Exit(1)
    return reports


def _each(photos: list[Path], work: Work, workers: int) -> Iterator[tuple[Path, Done | TinctError]]:
    """What came of each photo, in their order, however many are worked on at a time."""
    workers = min(workers, len(photos))
    if workers < 2:
        for photo in photos:
            yield photo, _tried(work, photo)
        return
    gate = _Gate(workers)

    def one(number: int, photo: Path) -> Done | TinctError:
        with gate.room(number, photo):
            return _tried(work, photo)

    waiting: deque[tuple[Path, Future[Done | TinctError]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number, photo in enumerate(photos):
                waiting.append((photo, pool.submit(one, number, photo)))
                while len(waiting) > 4 * workers or (waiting and waiting[0][1].done()):
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _tried(work: Work, photo: Path) -> Done | TinctError:
    try:
        return work(photo)
    except TinctError as error:
        return error


class _Gate:
    """Lets photos in, in their order, as long as those inside leave room; one alone always comes in."""

    def __init__(self, workers: int) -> None:
        from tinct.settings import current  # settings are slow to load, and the list of commands needs none

        self._room = min(current().folder_pixels * workers, free_memory() // _FREE // _HELD)
        self._workers = workers
        self._changed = threading.Condition()
        self._next = self._inside = 0

    @contextmanager
    def room(self, number: int, photo: Path) -> Iterator[None]:
        """Wait for the turn of photo `number`; inside, its share of the cores is what it may use."""
        from tinct.imaging.threads import sharing

        pixels = min(_pixels(photo), self._room)
        with self._changed:
            self._changed.wait_for(
                lambda: number == self._next and (not self._inside or self._inside + pixels <= self._room)
            )
            self._next += 1
            self._inside += pixels
            self._changed.notify_all()
        beside = max(1, min(self._workers, self._room // max(pixels, 1)))
        try:
            with sharing(max(1, cores() // beside)):
                yield
        finally:
            with self._changed:
                self._inside -= pixels
                self._changed.notify_all()


def _pixels(photo: Path) -> int:
    """Of the photo, by its header; 0 where that cannot be read, for decoding will say why."""
    from tinct.photo.glance import size_of

    return 0 if photo == STREAM else size_of(photo)


def _summary(reports: list[dict[str, Any]], found: Found, where: str) -> str:
    """How many photos were done, how many not, and where the results lie."""
    failed = sum("error" in report for report in reports)
    there = sum("skipped" in report for report in reports)
    parts = [f"{len(reports) - failed - there} photos done"]
    parts += [f"{there} photos skipped (results exist)"] if there else []
    parts += [f"{found.skipped} files skipped (hidden, or no photos)"] if found.skipped else []
    parts += [f"{found.results} files skipped (results of other photos)"] if found.results else []
    parts += [f"{failed} failed"] if failed else []
    folders = {os.path.dirname(path) or "." for report in reports for path in report.get("results", [])}
    where = where or _listed(sorted(folders))
    return f"tinct: {', '.join(parts)}" + (f"; results in {where}" if where and folders else "")


def _listed(folders: list[str], most: int = 3) -> str:
    shown = ", ".join(folders[:most])
    return shown + (f" and {len(folders) - most} more folders" if len(folders) > most else "")


class Bar:
    """A bar on a terminal when there are several photos, or slow ones that tell a `Meter`; silent otherwise."""

    def __init__(self, total: int, *, quiet: bool, meter: Meter | None = None) -> None:
        self._bar: Any = None
        self._done = 0
        self.quiet = quiet
        if meter is not None:
            meter.bar = self
        if (total > 1 or meter is not None) and not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("photos"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("photos", total=total)

    def __enter__(self) -> Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, line: str, *, err: bool = False) -> None:
        """A line beside the bar."""
        typer.echo(plain(line) if err or sys.stdout.isatty() else line, err=err)

    def step(self) -> None:
        """A photo is done."""
        self._done += 1
        self.part(0)

    def part(self, share: float) -> None:
        """How far the work on the next one is, 0..1."""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done + share)
