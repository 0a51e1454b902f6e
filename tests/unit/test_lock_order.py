"""Who ends a job that waits, and who takes it at that moment, lock in one order, so that the database ends neither."""

import asyncio

import pytest

from backends import silent_for, submitted
from tinct.errors import JobDeletedError
from tinct.jobs.job import JobState
from tinct.jobs.leases import drop_abandoned
from tinct.jobs.moves import claim

pytestmark = pytest.mark.asyncio

WAITS = (
    "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock'"
)


async def somebody_waits(backend) -> None:
    async with asyncio.timeout(20):
        while not (await backend.database.one(WAITS))["number"]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("way", ["cancel", "delete", "drop"])
async def test_a_job_that_is_ended_while_it_is_taken_is_ended(backend, account, way):
    job = await submitted(backend, account, lease_s=12.0 if way == "drop" else None)
    if way == "drop":
        await silent_for(backend, job.id, 18.0)
    entry = (await backend.database.one("SELECT entry FROM jobs WHERE id = %s", (job.id,)))["entry"]
    async with backend.database.transaction() as connection:
        await connection.execute(  # as a worker takes an entry
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", (entry,)
        )
        ends = asyncio.create_task(
            drop_abandoned(backend.database, backend.queue)
            if way == "drop"
            else getattr(backend.jobs, way)(account, job.id)
        )
        await somebody_waits(backend)
        assert await claim(connection, job.id, entry) is not None
    await ends
    if way == "delete":
        with pytest.raises(JobDeletedError):
            await backend.jobs.get(account, job.id)
    else:
        assert (await backend.jobs.get(account, job.id)).state is JobState.CANCELLED
