"""What a process of Tinct's own loads stays until its end, so the collector of cyclic garbage need not look at it.

A server loads some hundred thousand objects. Looking at them again and again while they come, and once more at the end,
takes about as long as a third of the loading.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["end_quickly", "loading"]


@contextmanager
def loading() -> Iterator[None]:
    """Import much at a time; the collector looks at nothing meanwhile, and never at what is there afterwards."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def end_quickly() -> None:
    """At this process's end, leave what is still there to the system."""
    atexit.register(gc.freeze)
