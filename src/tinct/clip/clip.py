"""A clip: a file of moving pictures, looked at and not held in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from tinct.clip.facts import ClipFacts, look
from tinct.clip.library import writing_errors
from tinct.clip.planes import Frame, Planes
from tinct.clip.read import Reader
from tinct.clip.write import Writer
from tinct.errors import ClipLimitError, OutputError, ParameterError
from tinct.settings import current

__all__ = ["ENDINGS", "Clip", "ClipLike", "Work", "as_clip", "remade"]

ClipLike: TypeAlias = "Clip | str | os.PathLike[str] | bytes | BinaryIO"
"""What a clip may be given as."""
FORMS: Final = "a Clip, a path, the bytes of a file or an open file"

Work: TypeAlias = Callable[[Iterator[Frame]], Iterator[Planes]]
"""Makes frames of frames: as many, in the same order. It may look ahead; what it holds is its own affair."""


class Clip:
    """A clip in a file; what effects take and give back.

    Parameters
    ----------
    path : Path
        The file.
    facts : ClipFacts
        What it says of itself.
    ours : bool
        The file is a temporary one, and goes with this object.
    broken : int
        Frames of the clip that this one was made from that were broken, and concealed.
    """

    def __init__(self, path: Path, facts: ClipFacts, *, ours: bool = False, broken: int = 0) -> None:
        self.path, self.facts, self.broken = path, facts, broken
        if ours:
            weakref.finalize(self, _remove, path)

    @classmethod
    def open(cls, given: ClipLike) -> Clip:
        """Look at a clip.

        Parameters
        ----------
        given : Clip, path, bytes or binary file
            MP4, M4V or QuickTime, with H.264, MPEG-4, HEVC or VP9.

        Raises
        ------
        ClipError
            It cannot be used; the sentence says why.
        ParameterError
            It is none of these.
        """
        return as_clip(given)

    def save(self, path: str | Path, *, overwrite: bool = True) -> Path:
        """Copy the clip to a file, which appears whole or not at all.

        Raises
        ------
        ParameterError
            The name does not end in .mp4, .m4v or .mov.
        OutputError
            The file is there and may not be replaced, or cannot be written.
        """
        from tinct import atomic

        path = Path(path)
        if path.suffix.lower() not in ENDINGS:
            raise ParameterError("path", str(path), "a file name that ends in " + " or ".join(ENDINGS))
        if os.path.exists(path) and not overwrite:
            raise OutputError(f"{path.name} exists; choose another name or allow it to be replaced")
        with (
            writing_errors(),
            atomic.writing(path, overwrite=overwrite) as file,
            self.path.open("rb") as ours,
        ):
            shutil.copyfileobj(ours, file, 1 << 20)
        return path

    def frames(self) -> Iterator[Frame]:
        """The frames, upright, one at a time."""
        # This keeps a temporary file until the end
        yield from Reader(self.path, self.facts, _threads()).frames()

    def __repr__(self) -> str:
        f = self.facts
        return (
            f"Clip({f.width}x{f.height}, {f.seconds:.2f} s, {f.fps:g} fps, {f.codec}, {f.sound or 'silent'})"
        )


ENDINGS: Final = (".mp4", ".m4v", ".mov")
"""Of files that are clips."""


def as_clip(given: Any, field: str = "clip") -> Clip:
    """A clip, whatever it was given as; see `Clip.open`."""
    if isinstance(given, Clip):
        return given
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        return Clip(path, look(path))
    if isinstance(given, bytes | bytearray | memoryview) or hasattr(given, "read"):
        return _kept(given)
    raise ParameterError(field, given, FORMS)


def remade(
    clip: Clip, work: Work, *, size: tuple[int, int] | None = None, progress: Callable[[float], None]
) -> Clip:
    """A clip with other frames and the same times and sound.

    Parameters
    ----------
    clip : Clip
    work : callable
    size : tuple of int, optional
        Width and height of the new frames, even; those of the clip by default.
    progress : callable
        Told the share that is done after each frame; what it raises stops the work, and no file is left.

    Raises
    ------
    BrokenClipError
        More than a tenth of the frames cannot be decoded.
    ClipLimitError
        `size` is above a limit.
    OutputError
        There is no room for it.
    """
    size = size or (clip.facts.width, clip.facts.height)
    _allowed(size)
    threads = _threads()
    reader = Reader(clip.path, clip.facts, threads)
    path = _temporary()
    try:
        source = reader.frames()
        first = next(source)  # now the reader knows its time base
        with Writer(path, clip.path, clip.facts, size, reader.time_base, threads) as writer:
            for done, planes in enumerate(work(_again(first, source)), 1):
                writer.put(planes, *reader.times.pop(0))
                progress(min(done / max(clip.facts.frames, done), 1.0))
        return Clip(path, look(path), ours=True, broken=reader.broken)
    except BaseException:
        _remove(path)
        raise


def _again(first: Frame, rest: Iterator[Frame]) -> Iterator[Frame]:
    yield first
    yield from rest


def _allowed(size: tuple[int, int]) -> None:
    settings = current()
    if max(size) > settings.max_clip_side or size[0] * size[1] > settings.max_clip_pixels:
        raise ClipLimitError(
            f"the result would have {size[0]}x{size[1]} pixels; allowed: sides up to {settings.max_clip_side} and "
            f"{settings.max_clip_pixels} pixels"
        )


def _threads() -> int:
    """What this process may use: children of a server have their share."""
    import cv2

    return max(1, cv2.getNumThreads())


def _temporary() -> Path:
    with writing_errors():
        handle, name = tempfile.mkstemp(prefix="tinct-", suffix=".mp4")
    os.close(handle)
    return Path(name)


def _kept(given: Any) -> Clip:
    """A clip that came as bytes, in a temporary file."""
    path, most, size = _temporary(), current().max_clip_bytes, 0
    try:
        with writing_errors(), path.open("wb") as file:
            chunks = iter(lambda: given.read(1 << 20), b"") if hasattr(given, "read") else (given,)
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise ClipLimitError(f"the clip has more than {most} bytes; allowed: up to {most}")
                file.write(chunk)
        return Clip(path, look(path), ours=True)
    except BaseException:
        _remove(path)
        raise


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
