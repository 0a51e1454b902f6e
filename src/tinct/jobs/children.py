"""A warm child process and its life: started ahead of the first job, reused, watched, killed, replaced.

Each child is a pool of its own with one process, so that nothing that happens to it (a crash, a kill at any
instruction, a full pipe) can touch a neighbour. A pool whose child ended in any but the ordinary way is dropped whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

import psutil
from pebble import ProcessExpired, ProcessPool

from tinct.errors import JobMemoryError
from tinct.jobs.child import Outcome, Task, perform, prepare
from tinct.settings import Settings

__all__ = ["Child", "ChildLostError", "dispose"]

_log = logging.getLogger(__name__)
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tinct.jobs.forkserver", "tinct.jobs.child", "numpy", "cv2", "pydantic"])
_READ: Final = 65536
_STARTS: Final = 5  # tries to start a process
_AGAIN_S: Final = 0.2  # seconds between them


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
        self._settings = settings
        self._scratch, self._stored = scratch, stored
        self._pool: ProcessPool | None = None
        self._reader: int | None = None
        self._rest = b""
        self._told: Callable[[float], None] | None = None
        self._process: psutil.Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that is ready for a task, or runs one; as told by itself, so good for looking only."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process, so that the first job need not wait for it; `run` tries again if that fails."""
        if self._pool is not None:
            return
        reader, writer = _CONTEXT.Pipe(duplex=False)
        self._reader = os.dup(reader.fileno())
        reader.close()
        os.set_blocking(self._reader, False)
        asyncio.get_running_loop().add_reader(self._reader, self._listen)
        self._pool = ProcessPool(
            max_workers=1,
            max_tasks=self._settings.child_jobs,
            initializer=prepare,
            initargs=(writer, self._settings, self._scratch, self._stored),
            context=_CONTEXT,
        )
        try:
            self._pool.schedule(_nothing)  # the pool starts its process with its first task
        except (BrokenProcessPool, OSError, EOFError, RuntimeError):  # the fork server was killed just now
            self.drop()

    async def run(self, task: Task, told: Callable[[float], None]) -> Outcome:
        """Run one task; `told` hears how far it is.

        Raises
        ------
        ChildLostError
            The process died, or was killed; the next task gets a new one.
        """
        for _ in range(_STARTS):
            if self._pool is not None and not self._pool.active:  # its process was killed between two jobs
                self.drop()
            self.start()
            if self._pool is not None:
                break
            await asyncio.sleep(_AGAIN_S)
        if self._pool is None:
            raise ChildLostError
        self._told = told
        try:
            outcome = await asyncio.wrap_future(self._pool.schedule(perform, args=(task,)))
            assert isinstance(outcome, Outcome)
        except (ProcessExpired, BrokenProcessPool, FutureCancelledError, OSError, RuntimeError):
            self.drop()
            raise ChildLostError from None
        except asyncio.CancelledError:
            self.drop()
            raise
        finally:
            self._told = None
        if outcome.code == JobMemoryError.code or self.resident() > self._settings.child_idle_bytes:
            _log.info("a child kept %d MiB after its job; it is replaced", self.resident() >> 20)
            self.drop()
            self.start()
        return outcome

    def resident(self) -> int:
        """Bytes of memory that the process holds now; 0 if there is none."""
        try:
            return int(self._process.memory_info().rss) if self._process is not None else 0
        except psutil.Error:
            return 0

    def drop(self) -> None:
        """Kill the process and forget its pool; the next `start` makes a new one."""
        pool, self._pool = self._pool, None
        if self._reader is not None:
            asyncio.get_running_loop().remove_reader(self._reader)
            os.close(self._reader)
        self._reader, self._rest = None, b""
        self._process = None
        if pool is not None:
            threading.Thread(target=dispose, args=(pool,), daemon=True, name="dispose of child").start()

    def _listen(self) -> None:
        """Take what the process says; lines that make no sense are dropped, as a broken process may say anything."""
        assert self._reader is not None
        try:
            data = os.read(self._reader, _READ)
        except BlockingIOError:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(self._reader)
            return
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-100:]
        for line in lines:
            kind, _, value = line[:100].decode("ascii", "replace").partition(" ")
            with contextlib.suppress(ValueError, psutil.Error):
                if kind == "pid":
                    self._process = psutil.Process(int(value))
                elif kind == "progress" and self._told is not None:
                    self._told(min(max(float(value), 0.0), 1.0))


def _nothing() -> None:
    """A task that makes a pool start its process."""


def dispose(pool: ProcessPool) -> None:
    """Kill a pool's process with all that it started, if it lives, and end its threads."""
    with contextlib.suppress(AttributeError):  # the pool alone knows its process for certain
        for pid in list(pool._pool_manager.worker_manager.workers):
            with contextlib.suppress(OSError):  # it has no group of its own yet, or is gone
                if os.getpgid(pid) == pid:
                    os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(Exception):
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()
