"""Where results go: names that are derived, never collide, and never replace a file unless told to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinct.cli.inputs import STREAM, known_as
from tinct.errors import OutputError, ParameterError
from tinct.photo import formats

if TYPE_CHECKING:
    from tinct.photo.photo import Photo

__all__ = ["Beside", "Outputs", "check_free", "write_stream"]

_STDIN_STEM = "photo"
_NO_FOLDERS = frozenset(
    (
        ".ai",
        ".avi",
        ".cube",
        ".dng",
        ".eps",
        ".exr",
        ".hdr",
        ".ico",
        ".j2k",
        ".jp2",
        ".jpx",
        ".json",
        ".jxl",
        ".mkv",
        ".mov",
        ".mp4",
        ".pbm",
        ".pdf",
        ".pgm",
        ".ppm",
        ".psd",
        ".raw",
        ".svg",
        ".tga",
        ".txt",
        ".webm",
        ".xcf",
    )
)
"""Endings of files that are not written: who types one does not mean a folder."""


@dataclass
class Outputs:
    """Names of results."""

    out: Path | None
    """A folder, a file for a single result, `STREAM`, or None for the folder of each photo."""
    single: bool
    """One photo with one result: `out` may then be a file name."""
    overwrite: bool = False
    format: str | None = None
    places: Mapping[Path, Path] = field(default_factory=dict)
    """Folders inside `out` where results of photos go."""
    photos: Iterable[Path] = ()
    """All of the run: those that would share a name are told apart by more of their own."""
    option: str = "output"
    """Which option `out` is of."""
    is_folder: bool = False
    """`out` can only be a folder, whatever it is called."""
    _taken: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.format is not None:
            row = formats.named(self.format)
            if row is None or not row.writable:
                raise ParameterError("format", self.format, "one of " + ", ".join(formats.WRITABLE))
            self.format = row.name
        if self.is_stream:
            _check_stream(single=self.single)
        if not self.is_folder and self._out.suffix.lower() in _NO_FOLDERS and not os.path.isdir(self._out):
            known = ", ".join(row.ending for row in formats.FORMATS if row.writable)
            raise ParameterError(
                self.option, str(self.out), f"a name that ends in one of {known}, or a folder"
            )
        if self._is_file and not self.single:
            raise ParameterError(self.option, str(self.out), "a folder, because there are several results")
        if self._is_file and self.format and formats.of_path(self._out) is not formats.get(self.format):
            raise ParameterError("format", self.format, f"the format that the name {self._out.name} says")
        self._stems = _told_apart(self.photos, self._folder)

    @property
    def _out(self) -> Path:
        return self.out if self.out is not None else Path()

    @property
    def is_stream(self) -> bool:
        """Whether the result goes to standard output."""
        return self.out == STREAM

    @property
    def _is_file(self) -> bool:
        return not self.is_stream and formats.of_path(self._out) is not None and not os.path.isdir(self._out)

    def check(self) -> None:
        """Refuse before any work what could not be written after it.

        Raises
        ------
        OutputError
            The folder cannot be made or written.
        """
        if self.is_stream or self.out is None:
            return
        folder = self.out.parent if self._is_file else self.out
        nearest = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), Path())
        if not os.path.isdir(nearest):
            raise OutputError(f"folder {folder.name} cannot be made; choose another output")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise OutputError(f"folder {nearest} cannot be written; choose another output")

    def check_file(self) -> None:
        """Refuse to replace a file that `out` names.

        Raises
        ------
        OutputError
            It is there.
        """
        if self._is_file:
            check_free(self._out, self.overwrite)

    def photo(self, source: Path, source_format: str, label: str) -> Path:
        """Path for a result of `source`."""
        self.check_file()
        if self._is_file:
            return self._in_folder(self._out)
        return self.extra(source, source_format, label)

    def extra(self, source: Path, source_format: str, label: str) -> Path:
        """Path for something of `source` that is not its result, such as a mask."""
        suffix = formats.get(self.format or formats.kept(source_format)).ending
        return self._free(self._folder(source) / f"{self._stem(source)}-{label}{suffix}")

    def has(self, source: Path, labels: Iterable[str], since: float = 0) -> bool:
        """Whether all results of `source`, called after `labels`, are there from an earlier run, in any format.

        Parameters
        ----------
        source : Path
        labels : iterable of str
        since : float
            They must not be older than this, in seconds of the clock.
        """
        return bool(self.earlier(source, labels, since))

    def earlier(self, source: Path, labels: Iterable[str], since: float = 0) -> list[Path]:
        """These results, in the order of `labels`; none if one is missing."""
        if self._is_file:
            return [self._out] if _written(self._out, since) else []
        folder, stem = self._folder(source), self._stem(source)
        rows = [row for row in formats.FORMATS if row.writable and self.format in (None, row.name)]
        endings = [ending for row in rows for ending in row.endings]
        found = []
        for label in labels:
            there = (folder / f"{stem}-{label}{ending}" for ending in endings)
            one = next((path for path in there if _written(path, since)), None)
            if one is None:
                return []
            found.append(one)
        return found

    def _stem(self, source: Path) -> str:
        return _STDIN_STEM if source == STREAM else self._stems.get(source, source.stem)

    def _folder(self, source: Path) -> Path:
        if self.out is None:
            return source.parent
        if self._is_file:
            return self._out.parent
        return self._out / self.places.get(source, "")

    def _free(self, wanted: Path) -> Path:
        """The path, numbered where its name is taken."""
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


class Beside:
    """Where files of one kind go that come beside results, such as colour maps: FILE, or FILE-PHOTO of several photos.

    Those that are photos themselves, such as masks, have a label: they are called PHOTO-LABEL, and no folder run takes
    them for photos of its own.

    Parameters
    ----------
    option : str
        Which option names the file.
    path : Path
    photos : sequence of Path
        All of the run.
    each : int
        Files for each photo.
    overwrite : bool
    endings : iterable of str
        Those that a name may have.
    label : str

    Raises
    ------
    ParameterError, OutputError
        The name has another ending, is a photo of the run, or is taken.
    """

    def __init__(
        self,
        option: str,
        path: Path,
        photos: list[Path],
        each: int,
        *,
        overwrite: bool,
        endings: Iterable[str],
        label: str = "",
    ) -> None:
        endings = tuple(endings)
        if path.suffix.lower() not in endings:
            raise ParameterError(option, str(path), f"a file name that ends in {' or '.join(endings)}")
        self._path, self._each, self._label = path, each, label
        self._several = len(photos) > 1
        self._names = Outputs(
            path.parent, single=False, overwrite=overwrite, photos=photos, option=option, is_folder=True
        )
        self._names.check()
        if any(_same(path, photo) for photo in photos):
            raise ParameterError(option, str(path), "another file than the photo itself")
        if len(photos) * each == 1:
            check_free(path, overwrite)

    def path(self, photo: Path, number: int = 1) -> Path:
        """For the file `number`, from 1, of a photo."""
        parts = [self._path.stem]
        if self._several:
            own = self._names._stem(photo)
            parts = (
                [own, self._label, *(p for p in parts if p != self._label)] if self._label else [*parts, own]
            )
        parts += [str(number)] if self._each > 1 else []
        return self._names._free(self._path.with_name("-".join(parts) + self._path.suffix))


def write_stream(photo: Photo, format: str | None, quality: int, metadata: Any) -> None:
    """Encode a photo to standard output."""
    from tinct.photo.encode import encode

    data = encode(photo, format or formats.kept(photo.format), quality=quality, metadata=metadata)
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _check_stream(*, single: bool) -> None:
    if not single:
        raise ParameterError("output", "-", "a folder, because there are several results")
    if sys.stdout is None or sys.stdout.isatty():
        raise ParameterError(
            "output", "- at a terminal", "a file, a folder, or a pipe: tinct ... -o - > photo.jpg"
        )


def check_free(path: Path, overwrite: bool) -> None:
    """Refuse to replace a file, unless that was said.

    Raises
    ------
    OutputError
        It is there.
    """
    if os.path.exists(path) and not overwrite:
        raise OutputError(f"{path.name} exists; choose another name or add --overwrite")


def _written(path: Path, since: float) -> bool:
    try:
        return path.stat().st_mtime >= since
    except (OSError, ValueError):
        return False


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _told_apart(photos: Iterable[Path], folder_of: Any) -> dict[Path, str]:
    """Stems of results, by photo, that differ where results share a folder.

    Photos that are called alike get their ending too, or their folder's name where that is alike as well. So a name
    does not depend on the order of photos, and a later run finds the results of an earlier one.
    """
    groups: dict[tuple[Path, str], list[Path]] = {}
    for photo in photos:
        groups.setdefault((folder_of(photo), photo.stem.lower()), []).append(photo)
    stems: dict[Path, str] = {}
    for alike in groups.values():
        if len(alike) == 1:
            continue
        names = [known_as(photo)[1] for photo in alike]
        if len({name.lower() for name in names}) < len(alike):
            names = [known_as(photo)[2] for photo in alike]
        stems.update(zip(alike, names, strict=True))
    return stems
