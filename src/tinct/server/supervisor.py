"""The worker process beside the server: started, replaced when it dies, told when to finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections import deque

from tinct.jobs.ending import cancelled
from tinct.server.metrics import Metrics
from tinct.settings import Settings

__all__ = ["WorkerProcess", "pause_s"]

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 10.0  # before a replacement
_WINDOW_S, _USUAL = 60.0, 8  # more deaths than this within the window: each doubles the pause
_GRACE_S = 5.0  # beyond the settings' own time, before a worker that does not end is killed


class WorkerProcess:
    """Keeps one ``python -m tinct.jobs`` running.

    It is a session of its own, so that Ctrl-C in a terminal reaches it through :meth:`stop` alone.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings, self._metrics = settings, metrics
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Start it, and go on replacing it until :meth:`stop`."""
        self._task = asyncio.create_task(self._keep(), name="worker")

    async def stop(self) -> None:
        """Let running jobs finish, within the settings' ``shutdown_s``; jobs that do not are queued again."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            self._send(signal.SIGTERM)
            try:
                async with asyncio.timeout(self._settings.shutdown_s + _GRACE_S):
                    await self._process.wait()
            except TimeoutError:
                self.kill()
                await self._process.wait()
        if self._task is not None:
            await cancelled(self._task)

    def kill(self) -> None:
        """End it at once."""
        self._stopping = True
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _keep(self) -> None:
        deaths: deque[float] = deque()
        while not self._stopping:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tinct.jobs",
                "--follow",
                str(os.getpid()),
                env=self._settings.to_environment(),
                start_new_session=True,
            )
            code = await self._process.wait()
            if self._stopping:
                return
            self._metrics.worker_restart()
            _log.error("worker died", extra={"fields": {"code": code}})
            await asyncio.sleep(pause_s(deaths, time.monotonic()))


def pause_s(deaths: deque[float], now: float) -> float:
    """Seconds before the next start after one more death: short, unless something kills them one after the other."""
    deaths.append(now)
    while deaths[0] < now - _WINDOW_S:
        deaths.popleft()
    return float(min(_FIRST_PAUSE_S * 2 ** max(0, len(deaths) - _USUAL), _LONGEST_PAUSE_S))
