"""How many threads work: all cores on a photo's strips, one on the small matrices of a fit.

Those matrices are a few hundred wide: threads that wait for each other at every step cost several times what they
save, above all on a busy machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from tinct.machine import cores

__all__ = ["cores", "single_threaded"]

P = ParamSpec("P")
R = TypeVar("R")


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
