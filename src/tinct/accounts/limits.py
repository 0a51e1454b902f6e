"""How often someone may call: a token bucket per key, in the database, so that every process counts the same.

The bucket is kept as one instant, the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371,
annex A): each call moves it on by ``period / limit``; a call is refused while it lies more than ``period`` ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinct.errors import RateLimitError
from tinct.storage.database import Database

__all__ = ["Allowance", "Limits", "Window"]

# An arrival further ahead than the period is of a clock that has been set back since: it counts as a full bucket.
_TAKE = """
INSERT INTO limits AS l (key, arrival)
VALUES (%(key)s, clock_timestamp() + make_interval(secs => %(step)s))
ON CONFLICT (key) DO UPDATE
    SET arrival = CASE WHEN l.arrival > clock_timestamp() + make_interval(secs => %(period)s)
                       THEN clock_timestamp() ELSE GREATEST(l.arrival, clock_timestamp()) END
                  + make_interval(secs => %(step)s)
    WHERE l.arrival > clock_timestamp() + make_interval(secs => %(period)s)
       OR GREATEST(l.arrival, clock_timestamp()) + make_interval(secs => %(step)s)
          <= clock_timestamp() + make_interval(secs => %(period)s)
RETURNING extract(epoch FROM arrival - clock_timestamp())::float8 AS ahead
"""
_WAIT = """
SELECT extract(epoch FROM arrival - clock_timestamp())::float8 AS ahead FROM limits WHERE key = %(key)s
"""


@dataclass(frozen=True)
class Window:
    """So many calls in so much time."""

    calls: int
    """Tokens in a full bucket."""
    seconds: float
    """In which an empty bucket fills."""
    pool: str = ""
    """Calls that are counted together; empty where the one who counts has a pool of his own."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left after a call."""

    window: Window
    remaining: int
    """Calls that would be accepted right now."""
    reset_s: float
    """Seconds until the bucket is full again."""


class Limits:
    """Token buckets by key; any string will do, such as ``key:acct_…`` or ``address:203.0.113.7``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, key: str, window: Window, *, cost: int = 1) -> Allowance:
        """Take `cost` tokens, 1..``window.calls``, or refuse.

        Raises
        ------
        RateLimitError
            Too few are left; nothing is taken, and the error knows when enough will be there.
        """
        step = cost * window.seconds / window.calls
        parameters = {"key": key, "step": step, "period": window.seconds}
        row = await self._database.one(_TAKE, parameters)
        if row is None:
            waiting = await self._database.one(_WAIT, parameters)
            ahead = waiting["ahead"] if waiting else 0.0
            raise RateLimitError(max(ahead + step - window.seconds, 0.001))
        left = int((window.seconds - row["ahead"]) / window.seconds * window.calls + 1e-6)
        return Allowance(window=window, remaining=left, reset_s=max(row["ahead"], 0.0))

    async def sweep(self) -> int:
        """Forget buckets that are full; how many."""
        return await self._database.run("DELETE FROM limits WHERE arrival < now()")
