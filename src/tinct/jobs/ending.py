"""Tasks that are to end do end.

A cancellation can be lost: what waits with ``asyncio.wait_for`` (in Python before 3.12, so in libraries too) swallows
one that arrives together with what it waited for, and goes on. So it is repeated until the task has ended.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

__all__ = ["cancelled"]

_AGAIN_S: Final = 2.0  # seconds between two tries


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until all have ended, however they did."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
