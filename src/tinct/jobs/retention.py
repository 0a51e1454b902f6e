"""What is looked after all the time: jobs whose worker died, jobs that wait too long, and everything that expires.

Every worker runs these sweeps; a lock in the database lets one of them do it at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from pathlib import Path
from typing import Final

from tinct.backend import Backend
from tinct.errors import TinctError
from tinct.jobs import moves, orphans, withdrawn
from tinct.jobs.folders import IDLE
from tinct.jobs.job import JobState, Priority, scratch_prefix
from tinct.jobs.rows import job_of

__all__ = ["expire", "raise_old", "rescue", "sweep_for_ever"]

_log = logging.getLogger(__name__)
_LOCK: Final = "sweep"
_BATCH: Final = 500
_SELDOM: Final = 12  # every how many sweeps the costlier looks are done
_LEFTOVER_S: Final = 3600.0  # age of a scratch file that nobody can be using, unless its job still runs


async def sweep_for_ever(backend: Backend) -> None:
    """Sweep every ``settings.sweep_s``; errors are logged and the next sweep tries again."""
    number = 0
    while True:
        await asyncio.sleep(backend.settings.sweep_s)
        try:
            async with backend.database.only_one(_LOCK) as alone:
                if alone:
                    await rescue(backend, thorough=number % _SELDOM == 0)
                    await expire(backend)
                    if number % _SELDOM == 0:
                        await raise_old(backend)
                        await orphans.sweep(backend)
        except TinctError as error:
            _log.warning("sweep: %s", error)
        except Exception:
            _log.exception("the sweep broke; the next one tries again")
        number += 1


async def rescue(backend: Backend, *, thorough: bool = True) -> int:
    """Give jobs of dead workers to live ones; how many queue entries were found dead.

    Parameters
    ----------
    thorough : bool
        Also look for waiting jobs without a queue entry, which costs a pass over the queue.
    """
    stalled = await backend.queue.stalled(backend.settings.stalled_s)
    for entry, job_id in stalled:
        await _rescue(backend, job_id, entry)
        await backend.queue.forget(entry)
    lost = await backend.queue.undelivered(JobState.RUNNING.value)
    if thorough:
        lost += await backend.queue.undelivered(JobState.QUEUED.value)
    for job_id in lost:
        await _rescue(backend, job_id, None)
    if stalled or lost:
        _log.warning("found %d stalled and %d undelivered jobs", len(stalled), len(lost))
    return len(stalled) + len(lost)


async def _rescue(backend: Backend, job_id: str, entry: int | None) -> None:
    """Requeue the job of a dead entry, unless it has another entry by now. `entry` is None where it is gone."""
    async with backend.database.transaction() as connection:
        cursor = await connection.execute("SELECT * FROM jobs WHERE id = %s FOR UPDATE", (job_id,))
        row = await cursor.fetchone()
        if row is None or (entry is not None and row["entry"] != entry):
            return
        if entry is None and await backend.queue.has(connection, row["entry"]):
            return
        job = job_of(row)
        if job.state is JobState.RUNNING:
            await moves.lose(connection, backend.queue, job, backend.settings.job_attempts)
        elif job.state is JobState.QUEUED:
            await moves.deliver_again(connection, backend.queue, job, row["entry"])
    if job.state is JobState.RUNNING:  # the worker may have died between storing results and saying so
        await backend.blobs.delete_prefix(f"results/{job.id}/{job.attempt}")


async def raise_old(backend: Backend) -> int:
    """Raise jobs that wait longer than ``settings.aging_s`` to high priority; how many."""
    async with backend.database.transaction() as connection:
        cursor = await connection.execute(
            "UPDATE jobs SET priority = %(high)s WHERE id IN (SELECT id FROM jobs WHERE state = 'queued'"
            " AND priority < %(high)s AND created_at < now() - make_interval(secs => %(age)s)"
            " ORDER BY sequence LIMIT %(batch)s FOR UPDATE SKIP LOCKED) RETURNING entry",
            {"high": Priority.HIGH, "age": backend.settings.aging_s, "batch": _BATCH},
        )
        entries = [row["entry"] for row in await cursor.fetchall()]
        await backend.queue.raise_priority(connection, entries, Priority.HIGH)
    return len(entries)


async def expire(backend: Backend) -> int:
    """Remove files, jobs, keys, unfinished uploads and unused contents whose time is over; how many files."""
    await backend.database.run(
        "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at < now() - make_interval(secs => %s)"
        " LIMIT %s)",
        (backend.settings.keep_jobs_s, _BATCH),
    )
    await backend.database.run(
        "DELETE FROM callbacks WHERE id IN (SELECT id FROM callbacks WHERE ended_at < now() - make_interval(secs => %s)"
        " LIMIT %s)",
        (backend.settings.keep_jobs_s, _BATCH),
    )
    await backend.database.run("DELETE FROM idempotency WHERE expires_at <= now()")
    await backend.credits.expire()
    await backend.tokens.sweep()
    await backend.limits.sweep()
    await backend.multipart.sweep()
    await _clear(backend)
    await withdrawn.let_go(backend.database)
    removed = await backend.files.sweep(_BATCH)  # the store may be away: last
    await backend.contents.sweep()
    return removed


async def _clear(backend: Backend) -> None:
    """Delete what killed processes left in the scratch folder."""
    old = await asyncio.to_thread(_leftovers, backend.blobs.scratch)
    rows = await backend.database.all(
        "SELECT id, attempt FROM jobs WHERE state = 'running' AND id = ANY(%s)",
        ([path.name.partition(".")[0] for path in old],),
    )
    running = tuple(scratch_prefix(row["id"], row["attempt"]) for row in rows)
    await asyncio.to_thread(_remove, [path for path in old if not path.name.startswith(running)])


def _leftovers(scratch: Path) -> list[Path]:
    """What nobody has touched for long."""
    before, old = time.time() - _LEFTOVER_S, []
    for path in scratch.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime < before:
                old.append(path)
    return old


def _remove(paths: list[Path]) -> None:
    for path in paths:
        if path.name.startswith(IDLE):  # a worker may give it to a job at this moment
            with contextlib.suppress(OSError):
                path.rmdir()
            continue
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
