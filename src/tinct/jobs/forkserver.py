"""Loaded by the fork server of children before all else, and nowhere else: takes the secrets out of its environment.

Every child is a copy of that process. The block of memory from which the system shows a process's environment is wiped
too, as children would inherit it. The collector of cyclic garbage rests here and wakes in a child that is ready, as the
fork server only loads and makes no garbage.
"""

from __future__ import annotations

import ctypes
import gc
import sys

from tinct.settings import strip_environment

__all__ = ["scrub"]

_ENV_START, _ENV_END = 47, 48  # fields of /proc/self/stat after the name


def scrub() -> None:
    """Keep what libraries need to be found and to run, and nothing that could be a secret."""
    strip_environment()  # leaves copies: nothing points into the first block any more
    if sys.platform == "linux":
        _wipe()


def _wipe() -> None:
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        start, end = int(fields[_ENV_START]), int(fields[_ENV_END])
    except (OSError, ValueError, IndexError):
        return
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)


if any("multiprocessing.forkserver" in part for part in sys.orig_argv):  # this is that process
    scrub()
    gc.disable()
