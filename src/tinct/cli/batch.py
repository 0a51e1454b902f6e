"""What every command that works on photos shares: finding them, naming results, going through them one by one."""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from tinct.errors import OutputError, ParameterError, TinctError
from tinct.photo import formats

__all__ = ["Found", "Meter", "Outputs", "collect", "run"]


@dataclass(frozen=True)
class Found:
    """What the arguments of a command name."""

    photos: list[Path]
    skipped: int = 0
    """Files in named folders that are no photos by their names, or hidden."""


def collect(arguments: Iterable[str]) -> Found:
    """Photos named by files, folders (the photos directly inside) and glob patterns, each once, in order.

    What is hidden in a folder is left alone: programs keep previews and notes of their own there (``._photo.jpg``).

    Raises
    ------
    ParameterError
        An argument names nothing, or a folder without photos.
    """
    found: dict[Path, None] = {}
    skipped = 0
    for argument in arguments:
        path = Path(argument)
        if os.path.isdir(path):  # unlike its own method, this is false for what cannot be a path
            files = [p for p in path.iterdir() if p.is_file()]
            inside = sorted(p for p in files if formats.of_path(p) and not p.name.startswith("."))
            skipped += len(files) - len(inside)
            if not inside:
                raise ParameterError("photo", argument, "a folder with photos in it")
            found.update(dict.fromkeys(inside))
        elif os.path.exists(path):
            found[path] = None
        else:
            matches = sorted(Path(m) for m in glob.glob(argument, recursive=True) if Path(m).is_file())
            if not matches:
                raise ParameterError("photo", argument, "a file, a folder or a pattern that matches files")
            found.update(dict.fromkeys(matches))
    return Found(list(found), skipped)


@dataclass
class Outputs:
    """Where results go: names that are derived, never collide, and never replace a file unless told to."""

    out: Path
    single: bool
    """One photo with one result: `out` may then be a file name."""
    overwrite: bool = False
    format: str | None = None
    _taken: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.format is not None:
            row = formats.named(self.format)
            if row is None or not row.writable:
                raise ParameterError("format", self.format, "one of " + ", ".join(formats.WRITABLE))
            self.format = row.name
        if self._is_file and not self.single:
            raise ParameterError("output", str(self.out), "a folder, because there are several results")
        if self._is_file and self.format and formats.of_path(self.out) is not formats.get(self.format):
            raise ParameterError("format", self.format, f"the format that the name {self.out.name} says")

    @property
    def _is_file(self) -> bool:
        return formats.of_path(self.out) is not None and not os.path.isdir(self.out)

    def photo(self, source: Path, source_format: str, label: str) -> Path:
        """Path for a result of `source`."""
        if self._is_file:
            if os.path.exists(self.out) and not self.overwrite:
                raise OutputError(f"{self.out.name} exists; choose another name or add --overwrite")
            return self._in_folder(self.out)
        return self.extra(source, source_format, label)

    def extra(self, source: Path, source_format: str, label: str) -> Path:
        """Path for something of `source` that is not its result, such as a mask."""
        suffix = formats.get(self.format or formats.kept(source_format)).ending
        return self.beside(f"{source.stem}-{label}{suffix}")

    def beside(self, name: str) -> Path:
        """Path in the output folder, numbered where the name is taken."""
        folder = self.out.parent if self._is_file else self.out
        wanted = folder / name
        path, number = wanted, 2
        while path in self._taken or (os.path.exists(path) and not self.overwrite):
            path = wanted.with_stem(f"{wanted.stem}-{number}")
            number += 1
        return self._in_folder(path)

    def _in_folder(self, path: Path) -> Path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise OutputError(f"folder {path.parent.name} cannot be made; choose another output") from None
        self._taken.add(path)
        return path


class Meter:
    """What slow work tells while it goes on; `run` shows it to people, and nothing to programs."""

    def __init__(self) -> None:
        self._shown: _Progress | None = None

    def say(self, line: str) -> None:
        """A line beside the results."""
        if self._shown is not None and not self._shown.quiet:
            self._shown.say(line, err=True)

    def part(self, share: float) -> None:
        """How far the work on this photo is, 0..1."""
        if self._shown is not None:
            self._shown.part(share)


def run(
    found: Found, work: Callable[[Path], dict[str, Any]], *, as_json: bool, meter: Meter | None = None
) -> None:
    """Do `work` on each photo; an error of one does not stop the others.

    Prints a line per written file and, of several photos, a last one that sums up; or one JSON document with
    `as_json`. Exits with status 1 if any photo failed.
    With a `meter` that `work` tells how far it is, the bar moves within a photo too.
    """
    photos, reports = found.photos, []
    with _Progress(len(photos), quiet=as_json, slow=meter is not None) as progress:
        if meter is not None:
            meter._shown = progress
        for photo in photos:
            report: dict[str, Any] = {"photo": str(photo)}
            try:
                report |= work(photo)
            except TinctError as error:
                report["error"] = {"code": error.code, "message": error.message}
                if not as_json:
                    progress.say(f"tinct: {photo}: {error}", err=True)
            else:
                if not as_json:
                    for path in report.get("results", []):
                        progress.say(path)
            reports.append(report)
            progress.step()
    if as_json:
        typer.echo(json.dumps(reports, indent=2))
    elif len(photos) > 1:
        typer.echo(_summary(reports, found.skipped), err=True)
    if any("error" in report for report in reports):
        raise typer.Exit(1)


def _summary(reports: list[dict[str, Any]], skipped: int) -> str:
    """How many photos were done, how many not, and where the results lie."""
    failed = sum("error" in report for report in reports)
    parts = [f"{len(reports) - failed} photos done"]
    parts += [f"{skipped} files skipped (hidden, or no photos)"] if skipped else []
    parts += [f"{failed} failed"] if failed else []
    folders = {os.path.dirname(path) or "." for report in reports for path in report.get("results", [])}
    where = f"; results in {', '.join(sorted(folders))}" if folders else ""
    return f"tinct: {', '.join(parts)}{where}"


class _Progress:
    """A bar on a terminal when there are several photos or slow ones; silent otherwise."""

    def __init__(self, total: int, *, quiet: bool, slow: bool = False) -> None:
        self._bar: Any = None
        self._done = 0
        self.quiet = quiet
        if (total > 1 or slow) and not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("photos"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("photos", total=total)

    def __enter__(self) -> _Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, line: str, *, err: bool = False) -> None:
        typer.echo(line, err=err)

    def step(self) -> None:
        self._done += 1
        self.part(0)

    def part(self, share: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done + share)
