"""Work in a process of its own, for native code that cannot be stopped once it has begun: it is ended from outside.

Both sides speak in frames over the process's standard streams: a few facts as JSON, and blocks of bytes. Whoever asked
unpickles nothing and believes no length, as the process may have read a stranger's file. It ends when its asker does,
and has of the environment only what libraries need.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from tinct.settings import stripped_environment

__all__ = ["Apart", "LostError", "allowed", "forbid", "ours", "read", "write"]

_LONGEST: Final = 2**20  # bytes of a frame's facts
_MOST_BLOCKS: Final = 2**28  # bytes of a frame's blocks, all together
_MOMENT_S: Final = 5.0
_KILLED: Final = -9  # by the system: SIGKILL
_allowed = True


class LostError(Exception):
    """The process is gone, or does not say what makes sense.

    Parameters
    ----------
    killed : bool
        Whether the system ended it, as it does where memory is short.
    """

    def __init__(self, killed: bool = False) -> None:
        self.killed = killed
        super().__init__("the process is gone")


def forbid() -> None:
    """Start no further process from here: a worker's child may not, and is itself ended as a whole."""
    global _allowed
    _allowed = False


def allowed() -> bool:
    """Whether this process may start others."""
    return _allowed


class Apart:
    """A module of Python, run in a process of its own.

    Parameters
    ----------
    module : str
        Its name; it speaks over what `ours` gives it.
    """

    def __init__(self, module: str) -> None:
        environment = stripped_environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],  # nothing is imported from the folder that one stands in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._end = weakref.finalize(self, _end, self._process)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def send(self, facts: Mapping[str, Any], *blocks: bytes) -> None:
        """Say something.

        Raises
        ------
        LostError
            Nobody listens.
        """
        assert self._process.stdin is not None
        try:
            write(self._process.stdin, facts, *blocks)
        except (OSError, ValueError):  # it is gone, or was ended
            raise self._lost(ending=True) from None

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Wait for what it says next, however long that takes: it is a person's own call, who may interrupt it.

        Raises
        ------
        LostError
            It has ended, or speaks nonsense; then it is ended.
        """
        assert self._process.stdout is not None
        try:
            return read(self._process.stdout)
        except (OSError, EOFError, ValueError) as error:
            raise self._lost(ending=not isinstance(error, ValueError)) from None

    def end(self) -> None:
        """End it at once, whatever it does; more than once is no mistake."""
        self._end()

    def _lost(self, *, ending: bool) -> LostError:
        if ending:  # its streams are closed a moment before it is gone
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_MOMENT_S)
        killed = self._process.poll() == _KILLED
        self.end()
        return LostError(killed)


def ours() -> tuple[BinaryIO, BinaryIO]:
    """In such a process: where to read and to write frames; whatever libraries print goes nowhere from now on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked decides
    heard, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    return heard, told


def write(stream: Any, facts: Mapping[str, Any], *blocks: bytes) -> None:
    """Write a frame."""
    head = json.dumps({"facts": dict(facts), "blocks": [len(block) for block in blocks]}).encode()
    stream.write(len(head).to_bytes(4, "little") + head)
    for block in blocks:
        stream.write(block)
    stream.flush()


def read(stream: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Read a frame.

    Raises
    ------
    EOFError
        There is none, or not all of it.
    ValueError
        It is no frame.
    """
    length = int.from_bytes(_exactly(stream, 4), "little")
    if length > _LONGEST:
        raise ValueError("a frame that is too long")
    try:
        head = json.loads(_exactly(stream, length))
        facts, sizes = dict(head["facts"]), [int(size) for size in head["blocks"]]
    except (KeyError, TypeError, OverflowError, RecursionError):  # infinity, and lists in lists
        raise ValueError("no frame") from None
    if min(sizes, default=0) < 0 or sum(sizes) > _MOST_BLOCKS:
        raise ValueError("blocks that are too long")
    return facts, [_exactly(stream, size) for size in sizes]


def _exactly(stream: Any, size: int) -> bytes:
    found: bytes = stream.read(size)
    if len(found) != size:
        raise EOFError
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was to be sent cannot be
                stream.close()
    process.wait()
