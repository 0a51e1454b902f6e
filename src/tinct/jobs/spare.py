"""Memory that jobs have freed goes back to the system: glibc keeps it, in pieces that later jobs do not fill.

Photos of many sizes leave gaps in its heaps, and only the end of a heap is given back by itself. Every thread leaves a
heap (arena) of its own behind, whose gaps others do not fill. So a child would hold far more than it uses, and slowly
more with every hour.
"""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable
from typing import Final

__all__ = ["Spare", "share_heaps"]

_M_ARENA_MAX: Final = -8  # of malloc.h
_MUCH: Final = 32 * 2**20  # bytes of growth for which looking through all heaps is worth its milliseconds


def share_heaps(most: int) -> None:
    """Let all threads of this process allocate from `most` heaps, where the C library is glibc.

    By itself it makes eight for each core, as libraries start and end threads. Those that compute at the same time are
    no more than `most`, so they do not wait for each other.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_M_ARENA_MAX, most)


class Spare:
    """What a process holds and does not use. Where the C library has no such call, nothing is done."""

    def __init__(self) -> None:
        self._trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._least = resident() if self._trim is not None else 0

    def give_back(self) -> None:
        """Give it to the system, if the process has grown much since it was least."""
        if self._trim is None:
            return
        now = resident()
        if now - self._least > _MUCH:
            self._trim(0)
            now = self._least = resident()
        self._least = min(self._least, now)


def resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not tell in this way."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
