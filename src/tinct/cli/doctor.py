"""``tinct doctor``: look whether everything is in order, and say what to do where it is not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from tinct.cli.backends import AsJson, Data

if TYPE_CHECKING:
    from tinct.settings import Settings

__all__ = ["doctor"]

# Between two clocks; signatures of object stores fail from 15 minutes, links and limits earlier
_SKEW_S = 5.0
_OPEN_FILES = 4096  # open files for a server with a few hundred clients


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    part: str
    state: Literal["ok", "note", "wrong"]
    """A note is a choice that one may want to know of; what is wrong has to be mended."""
    said: str
    to_do: str = ""


def doctor(data: Data = None, as_json: AsJson = False) -> None:
    """Check data folder, database, file store, disk, models, extras and clock; exit status 1 if one is wrong.

    Nothing is made or changed; a database that does not run is started for a moment.
    """
    from tinct.cli.options import settings_from

    settings = settings_from(data=data)
    findings = list(_all(settings))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{finding.state:6} {finding.part:14} {finding.said}")
            if finding.to_do:
                typer.echo(f"{'':21} -> {finding.to_do}")
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


def _all(settings: Settings) -> Iterator[Finding]:
    from tinct import extras

    yield from _extras()
    yield from _models()
    yield from _generators(settings)
    yield from _disk(settings)
    if extras.lacking(extras.SERVER):
        return
    yield from _system(settings)
    yield from _served(settings)


def _extras() -> Iterator[Finding]:
    from tinct import extras

    for extra, gives in (
        (extras.SERVER, "tinct serve"),
        ("heic", "HEIC and AVIF"),
        ("video", "clips, tinct video"),
    ):
        lacking = extras.lacking(extra)
        if lacking:
            yield Finding(
                f"extra {extra}", "note", f"not installed: no {gives}", f"run: {extras.command(extra)}"
            )
        else:
            yield Finding(f"extra {extra}", "ok", f"installed: {gives}")


def _models() -> Iterator[Finding]:
    from tinct.models import install, store
    from tinct.models.manifest import Packaged, models

    absent = []
    for name, model in models().items():
        if store.installed(name):
            error = install.damage(name)
            if error is not None:
                remedy = (
                    "reinstall tinct" if isinstance(model, Packaged) else f"run: tinct models fetch {name}"
                )
                yield Finding("models", "wrong", f"{name} is damaged", remedy)
        elif not isinstance(model, Packaged) and model.default:
            absent.append(name)
    if absent:
        yield Finding(
            "models", "note", f"not installed: {', '.join(absent)}", "run: tinct models fetch --defaults"
        )
    else:
        yield Finding("models", "ok", "all defaults are installed and whole")


def _generators(settings: Settings) -> Iterator[Finding]:
    from tinct.errors import TinctError
    from tinct.models.generators.registry import lacking, served
    from tinct.models.generators.uses import check_files

    try:
        found = served()
    except TinctError as error:
        yield Finding("generators", "wrong", str(error))
        return
    if not found:
        to_do = "bring one, if you want pictures from prompts: tinct models use text-to-image FOLDER_OR_FILE"
        yield Finding("generators", "note", "none is installed", to_do)
    for task, use in found.items():
        facts = use.facts
        said = f"{task}: {facts.name} by {facts.engine}, {facts.licence}"
        try:
            check_files(use)
        except TinctError as error:
            yield Finding("generators", "wrong", str(error))
            continue
        packages = lacking(facts.engine)
        if packages is not None:
            yield Finding(
                "generators", "wrong", f"{said}: its packages are not installed", f"run: {packages}"
            )
            continue
        seconds = facts.estimate((facts.sizes.native, facts.sizes.native))
        if facts.memory_bytes > settings.job_memory_bytes:
            to_do = f"it took {facts.memory_bytes / 2**30:.1f} GiB: raise TINCT_JOB_MEMORY_BYTES above that"
            yield Finding("generators", "wrong", said, to_do)
        elif 3 * seconds > settings.longest_job_s:
            to_do = f"a picture takes about {seconds:.0f} s: raise TINCT_LONGEST_JOB_S above three times that"
            yield Finding("generators", "wrong", said, to_do)
        else:
            yield Finding("generators", "ok", said)


def _disk(settings: Settings) -> Iterator[Finding]:
    import shutil

    for part, folder in (("disk of data", settings.data), ("disk of models", settings.models)):
        there = folder.absolute()
        while not os.path.exists(there):
            there = there.parent
        free = shutil.disk_usage(there).free
        said = f"{free / 2**30:.1f} GiB free for {folder}"
        least = settings.min_free_bytes
        if part == "disk of data" and free < 2 * least:
            to_do = f"make room: below {least / 2**30:.1f} GiB (TINCT_MIN_FREE_BYTES) work is refused"
            yield Finding(part, "wrong" if free < least else "note", said, to_do)
        else:
            yield Finding(part, "ok", said)


def _system(settings: Settings) -> Iterator[Finding]:
    import resource

    import psutil

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < _OPEN_FILES:
        yield Finding(
            "open files",
            "note",
            f"{most} allowed",
            f"raise the limit: ulimit -n {_OPEN_FILES}, or LimitNOFILE=",
        )
    else:
        yield Finding("open files", "ok", f"{most} allowed")
    memory, wanted = psutil.virtual_memory().total, settings.workers * settings.job_memory_bytes
    said = f"{memory / 2**30:.1f} GiB; {settings.workers} jobs at a time may take {wanted / 2**30:.1f} GiB"
    if wanted > memory:
        yield Finding(
            "memory", "note", said, "lower TINCT_WORKERS or TINCT_JOB_MEMORY_BYTES for the largest photos"
        )
    else:
        yield Finding("memory", "ok", said)
    if os.geteuid() == 0:
        yield Finding("user", "note", "root", "give the server a user of its own")


def _served(settings: Settings) -> Iterator[Finding]:
    import asyncio

    from tinct.errors import TinctError
    from tinct.storage.place import check_made

    try:
        check_made(settings)
    except TinctError as error:
        yield Finding("data folder", "note", str(error), "run: tinct serve, which makes what it needs")
        return
    yield _data_folder(settings.data)
    for part, check in (("database", _database), ("files", _files)):
        try:
            yield from asyncio.run(check(settings))
        except TinctError as error:
            yield Finding(part, "wrong", str(error), f"see {_where(part, settings)}")


def _data_folder(folder: Path) -> Finding:
    if not os.path.isdir(folder):
        return Finding("data folder", "ok", "none is needed here")
    if folder.stat().st_mode & 0o077:
        return Finding("data folder", "note", f"{folder} is open to others", f"run: chmod 700 {folder}")
    secret = folder / "secret"
    if secret.is_file() and secret.stat().st_mode & 0o077:
        return Finding("data folder", "wrong", "its secret can be read by others", f"run: chmod 600 {secret}")
    return Finding("data folder", "ok", str(folder))


def _where(part: str, settings: Settings) -> str:
    from tinct.storage.place import blobs_place, database_place

    place: Callable[[Settings], str] = database_place if part == "database" else blobs_place
    return place(settings)


async def _database(settings: Settings) -> list[Finding]:
    from tinct.storage.database import look

    found = await look(settings)
    said = f"PostgreSQL {found.version} answers: {_where('database', settings)}"
    to_do = (
        f"{len(found.pending)} migrations to apply; the next start of the server does it"
        if found.pending
        else ""
    )
    return [
        Finding("database", "note" if to_do else "ok", said, to_do),
        _clock("the database", found.now.timestamp()),
    ]


async def _files(settings: Settings) -> list[Finding]:
    import time

    from tinct.storage.blobs import open_blobs

    began = time.monotonic()
    stored = await open_blobs(settings).tried()
    took = time.monotonic() - began
    said = f"stored, read and deleted in {took * 1000:.0f} ms: {_where('files', settings)}"
    return [Finding("files", "ok", said), _clock("the file store", stored.timestamp())]


def _clock(whose: str, theirs: float) -> Finding:
    import time

    apart = abs(time.time() - theirs)
    if apart <= _SKEW_S:
        return Finding("clock", "ok", f"as that of {whose}")
    return Finding(
        "clock", "wrong", f"{apart:.0f} s away from that of {whose}", "let both follow a time server (NTP)"
    )
