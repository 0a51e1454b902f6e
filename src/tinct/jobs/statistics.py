"""What became of all jobs, in sums that never shrink."""

from __future__ import annotations

from dataclasses import dataclass

from tinct.storage.database import Database

__all__ = ["Statistic", "statistics"]


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """Sums over ended jobs of one kind since the database was made."""

    effect: str
    state: str
    """A final state; or ``lost``, for an attempt whose process died."""
    code: str
    """Failure code; empty where there is none."""
    jobs: int
    waited_s: float
    """Seconds from submission to the start of the last attempt, added up."""
    ran_s: float
    """Seconds of the last attempts, added up."""


async def statistics(database: Database) -> tuple[Statistic, ...]:
    """Sums over all ended jobs, by effect, state and failure code."""
    rows = await database.all(
        "SELECT effect, state, code, sum(jobs)::bigint AS jobs, sum(waited_s) AS waited_s, sum(ran_s) AS ran_s"
        " FROM statistics GROUP BY effect, state, code ORDER BY effect, state, code"
    )
    return tuple(Statistic(**row) for row in rows)
