"""The way into FFmpeg's libraries: the one module that loads PyAV, and turns its errors into sentences of ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tinct import extras
from tinct.errors import BrokenClipError, OutputError, UnsupportedClipError

if TYPE_CHECKING:
    import av

__all__ = ["VIDEO", "library", "opened", "packets", "writing_errors"]

VIDEO: Final = "video"
"""The extra that brings PyAV."""
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def library() -> Any:
    """The module ``av``.

    Raises
    ------
    UnsupportedClipError
        It is not installed; the sentence says how it is.
    """
    try:
        import av
    except ImportError:
        raise UnsupportedClipError(f"clips need PyAV; run: {extras.command(VIDEO)}") from None
    av.logging.set_level(None)
    return av


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """A file of the MP4 family, opened to be read.

    The reader is named and the file has no other name than its path: a list of other files, or an address of the
    network, in the guise of a clip leads nowhere.

    Raises
    ------
    BrokenClipError
        It cannot be opened.
    """
    av = library()
    try:
        container = av.open(f"file:{path.absolute()}", format="mov", metadata_errors="ignore")
    except (av.error.FFmpegError, OSError, ValueError, EOFError):
        raise BrokenClipError(
            "the clip is truncated or corrupt: its index cannot be read; send the whole file"
        ) from None
    with container:
        yield container


def packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets of a stream, then the empty one that ends its decoding; one that cannot be read ends them too."""
    av = library()
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError:
        last = av.Packet()
        last.stream = stream
        yield last


@contextmanager
def writing_errors() -> Iterator[None]:
    """What goes wrong while a clip is written.

    Raises
    ------
    OutputError
        There is no room for it, or its folder cannot be written.
    """
    try:
        yield
    except OSError as error:  # also errors of FFmpeg that have a number of the system
        if error.errno in _NO_ROOM:
            raise OutputError(
                "the clip cannot be written: no room is left; free some, or choose another folder"
            ) from None
        raise OutputError("the clip cannot be written there; choose another output") from None
