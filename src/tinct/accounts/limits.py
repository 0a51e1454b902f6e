"""How often someone may call: a token bucket per key, in the database, so that every process counts the same.

The bucket is kept as one instant, the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371,
annex A): each call moves it on by ``period / limit``; a call is refused while it lies more than ``period`` ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tinct.errors import RateLimitError
from tinct.storage.database import Database
from tinct.storage.together import Together

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


@dataclass(frozen=True, kw_only=True)
class _Call:
    """What `_TAKE` is told."""

    key: str
    step: float
    period: float


class Limits:
    """Token buckets by key; any string will do, such as ``key:acct_…`` or ``address:203.0.113.7``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._calls = Together(self._take)

    async def take(self, key: str, window: Window, *, cost: int = 1) -> Allowance:
        """Take `cost` tokens, 1..``window.calls``, or refuse.

        Raises
        ------
        RateLimitError
            Too few are left; nothing is taken, and the error knows when enough will be there.
        """
        step = cost * window.seconds / window.calls
        call = _Call(key=key, step=step, period=window.seconds)
        ahead = await self._calls.ask(call)
        if ahead is None:
            waiting = await self._database.one(_WAIT, {"key": key})
            until = waiting["ahead"] if waiting else 0.0
            raise RateLimitError(max(until + step - window.seconds, 0.001))
        left = int((window.seconds - ahead) / window.seconds * window.calls + 1e-6)
        return Allowance(window=window, remaining=left, reset_s=max(ahead, 0.0))

    async def _take(self, calls: Sequence[_Call]) -> Sequence[float | None]:
        """How far ahead each call's bucket is thereafter; None for what is refused.

        They go by key, so that two processes which take from the same buckets never wait for each other in a circle.
        """
        if len(calls) == 1:
            row = await self._database.one(_TAKE, asdict(calls[0]))
            return [None if row is None else row["ahead"]]
        order = sorted(range(len(calls)), key=lambda number: calls[number].key)
        ahead: list[float | None] = [None] * len(calls)
        async with self._database.together() as connection:
            cursors = [(number, await connection.execute(_TAKE, asdict(calls[number]))) for number in order]
            for number, cursor in cursors:
                row = await cursor.fetchone()
                ahead[number] = None if row is None else row["ahead"]
        return ahead

    async def sweep(self) -> int:
        """Forget buckets that are full; how many."""
        return await self._database.run("DELETE FROM limits WHERE arrival < now()")
