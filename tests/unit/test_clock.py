"""The clock of the machine is set on or back by an hour while the server works: nothing is lost, nobody is shut out."""

import asyncio

import pytest

from backends import ended, submitted, working
from tinct.accounts.limits import Window
from tinct.backend import Backend
from tinct.jobs import retention
from tinct.jobs.job import JobState

pytestmark = pytest.mark.asyncio

COLUMNS = """
SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'timestamp with time zone'
"""


async def set_clock(backend: Backend, hours: int) -> None:
    """As if the clock went by `hours`: every instant that was written lies that much earlier."""
    for found in await backend.database.all(COLUMNS):
        await backend.database.run(
            f"UPDATE {found['table']} SET {found['column']} = {found['column']} - make_interval(hours => %s)",
            (hours,),
        )


@pytest.mark.parametrize("hours", [-1, 1])
async def test_running_waiting_and_new_jobs_end_once_when_the_clock_is_set(backend, hours):
    account = (await backend.accounts.create("tester", credits=3)).account.id
    async with working(backend):
        running = await submitted(backend, account, "slow", params={"seconds": 2.0})
        while (await backend.jobs.get(account, running.id)).state is not JobState.RUNNING:
            await asyncio.sleep(0.02)
        waiting = await submitted(backend, account, "slow", params={"seconds": 0.1})
        await set_clock(backend, hours)
        new = await submitted(backend, account, "slow", params={"seconds": 0.1})
        for job in (running, waiting, new):
            last = await ended(backend, job)
            assert (last.state, len(last.results)) == (JobState.SUCCEEDED, 1)
    assert (await backend.credits.balance(account)).available == 0


async def test_a_worker_that_died_before_the_clock_was_set_back_is_missed_in_the_usual_time(backend, account):
    job = await submitted(backend, account, "slow", params={"seconds": 0.1})
    await backend.database.run("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    await backend.database.run(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    await backend.database.run("UPDATE jobs SET state = 'running', attempt = 1, started_at = now()")
    await set_clock(backend, -1)
    assert await retention.rescue(backend) == 0  # it may live
    await asyncio.sleep(backend.settings.stalled_s + 0.2)
    assert await retention.rescue(backend) == 1
    assert (await backend.jobs.get(account, job.id)).state is JobState.QUEUED


async def test_nobody_is_shut_out_because_the_clock_was_set_back(backend):
    for _ in range(3):
        await backend.limits.take("a", Window(3, 30))
    await set_clock(backend, -1)
    assert (await backend.limits.take("a", Window(3, 30))).remaining == 2
