"""``tinct watch``: the command of an effect for every photo that arrives in a folder, for as long as it runs."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tinct import atomic
from tinct.cli import batch, inputs, words
from tinct.cli.effects import EffectCommand
from tinct.cli.lines import plain
from tinct.errors import OutputError, ParameterError, TinctError
from tinct.photo import formats

__all__ = ["watch"]

_STATE = ".tinct-watch.json"
_PATIENCE = (2, 300)  # seconds before what could not be written is tried again: at first, at most
_STALE = 60  # seconds without a change after which a file whose end is missing is taken as it is


def watch(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where photos arrive.")],
    effect: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EFFECT] [OPTIONS]",
            help="An effect and its options, as its own command takes them; migrate by default. -o is required.",
        ),
    ] = None,
    every: Annotated[
        float, typer.Option(help="Seconds between two looks at the folder.", min=0.05, max=3600)
    ] = 1.0,
    settle: Annotated[
        float,
        typer.Option(help="Seconds for which a file must not change before it is read.", min=0, max=3600),
    ] = 2.0,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="End when all that is there has been worked on, rather than wait for more."
        ),
    ] = False,
) -> None:
    """Work on photos as they arrive in a folder, and in folders inside it with --recursive; stop it with Ctrl-C.

    A file is read when it has not changed for a while and its end is there. What was done is remembered in the output
    folder, by content: after a restart, or when a photo gets another name, nothing is done twice. A photo that cannot
    be read is named, left alone, and tried again when it changes. When the disk is full, photos wait.
    """
    name, options = _effect_of([*(effect or ()), *ctx.args])
    if not os.path.isdir(folder):
        raise ParameterError("folder", str(folder), "a folder")
    root = ctx.find_root()
    command = root.command.get_command(root, name)  # type: ignore[attr-defined]
    if command is None:
        raise ParameterError("effect", name, "the name of an effect, such as migrate or colorize")

    def watched(run: EffectCommand) -> None:
        with run.refusal():
            run.begin()
            _Watch(run, folder, every, settle).go(once=once)

    with command.make_context(f"tinct watch {folder} {name}", [str(folder), *options], obj=watched) as inner:
        command.invoke(inner)


def _effect_of(said: list[str]) -> tuple[str, list[str]]:
    """The effect and its options."""
    from tinct.effects import registry

    if not said or said[0].startswith("-"):
        return "migrate", said
    known = {name.replace("_", "-") for name in registry.names()}
    if said[0] not in known:
        close = difflib.get_close_matches(said[0], sorted(known), 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ParameterError("effect", said[0], f"the name of an effect, such as migrate or colorize{hint}")
    return said[0], said[1:]


@dataclass
class _Seen:
    """A file as it was at the last look."""

    mark: tuple[int, int]
    """Size, and time of the last change in nanoseconds."""
    since: float
    """When it was first seen so."""


@dataclass(frozen=True)
class _Later:
    """When a result that could not be written is tried again."""

    wait: float = 0.0
    at: float = 0.0


class _Watch:
    """Looks at a folder again and again.

    Parameters
    ----------
    run : EffectCommand
        Already begun: all its options are right.
    folder : Path
    every, settle : float
        Seconds.
    """

    def __init__(self, run: EffectCommand, folder: Path, every: float, settle: float) -> None:
        out = run.given["output"]
        if not run.effect.roles:
            raise ParameterError("effect", run.effect.name, "an effect that makes photos")
        if out is None or out == inputs.STREAM or formats.of_path(out) is not None:
            raise ParameterError(
                "output", None if out is None else str(out), "a folder for the results: -o FOLDER"
            )
        run.only(
            " ".join((*run.written, "json", "skip_existing")), False, "nothing with watch, which goes on"
        )
        run.ends = False
        self._run, self._folder, self._out = run, folder, out
        self._every, self._settle = every, settle
        self._recursive = bool(run.given["recursive"])
        self._seen: dict[Path, _Seen] = {}
        self._failed: dict[Path, tuple[int, int]] = {}
        self._later: dict[Path, _Later] = {}
        self._done = _Done(out)
        self._stop = False

    def go(self, *, once: bool) -> None:
        """Until it is stopped; or until nothing is left, with `once`."""
        before = signal.signal(signal.SIGTERM, self._stopped)
        _say(f"watching {self._folder}; results go to {self._out}")
        try:
            while not self._stop:
                ready, waiting = self._look()
                for path in ready:
                    if not self._stop:
                        self._one(path)
                if once and not ready and not waiting:
                    return
                if not self._stop:
                    time.sleep(self._every)
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, before)
        _say("stopped")

    def _stopped(self, *_: object) -> None:
        self._stop = True  # after the photo that is in work

    def _look(self) -> tuple[list[Path], bool]:
        """Photos that are complete and not done, in order of arrival; and whether others may become so."""
        now, waiting, ready = time.monotonic(), False, []
        seen: dict[Path, _Seen] = {}
        for path, mark in _photos(self._folder, self._out, recursive=self._recursive):
            last = self._seen.get(path)
            seen[path] = last if last is not None and last.mark == mark else _Seen(mark, now)
            if self._failed.get(path) == mark or self._done.knows(path, mark):
                continue
            still = now - seen[path].since
            complete = still >= self._settle and (_whole(path) or still >= max(_STALE, self._settle))
            if complete and now >= self._later.get(path, _Later()).at:
                ready.append((mark[1], path))
            else:
                waiting = True
        self._seen = seen
        return [path for _, path in sorted(ready)], waiting

    def _one(self, path: Path) -> None:
        """Work on one photo; what cannot be written is tried again later."""
        try:
            mark, content = _mark(path), _digest(path)
            arrived = path.stat().st_ctime
        except OSError:
            return  # it has gone again
        found = batch.Found([path], places={path: path.parent.relative_to(self._folder)})
        if not (self._done.content(content) or self._run.finished(found, arrived)):
            error = self._error(found)
            if error == OutputError.code:
                self._put_off(path)
                return
            if error is not None:
                self._failed[path] = mark
                return
        self._later.pop(path, None)
        self._done.add(path, mark, content)
        with contextlib.suppress(OSError):  # the results tell too; and the next photo saves it again
            self._done.save()

    def _error(self, found: batch.Found) -> str | None:
        """The code of what went wrong with a photo."""
        try:
            (report,) = self._run.go(found)
        except TinctError as error:
            _say(f"{found.photos[0]}: {error}")
            return error.code
        code: str | None = report.get("error", {}).get("code")
        return code

    def _put_off(self, path: Path) -> None:
        """Longer each time."""
        low, high = _PATIENCE
        wait = min(max(low, 2 * self._later.get(path, _Later()).wait), high)
        self._later[path] = _Later(wait, time.monotonic() + wait)
        _say(f"{path}: the next try is in {wait:.0f} s")


class _Done:
    """What was done, by content; kept in the output folder."""

    def __init__(self, out: Path) -> None:
        self._path = out / _STATE
        self._files: dict[str, list[Any]] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            found = json.loads(self._path.read_text(encoding="utf-8"))["files"]
            self._files = {
                str(name): [int(size), int(at), str(content)] for name, (size, at, content) in found.items()
            }
        self._contents = {content for *_, content in self._files.values()}

    def knows(self, path: Path, mark: tuple[int, int]) -> bool:
        """Whether the file is as it was when it was done."""
        found = self._files.get(str(path.absolute()))
        return found is not None and tuple(found[:2]) == mark

    def content(self, content: str) -> bool:
        """Whether a photo of this content was done, whatever it was called."""
        return content in self._contents

    def add(self, path: Path, mark: tuple[int, int], content: str) -> None:
        """Remember."""
        self._files[str(path.absolute())] = [*mark, content]
        self._contents.add(content)

    def save(self) -> None:
        """Keep it for the next start.

        Raises
        ------
        OSError
            There is no room.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.writing(self._path) as file:
            file.write(json.dumps({"files": self._files}).encode())


def _photos(folder: Path, out: Path, *, recursive: bool) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Photos of a folder by their names, none of the results; what goes away meanwhile is left out."""
    inside, here = out.absolute(), folder.absolute()
    try:
        files = [
            path
            for path in inputs.inside(folder, recursive=recursive)
            if formats.of_path(path)
            and not path.name.startswith(".")
            and (inside == here or inside not in path.absolute().parents)
        ]
    except OSError:
        return  # the folder itself is away; it may come again
    made = inputs.results_among(files, words.labels) if here == inside else set()
    for path in files:
        if path not in made:
            with contextlib.suppress(OSError):
                yield path, _mark(path)


def _say(line: str) -> None:
    typer.echo(f"tinct: {plain(line)}", err=True)


def _mark(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _whole(path: Path) -> bool:
    """Whether the end of the photo is there, as far as its format tells."""
    from tinct.photo.glance import glance

    try:
        data = path.read_bytes()
        return bool(data) and glance(data).whole
    except (OSError, TinctError):
        return False


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
