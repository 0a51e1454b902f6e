"""How many threads work: all cores on a photo's strips, one on the small matrices of a fit.

Those matrices are a few hundred wide: threads that wait for each other at every step cost several times what they
save, above all on a busy machine.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from tinct import machine

__all__ = ["cores", "sharing", "single_threaded"]

P = ParamSpec("P")
R = TypeVar("R")

_mine = threading.local()


def cores() -> int:
    """Cores that this thread's work may use: all, unless it shares them with other photos."""
    return getattr(_mine, "cores", None) or machine.cores()


@contextmanager
def sharing(count: int) -> Iterator[None]:
    """What this thread does inside uses so many cores."""
    before, _mine.cores = getattr(_mine, "cores", None), count
    try:
        yield
    finally:
        _mine.cores = before


class _Limit:
    """One thread for linear algebra while anybody asks for it: the libraries' limit is the whole process's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = 0
        self._limiter: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._asking += 1
            if self._asking == 1:
                self._limiter = _controller().limit(limits=1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._asking -= 1
            if not self._asking:
                self._limiter.restore_original_limits()


_limit = _Limit()


@functools.cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def single_threaded(work: Callable[P, R]) -> Callable[P, R]:
    """Run a function with NumPy's linear algebra on one thread; the limit is lifted when it returns."""

    @functools.wraps(work)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _limit:
            return work(*args, **kwargs)

    return limited
