"""Rows of the jobs table as records."""

from __future__ import annotations

from tinct.jobs.job import MOVES, Failure, Job, JobState, Result
from tinct.storage.database import Row

__all__ = ["job_of", "sources"]


def sources(target: JobState) -> list[str]:
    """States from which a job may move to `target`."""
    return [state.value for state, targets in MOVES.items() if target in targets]


def job_of(row: Row) -> Job:
    """The record of a row with all columns."""
    code = row["failure_code"]
    return Job(
        id=row["id"],
        account=row["account_id"],
        effect=row["effect"],
        params=row["params"],
        inputs={
            name: named if isinstance(named, str) else tuple(named) for name, named in row["inputs"].items()
        },
        format=row["format"],
        quality=row["quality"],
        metadata=row["metadata"],
        screened=row["screened"],
        state=JobState(row["state"]),
        revision=row["revision"],
        sequence=row["sequence"],
        priority=row["priority"],
        capability=row["capability"],
        attempt=row["attempt"],
        progress=row["progress"],
        deadline_s=row["deadline_s"],
        lease_s=row["lease_s"],
        callbacks=len(row["callbacks"]),
        credits=row["credits"],
        results=tuple(Result(**result) for result in row["results"]),
        facts=row["facts"],
        failure=Failure(code=code, message=row["failure_message"]) if code is not None else None,
        dialect=row["dialect"],
        batch=row["batch"],
        aliases=row["aliases"],
        meta=row["meta"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        results_expire_at=row["results_expire_at"],
    )
