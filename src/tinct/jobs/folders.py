"""The folders that attempts work in, kept for later attempts when they are empty.

To make and to remove one for each job costs a disk's journal more than all else that a small job does: ext4 passes over
every inode that was deleted in the last five seconds, and a removal waits for a commit that is under way. So a folder
that a job has left empty, as its results were moved into the store, only gets the next job's name. A killed worker's
folders are removed by the sweep, as all that is left in the scratch folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from tinct.jobs.job import scratch_prefix

__all__ = ["IDLE", "Folders"]

IDLE: Final = "idle."
"""How the names of empty folders begin that wait for a job; whoever removes one must find it empty."""


class Folders:
    """Folders of one worker's attempts, below the scratch folder."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._idle: list[str] = []

    def take(self, job_id: str, attempt: int) -> Path:
        """An empty folder with a name that says whose it is.

        Raises
        ------
        OSError
            The disk has no room for one, or cannot be used.
        """
        path = self._named(scratch_prefix(job_id, attempt))
        while self._idle:
            try:
                os.rename(self._idle.pop(), path)
            except FileNotFoundError:  # nobody needed it for long, so the sweep has removed it
                continue
            os.utime(path)  # the sweep looks at what has not changed for long
            return Path(path)
        os.mkdir(path, 0o700)
        return Path(path)

    async def give_back(self, folder: Path, *, again: bool) -> None:
        """An attempt is over: whatever it left in its folder goes.

        Parameters
        ----------
        again : bool
            Another may have the folder, if it is empty: no process writes there any more, as one that is being killed.
        """
        with contextlib.suppress(OSError):
            if again and not os.listdir(folder):
                path = self._named(IDLE)
                os.rename(folder, path)
                self._idle.append(path)
                return
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def close(self) -> None:
        """Remove those that wait."""
        while self._idle:
            shutil.rmtree(self._idle.pop(), ignore_errors=True)

    def _named(self, prefix: str) -> str:
        return f"{self._scratch}{os.sep}{prefix}{secrets.token_hex(4)}"
