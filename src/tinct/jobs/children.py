"""A warm child process and its life: started ahead of the first job, reused, watched, killed, replaced.

A task goes to the child as a pickle; whatever comes back is lines of text on a pipe that is never waited for: a child
has read a stranger's photo, so nothing of it is unpickled here, and nothing that happens to it (a crash, a kill at any
instruction, a full pipe) can touch a neighbour.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Final

import psutil

from tinct.errors import JobMemoryError, TinctError
from tinct.jobs.child import UNFIT, Outcome, Task, serve
from tinct.jobs.job import Failure
from tinct.models.generators.endpoint import Question
from tinct.settings import Settings

__all__ = ["Child", "ChildLostError", "dispose"]

_log = logging.getLogger(__name__)
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tinct.jobs.forkserver", "tinct.jobs.child", "numpy", "cv2", "pydantic"])
_READ: Final = 65536
_LONGEST: Final = 64 * 2**20  # bytes of a line; more is no outcome of an effect
_LONGEST_NUMBER: Final = 20
_AT_ONCE: Final = 32 * 1024  # bytes that an empty pipe takes without waiting for its reader
_QUESTIONS: Final = 16  # that one task may have asked; a picture takes one, and a few where it is made anew
_STARTS: Final = 5  # tries to start a process
_AGAIN_S: Final = 0.2  # seconds between them

Ask = Callable[[Question], Awaitable[bytes]]
"""Asks a service for a picture; raises `tinct.errors.GeneratorError`."""
_UNTOLD: Final = dict.fromkeys(
    [*(name for name, field in Settings.model_fields.items() if not field.repr), "c2pa_certificate"]
)
"""Settings that a child is not told: secrets, which are not shown either, and the certificate of one that is a key."""


class ChildLostError(Exception):
    """The process ended before its task did."""


class Child:
    """One process for effects.

    Parameters
    ----------
    settings : Settings
        Its limits.
    scratch : Path
        Where it may write.
    stored : Path, optional
        Where inputs lie that are read in place.
    """

    def __init__(self, settings: Settings, scratch: Path, stored: Path | None = None) -> None:
        self._settings = settings.model_copy(update=_UNTOLD)
        self._scratch, self._stored = scratch, stored
        self._process: BaseProcess | None = None
        self._usage: psutil.Process | None = None
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self._rest = bytearray()
        self._tasks = 0
        self._told: Callable[[float], None] | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        self._ask: Ask | None = None
        self._asking: asyncio.Task[None] | None = None
        self._left = 0

    @property
    def pid(self) -> int | None:
        """Of the process that is ready for a task, or runs one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process, so that the first job need not wait for it; `run` tries again if that fails."""
        if self._process is not None:
            return
        theirs, self._writer = _CONTEXT.Pipe(duplex=False)
        self._reader, told = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(
            target=serve, args=(theirs, told, self._settings, self._scratch, self._stored), daemon=True
        )
        try:
            process.start()
        except (OSError, EOFError):  # the fork server was killed just now
            self.drop()
            return
        finally:
            theirs.close()
            told.close()
        self._process, self._tasks = process, 0
        with contextlib.suppress(psutil.Error):
            self._usage = psutil.Process(process.pid)
        os.set_blocking(self._reader.fileno(), False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._reader.fileno(), self._listen)
        loop.add_reader(process.sentinel, self._ended)

    async def run(self, task: Task, told: Callable[[float], None], ask: Ask | None = None) -> Outcome:
        """Run one task; `told` hears how far it is, `ask` gets what the child would have a service asked.

        Raises
        ------
        ChildLostError
            The process died, was killed, or cannot read what it should; the next task gets a new one.
        """
        for _ in range(_STARTS):
            if self._process is not None and not self._process.is_alive():  # it was killed between two jobs
                self.drop()
            self.start()
            if self._process is not None:
                break
            await asyncio.sleep(_AGAIN_S)
        else:
            raise ChildLostError
        self._told, self._ask, self._left = told, ask, _QUESTIONS
        self._outcome = asyncio.get_running_loop().create_future()
        try:
            await self._send(task)
            outcome = await self._outcome
            if outcome.code == UNFIT:
                _log.warning("a child is of no use any more (%s); it is replaced", outcome.detail)
                raise ChildLostError
            if not all(_inside(made.path, task.folder) for made in outcome.made):
                raise ChildLostError  # it is not itself any more
        except (ChildLostError, asyncio.CancelledError):
            self.drop()
            raise
        finally:
            self._told = self._outcome = self._ask = None
            if self._asking is not None:
                self._asking.cancel()
                self._asking = None
        self._tasks += 1
        much = outcome.code == JobMemoryError.code or self.resident() > self._settings.child_idle_bytes
        if much:
            _log.info("a child kept %d MiB after its job; it is replaced", self.resident() >> 20)
        if much or self._tasks >= self._settings.child_jobs:
            self.drop()
            self.start()
        return outcome

    def resident(self) -> int:
        """Bytes of memory that the process holds now; 0 if there is none."""
        try:
            return int(self._usage.memory_info().rss) if self._usage is not None else 0
        except psutil.Error:
            return 0

    def drop(self) -> None:
        """Kill the process and forget it; the next `start` makes a new one."""
        loop = asyncio.get_running_loop()
        process, self._process, self._usage = self._process, None, None
        if process is not None:
            loop.remove_reader(process.sentinel)
            dispose(process)
        if self._reader is not None:
            loop.remove_reader(self._reader.fileno())
        for end in (self._reader, self._writer):
            if end is not None:
                end.close()
        self._reader = self._writer = None
        self._rest.clear()
        self._lose()

    async def _send(self, task: Task) -> None:
        """Hand the task over; a child that waits for one reads it at once."""
        assert self._writer is not None
        data = ForkingPickler.dumps(task)
        try:
            if len(data) <= _AT_ONCE:
                self._writer.send_bytes(data)
            else:
                await asyncio.to_thread(self._writer.send_bytes, data)
        except OSError:  # it died between two jobs
            raise ChildLostError from None

    def _lose(self) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(ChildLostError())

    def _ended(self) -> None:
        """The process is gone: what it still said counts, and after that it is replaced."""
        while self._listen():
            pass
        self.drop()

    def _listen(self) -> bool:
        """Take what the process says; False if that is all."""
        if self._reader is None:
            return False
        try:
            data = os.read(self._reader.fileno(), _READ)
        except BlockingIOError:
            return False
        if not data:
            asyncio.get_running_loop().remove_reader(self._reader.fileno())
            return False
        self._rest += data
        if b"\n" in data:
            *lines, rest = bytes(self._rest).split(b"\n")
            self._rest = bytearray(rest)
            for line in lines:
                self._hear(line)
        elif len(self._rest) > _LONGEST:
            self.drop()
        return True

    def _hear(self, line: bytes) -> None:
        """One line; a process that says what makes no sense is not itself any more."""
        kind, _, value = line.partition(b" ")
        if kind == b"progress" and self._told is not None:
            with contextlib.suppress(ValueError):
                self._told(min(max(float(value[:_LONGEST_NUMBER]), 0.0), 1.0))
        elif kind == b"outcome" and self._outcome is not None and not self._outcome.done():
            try:
                self._outcome.set_result(Outcome.read(value))
            except ValueError:
                self.drop()
        elif kind == b"ask" and self._outcome is not None:
            self._asked(value)

    def _asked(self, value: bytes) -> None:
        """The child has a question for a service: one at a time, and not many."""
        self._left -= 1
        busy = self._asking is not None and not self._asking.done()
        try:
            if busy or self._left < 0 or self._ask is None:
                raise ValueError
            question = Question.model_validate_json(value)
        except ValueError:
            self.drop()
            return
        self._asking = asyncio.create_task(self._answer(self._ask, question))

    async def _answer(self, ask: Ask, question: Question) -> None:
        try:
            answer: bytes | Failure = await ask(question)
        except TinctError as error:
            answer = Failure.of(error)
        if self._writer is not None:
            with contextlib.suppress(OSError):  # it is gone; whoever waits for it hears of that
                await asyncio.to_thread(self._writer.send_bytes, ForkingPickler.dumps(answer))


def _inside(path: str, folder: str) -> bool:
    """Whether a file lies in a folder, and leads nowhere else."""
    parent, name = os.path.split(path)
    return parent == folder and name not in ("", ".", "..") and not os.path.islink(path)


def dispose(process: BaseProcess) -> None:
    """Kill a process with all that it started, if it lives."""
    pid = process.pid
    if pid is None or not process.is_alive():  # its number may be another's by now
        return
    with contextlib.suppress(OSError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:  # it has no group of its own yet
            os.kill(pid, signal.SIGKILL)
