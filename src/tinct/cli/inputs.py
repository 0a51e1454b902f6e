"""Which photos the arguments of a command name, and reading them: files, folders, patterns, and `-`."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tinct.errors import ParameterError
from tinct.photo import formats

if TYPE_CHECKING:
    from tinct.photo.photo import Photo

__all__ = [
    "NOTHING",
    "STREAM",
    "Found",
    "check_stream",
    "collect",
    "inside",
    "known_as",
    "opened",
    "results_among",
]

STREAM = Path("-")
"""Standard input or output; a file of that name is ``./-`` in a folder of its own."""

NOTHING = Path("picture")
"""In place of a photo where an effect takes none; results are called after it."""


@dataclass(frozen=True)
class Found:
    """What the arguments of a command name."""

    photos: list[Path]
    skipped: int = 0
    """Files in named folders that are no photos by their names, or hidden."""
    results: int = 0
    """Files in named folders that are results of other photos there."""
    places: dict[Path, Path] = field(default_factory=dict)
    """Of photos from inside folders: their own folder, as seen from the named one."""


def collect(
    arguments: Iterable[str],
    *,
    recursive: bool = False,
    labels: Callable[[], Iterable[str]] = tuple,
    but: Iterable[Path] = (),
) -> Found:
    """Photos named by files, folders and glob patterns, each once, in order; `-` is standard input.

    What is hidden in a folder is left alone: programs keep previews and notes of their own there (``._photo.jpg``).
    So are results of other photos of the folder, told by their names; see `results_among`.

    Parameters
    ----------
    arguments : iterable of str
    recursive : bool
        Also take the photos in folders inside a named folder.
    labels : callable
        What results can be called after; none are told apart without it.
    but : iterable of Path
        Files of folders that are no photos of this run, because it will write them.

    Raises
    ------
    ParameterError
        An argument names nothing, or a folder without photos; or standard input is a terminal, or named twice.
    """
    found: dict[Path, None] = {}
    left_out = {path.absolute() for path in but}
    places: dict[Path, Path] = {}
    skipped = results = 0
    for argument in arguments:
        path = Path(argument)
        if argument == str(STREAM):
            if STREAM in found:
                raise ParameterError("photo", "- twice", "standard input once: it can be read only once")
            check_stream()
            found[STREAM] = None
        elif os.path.isdir(path):  # unlike its own method, this is false for what cannot be a path
            files = list(inside(path, recursive=recursive))
            photos = [p for p in files if formats.of_path(p) and not p.name.startswith(".")]
            made = results_among(photos, labels) if labels is not tuple else set()
            made |= {p for p in photos if p.absolute() in left_out}
            skipped += len(files) - len(photos)
            results += len(made)
            photos = [p for p in photos if p not in made]
            if not photos:
                raise ParameterError("photo", argument, "a folder with photos in it")
            found.update(dict.fromkeys(photos))
            places.update({p: p.parent.relative_to(path) for p in photos})
        elif os.path.exists(path):
            found[path] = None
        else:
            matches = sorted(Path(m) for m in glob.glob(argument, recursive=True) if Path(m).is_file())
            if not matches:
                raise ParameterError("photo", argument, "a file, a folder or a pattern that matches files")
            made = results_among(matches, labels) if labels is not tuple else set()
            results += len(made)
            found.update((match, None) for match in matches if match not in made)
    return Found(list(found), skipped, results, places)


def inside(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Files of a folder in order, those of folders inside it after them; nothing from hidden folders."""
    folders = []
    for entry in sorted(folder.iterdir()):
        if entry.is_file():
            yield entry
        elif recursive and entry.is_dir() and not entry.name.startswith(".") and not entry.is_symlink():
            folders.append(entry)
    for inner in folders:
        yield from inside(inner, recursive=True)


def results_among(files: Iterable[Path], labels: Callable[[], Iterable[str]]) -> set[Path]:
    """Those files whose names say that they are results of others among them.

    A result is called after its photo, then after what was done: ``house-auto.jpg``, ``house-auto-2.jpg``,
    ``house-apply-warm.jpg``. It counts as one where ``house.*`` is there too. Any run of any effect is recognised,
    whatever its parameters were.

    Parameters
    ----------
    files : iterable of Path
    labels : callable
        What results can be called after; asked only where names look like results.
    """
    files = list(files)
    sources = {stem for path in files for stem in known_as(path)}
    likely: list[tuple[Path, str]] = []
    for path in files:
        parts = path.stem.split("-")
        likely += [
            (path, "-".join(parts[n:])) for n in range(1, len(parts)) if "-".join(parts[:n]) in sources
        ]
    if not likely:
        return set()
    end = re.compile(rf"(?:{'|'.join(map(re.escape, labels()))})(?:-.*)?")
    return {path for path, rest in likely if end.fullmatch(rest)}


def known_as(photo: Path) -> tuple[str, ...]:
    """What the names of a photo's results may begin with, the usual one first."""
    longer = f"{photo.stem}-{photo.suffix[1:].lower()}"
    return (photo.stem, longer, f"{photo.absolute().parent.name}-{longer}")


def check_stream(name: str = "photo") -> None:
    """Refuse to read a photo from a terminal.

    Raises
    ------
    ParameterError
        Standard input is one, or is closed.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise ParameterError(name, "- at a terminal", "a file, or a photo piped in: tinct ... - < photo.jpg")


def opened(path: Path) -> Photo:
    """The photo of a path; `STREAM` is read from standard input."""
    import tinct

    return tinct.open(sys.stdin.buffer if path == STREAM else path)
