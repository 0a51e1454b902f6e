"""Jobs that are dropped when nobody asks for them."""

import asyncio
import contextlib

import pytest

from backends import ended, silent_for, submitted, working
from tinct.errors import DatabaseError, ParameterError
from tinct.jobs.job import JobState
from tinct.jobs.leases import Leases, drop_abandoned

pytestmark = pytest.mark.asyncio


async def drop(backend) -> int:
    return await drop_abandoned(backend.database, backend.queue)


@contextlib.asynccontextmanager
async def away(**options):
    raise DatabaseError("it is away")
    yield


async def row(backend, job):
    return await backend.database.one("SELECT * FROM jobs WHERE id = %s", (job.id,))


async def test_a_leased_job_that_nobody_asks_for_is_dropped_and_costs_nothing(backend):
    account = (await backend.accounts.create("payer", credits=5)).account.id
    job = await submitted(backend, account, lease_s=12.0)
    assert await drop(backend) == 0
    await silent_for(backend, job.id, 18.0)
    assert await drop(backend) == 1
    last = await backend.jobs.get(account, job.id)
    assert (last.state, last.failure.code) == (JobState.CANCELLED, "abandoned")
    assert "12 s" in last.failure.message
    balance = await backend.credits.balance(account)
    assert (balance.available, balance.held) == (5, 0)
    assert await backend.database.one("SELECT 1 FROM procrastinate_jobs") is None


async def test_a_job_without_a_lease_is_never_dropped(backend, account):
    job = await submitted(backend, account)
    await silent_for(backend, job.id, 1e6)
    assert await drop(backend) == 0
    assert (await row(backend, job))["state"] == "queued"


@pytest.mark.parametrize("way", ["get", "find", "wait", "events"])
async def test_asking_in_any_way_renews_the_lease(backend, account, way):
    job = await submitted(backend, account, lease_s=12.0, aliases={"test.id": "x"})
    await silent_for(backend, job.id, 11.0)
    if way == "get":
        await backend.jobs.get(account, job.id)
    elif way == "find":
        await backend.jobs.find(account, "test.id", "x")
    elif way == "wait":
        await backend.jobs.wait(account, job.id, 0.01)
    else:
        await anext(backend.jobs.events(account, job.id))
    await silent_for(backend, job.id, 11.0)
    assert await drop(backend) == 0


async def test_a_question_that_waits_for_its_answer_keeps_the_job_alive(backend, account):
    job = await submitted(backend, account, lease_s=1.5)
    with backend.jobs.leases.waiting(job.id), backend.jobs.leases.waiting(job.id):
        for _ in range(25):
            await asyncio.sleep(0.1)
            assert await drop(backend) == 0
    await backend.database.run("UPDATE jobs SET asked_at = asked_at - interval '2 s'")
    await asyncio.sleep(0.4)
    assert await drop(backend) == 1


async def test_a_question_that_is_answered_at_once_counts_only_for_who_may_ask(backend, account):
    job = await submitted(backend, account, lease_s=12.0)
    await silent_for(backend, job.id, 18.0)
    for _ in range(20):
        with backend.jobs.leases.waiting(job.id):
            pass
    await asyncio.sleep(0.4)
    assert await drop(backend) == 1


@pytest.mark.parametrize("odd", ["", "\0", "\ud800", "x" * 10_000])
async def test_odd_ids_that_wait_keep_nobody_from_being_written_down(backend, account, odd):
    job = await submitted(backend, account, lease_s=1.5)
    with backend.jobs.leases.waiting(odd), backend.jobs.leases.waiting(job.id):
        await asyncio.sleep(2)
        assert await drop(backend) == 0


async def test_who_asked_is_written_down_when_the_database_is_back(backend, account, monkeypatch):
    job = await submitted(backend, account, lease_s=12.0)
    await silent_for(backend, job.id, 11.0)
    with monkeypatch.context() as patch:
        patch.setattr(backend.database, "connection", away)
        backend.jobs.leases.asked(job)
        with pytest.raises(DatabaseError):
            await backend.jobs.leases.write()
    await silent_for(backend, job.id, 11.0)
    assert await drop(backend) == 0


async def test_another_accounts_question_does_not_renew_the_lease(backend, account):
    job = await submitted(backend, account, lease_s=12.0)
    other = (await backend.accounts.create("other")).account.id
    await silent_for(backend, job.id, 18.0)
    with pytest.raises(Exception, match="no such job"):
        await backend.jobs.get(other, job.id)
    assert await drop(backend) == 1


async def test_who_waits_keeps_the_job_alive_for_longer_than_the_lease(backend, account):
    job = await submitted(backend, account, lease_s=1.2)
    waiting = asyncio.create_task(backend.jobs.wait(account, job.id, 2.6))
    for _ in range(24):
        await asyncio.sleep(0.1)
        assert await drop(backend) == 0
    assert (await waiting).state is JobState.QUEUED


async def test_a_running_job_that_nobody_asks_for_is_ended_by_the_worker(backend, account):
    async with working(backend):
        job = await submitted(backend, account, "slow", params={"seconds": 30.0}, lease_s=100.0)
        while (await row(backend, job))["state"] != "running":
            await asyncio.sleep(0.05)
        await silent_for(backend, job.id, 101.0)
        while (await row(backend, job))["state"] == "running":
            await asyncio.sleep(0.05)
        last = await ended(backend, job)
    assert (last.state, last.failure.code) == (JobState.CANCELLED, "abandoned")


async def test_a_finished_job_is_never_dropped(backend, account):
    async with working(backend):
        job = await ended(backend, await submitted(backend, account, lease_s=5.0))
    await silent_for(backend, job.id, 100.0)
    assert await drop(backend) == 0
    assert (await backend.jobs.get(account, job.id)).state is JobState.SUCCEEDED


@pytest.mark.parametrize("lease_s", [0.0, -1.0, 1e-300, float("inf"), float("nan")])
async def test_an_absurd_lease_is_refused(backend, account, lease_s):
    with pytest.raises(ParameterError, match="lease_s"):
        await submitted(backend, account, lease_s=lease_s)


# -- what servers have written down decides ----------------------------------------------------------


async def dropped_within(backend, seconds: float) -> int:
    """How many jobs are dropped in some seconds, or until the first is."""
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        if count := await drop(backend):
            return count
        await asyncio.sleep(0.05)
    return 0


async def test_polls_that_a_busy_server_cannot_write_down_keep_their_job(backend, account, monkeypatch):
    leases = backend.jobs.leases
    await leases.serve()
    job = await submitted(backend, account, lease_s=1.0)
    await leases.write()
    connection, free = backend.database.connection, asyncio.Event()

    @contextlib.asynccontextmanager
    async def crowded(**options):
        if not options.get("durable", True):
            await free.wait()  # all connections are taken
        async with connection(**options) as found:
            yield found

    monkeypatch.setattr(backend.database, "connection", crowded)
    for _ in range(8):
        leases.asked(job)
        assert await dropped_within(backend, 0.3) == 0
    leases.asked(job)
    free.set()
    assert await dropped_within(backend, 0.5) == 0
    assert await dropped_within(backend, 10) == 1  # nobody asks any more


async def test_a_request_that_waits_for_its_turn_may_be_a_poll(backend, account):
    leases = backend.jobs.leases
    await leases.serve()
    await submitted(backend, account, lease_s=1.0)
    with leases.arriving():
        assert await dropped_within(backend, 3) == 0
    assert await dropped_within(backend, 10) == 1


async def test_of_two_servers_the_slower_one_decides(backend, account):
    job = await submitted(backend, account, lease_s=12.0)
    first, second = Leases(backend.database), Leases(backend.database)
    for leases in (first, second):
        await leases.serve()
    await silent_for(backend, job.id, 18.0)
    await backend.database.run(
        "UPDATE lease_books SET written_to = written_to - interval '10 s' WHERE server ="
        " (SELECT min(server) FROM lease_books)"
    )
    assert await drop(backend) == 0
    await backend.database.run("UPDATE lease_books SET seen_at = now() - interval '31 s'"
        " WHERE written_to < now() - interval '5 s'")  # fmt: skip
    assert await drop(backend) == 1


async def test_time_in_which_no_server_could_be_asked_does_not_count(backend, account):
    await backend.jobs.leases.serve()
    job = await submitted(backend, account, lease_s=12.0)
    await backend.jobs.leases.stop()
    past = (
        "UPDATE lease_books SET written_to = written_to - interval '1 h', seen_at = seen_at - interval '1 h'"
    )
    await backend.database.run(past)
    await silent_for(backend, job.id, 3600.0)
    assert await drop(backend) == 0
    again = Leases(backend.database)
    await again.serve()
    assert await drop(backend) == 0  # its owner has as long as ever to come back
    await silent_for(backend, job.id, 18.0)
    assert await drop(backend) == 1


async def test_an_order_that_takes_longer_to_be_taken_than_its_lease_is_not_lost_by_that(backend):
    """Its owner has no id to ask for before; here another order of the account holds it up."""
    leases = backend.jobs.leases
    await leases.serve()
    account = (await backend.accounts.create("payer", credits=5)).account.id
    async with backend.database.transaction() as connection:
        await connection.execute("SELECT FROM grants WHERE account_id = %s FOR UPDATE", (account,))
        order = asyncio.create_task(submitted(backend, account, lease_s=0.5, credits=1))
        with leases.waiting("another"):  # so that the book is written all the time
            await asyncio.sleep(1.5)
        assert not order.done()
    while await backend.database.one("SELECT FROM jobs") is None:
        await asyncio.sleep(0.001)
    assert await dropped_within(backend, 0.3) == 0
    await order
    assert await dropped_within(backend, 10) == 1
