"""How many threads work: all cores on a photo's strips, one on the small matrices of a fit.

Those matrices are a few hundred wide: threads that wait for each other at every step cost several times what they
save, above all on a busy machine.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

__all__ = ["cores", "single_threaded"]

P = ParamSpec("P")
R = TypeVar("R")


def cores() -> int:
    """Cores that this process may use, where the system says so; else all."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


@functools.cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def single_threaded(work: Callable[P, R]) -> Callable[P, R]:
    """Run a function with NumPy's linear algebra on one thread; the limit is lifted when it returns."""

    @functools.wraps(work)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _controller().limit(limits=1, user_api="blas"):
            return work(*args, **kwargs)

    return limited
