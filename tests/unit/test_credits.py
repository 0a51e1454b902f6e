"""The ledger: what is spent first, and that nothing is spent twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from backends import submitted
from tinct.accounts import credits as ledger
from tinct.backend import Backend
from tinct.errors import CreditError, ParameterError
from tinct.jobs import moves
from tinct.jobs.job import JobState
from tinct.storage.database import Duplicate

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def payer(backend: Backend) -> str:
    return (await backend.accounts.create("payer", credits=0)).account.id


async def consistent(backend: Backend) -> bool:
    """The grants' columns are the sums of the ledger, and every ended job holds nothing."""
    wrong = await backend.database.all(
        "SELECT g.id FROM grants g JOIN ledger l ON l.grant_id = g.id"
        " GROUP BY g.id HAVING sum(l.available) <> g.available OR sum(l.held) <> g.held"
    )
    open_holds = await backend.database.all(
        "SELECT l.job_id FROM ledger l JOIN jobs j ON j.id = l.job_id WHERE j.finished_at IS NOT NULL"
        " GROUP BY l.job_id HAVING sum(l.held) <> 0"
    )
    return not wrong and not open_holds


async def test_the_grant_that_expires_first_is_spent_first_and_equal_ones_in_order(backend, payer):
    now = datetime.now(UTC)
    forever = await backend.credits.grant(payer, 5)
    late = await backend.credits.grant(payer, 2, expires_at=now + timedelta(days=9))
    same = await backend.credits.grant(payer, 2, expires_at=now + timedelta(days=9))
    soon = await backend.credits.grant(payer, 2, expires_at=now + timedelta(days=1))
    await backend.credits.grant(payer, 50, expires_at=now - timedelta(seconds=1))
    assert (await backend.credits.balance(payer)).available == 11
    await submitted(backend, payer, "many", credits=5)
    balance = await backend.credits.balance(payer)
    assert [(grant.id, grant.available, grant.held) for grant in balance.grants] == [
        (soon, 0, 2),
        (late, 0, 2),
        (same, 1, 1),
        (forever, 5, 0),
    ]
    assert (balance.available, balance.held) == (6, 5)
    assert await consistent(backend)


async def test_success_spends_the_hold_and_every_other_end_gives_it_back(backend, payer):
    await backend.credits.grant(payer, 30)
    ends = [
        JobState.SUCCEEDED,
        JobState.FAILED,
        JobState.TIMED_OUT,
        JobState.RETRIES_EXHAUSTED,
        JobState.CANCELLED,
    ]
    for state in ends:
        job = await submitted(backend, payer, "many")
        row = await backend.database.one("SELECT entry FROM jobs WHERE id = %s", (job.id,))
        async with backend.database.transaction() as connection:
            assert await moves.claim(connection, job.id, row["entry"])
            assert await moves.end(connection, job.id, state, attempt=1)
        async with backend.database.transaction() as connection:
            assert await moves.end(connection, job.id, state, attempt=1) is None
    balance = await backend.credits.balance(payer)
    assert (balance.available, balance.held) == (27, 0)
    assert await consistent(backend)


async def test_the_database_itself_refuses_a_second_hold_and_a_second_end(backend, payer):
    await backend.credits.grant(payer, 30)
    job = await submitted(backend, payer, "many")
    with pytest.raises(Duplicate):
        async with backend.database.transaction() as connection:
            await ledger.hold(connection, payer, job.id, 1)
    async with backend.database.transaction() as connection:
        await ledger.settle(connection, payer, job.id)
    for act in (ledger.settle, ledger.release):
        with pytest.raises(Duplicate):
            async with backend.database.transaction() as connection:
                await act(connection, payer, job.id)
    balance = await backend.credits.balance(payer)
    assert (balance.available, balance.held) == (27, 0)


async def test_simultaneous_orders_never_spend_more_than_there_is(backend, payer):
    await backend.credits.grant(payer, 3)
    await backend.credits.grant(payer, 4, expires_at=datetime.now(UTC) + timedelta(days=1))
    tries = (submitted(backend, payer, "noop", credits=2) for _ in range(12))
    made = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, CreditError) for result in made) == 9
    jobs = [result for result in made if not isinstance(result, BaseException)]
    assert len(jobs) == 3
    await asyncio.gather(*(backend.jobs.cancel(payer, job.id) for job in jobs))
    assert (await backend.credits.balance(payer)).available == 7
    assert await consistent(backend)


async def test_history_is_paged_newest_first(backend, payer):
    await backend.credits.grant(payer, 9, kind="gift")
    job = await submitted(backend, payer, "many")
    await backend.jobs.cancel(payer, job.id)
    entries = await backend.credits.history(payer)
    assert [(e.kind, e.available, e.held, e.job_id) for e in entries] == [
        ("release", 3, -3, job.id),
        ("hold", -3, 3, job.id),
        ("grant", 9, 0, None),
    ]
    assert await backend.credits.history(payer, limit=1) == entries[:1]
    assert await backend.credits.history(payer, before=entries[0].id) == entries[1:]
    stranger = (await backend.accounts.create("other")).account.id
    assert await backend.credits.history(stranger) == ()


async def test_a_grant_is_at_least_one_credit(backend, payer):
    for amount in (0, -5):
        with pytest.raises(ParameterError):
            await backend.credits.grant(payer, amount)
