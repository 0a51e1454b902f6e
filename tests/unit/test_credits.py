"""The ledger: what is spent first, and that nothing is spent twice."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from backends import submitted
from tinct.accounts import credits as ledger
from tinct.backend import Backend
from tinct.errors import CreditError, DatabaseError, ParameterError
from tinct.jobs import moves
from tinct.jobs.job import FINAL, Job, JobState
from tinct.storage.database import Connection, Duplicate

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
        await ledger.charge(connection, payer, job.id)
    for act in (ledger.charge, ledger.release):
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


@pytest.mark.parametrize("seed", range(3))
async def test_granted_less_charged_and_lapsed_is_what_is_left_whatever_happens_at_once(backend, payer, seed):
    """Orders, ends, lost attempts, grants and their ends, all at the same time, some of them twice."""
    chance, jobs = random.Random(seed), list[Job]()

    async def grant() -> None:
        seconds = chance.choice([None, 0.05, 0.3, 60.0])
        end = datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None
        await backend.credits.grant(payer, chance.randint(1, 9), expires_at=end)

    async def order() -> None:
        with contextlib.suppress(CreditError):
            jobs.append(await submitted(backend, payer, "noop", credits=chance.randint(1, 12)))

    async def end() -> None:
        if not jobs:
            return
        job = chance.choice(jobs)
        state = JobState.SUCCEEDED if chance.random() < 0.6 else chance.choice(sorted(FINAL))
        await claimed(job)
        if chance.random() < 0.3:  # its process died
            lost = await backend.jobs.get(payer, job.id)
            await done(lambda connection: moves.lose(connection, backend.queue, lost, attempts=2))
        for _ in range(chance.randint(1, 2)):
            await done(lambda connection: moves.end(connection, job.id, state))

    async def claimed(job: Job) -> None:
        row = await backend.database.one("SELECT entry FROM jobs WHERE id = %s", (job.id,))
        await done(lambda connection: moves.claim(connection, job.id, row["entry"]))

    async def done(move: Callable[[Connection], Awaitable[object]]) -> None:
        """A move that meets another one of the same job half-way is refused whole, and done anew."""
        for _ in range(10):
            with contextlib.suppress(DatabaseError):
                async with backend.database.transaction() as connection:
                    await move(connection)
                return
        raise AssertionError("a move meets others again and again")

    async def broken() -> None:
        """A submit whose transaction does not come to its end."""
        with contextlib.suppress(CreditError, ZeroDivisionError):
            async with backend.database.transaction() as connection:
                await ledger.hold(connection, payer, "job_broken", 1)
                raise ZeroDivisionError

    acts = [grant, order, order, end, end, broken, backend.credits.expire]
    for _ in range(12):
        await asyncio.gather(*(chance.choice(acts)() for _ in range(8)))
        assert await consistent(backend)
        await exact(backend, payer)
    await backend.credits.grant(payer, 2)
    for state in (JobState.SUCCEEDED, JobState.FAILED):  # one of each, however chance has it
        job = await submitted(backend, payer, "noop", credits=1)
        await claimed(job)
        await done(lambda connection, job=job, state=state: moves.end(connection, job.id, state))
    for job in jobs:
        await backend.jobs.cancel(payer, job.id)
    await backend.credits.expire()
    await exact(backend, payer)
    assert (await backend.credits.balance(payer)).held == 0
    kinds = {entry.kind for entry in await backend.credits.history(payer, limit=1000)}
    assert kinds >= {"grant", "hold", "charge", "release"}


async def exact(backend: Backend, account: str) -> None:
    """Granted - charged - lapsed = available + held, and no grant gave more than it had."""
    grants = await backend.database.one(
        "SELECT sum(amount) AS given, sum(available) AS free, sum(held) AS held,"
        " bool_and(available >= 0 AND held >= 0 AND available + held <= amount) AS within FROM grants"
        " WHERE account_id = %s",
        (account,),
    )
    if grants["given"] is None:
        return
    entries = await backend.credits.history(account, limit=10_000)
    charged = -sum(entry.held for entry in entries if entry.kind == "charge")
    lapsed = -sum(entry.available for entry in entries if entry.kind == "expire")
    assert grants["within"]
    assert grants["given"] - charged - lapsed == grants["free"] + grants["held"]


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


async def test_an_entry_names_every_grant_that_a_job_drew_from_and_what_it_was_for(backend, payer):
    soon = await backend.credits.grant(
        payer, 2, kind="trial", expires_at=datetime.now(UTC) + timedelta(days=1)
    )
    late = await backend.credits.grant(payer, 5, kind="bought")
    job = await submitted(backend, payer, "many", credits=4, tool="test/tool")
    async with backend.database.transaction() as connection:
        await ledger.charge(connection, payer, job.id)
    charge, *_ = entries = await backend.credits.history(payer)
    assert [(part.grant_id, part.held) for part in charge.parts] == [(soon, -2), (late, -2)]
    assert [(entry.kind, entry.note) for entry in entries] == [
        ("charge", "test/tool"),
        ("hold", "test/tool"),
        ("grant", "bought"),
        ("grant", "trial"),
    ]
    only = await backend.credits.history(payer, kinds=("charge", "expire"))
    assert only == (charge,)


async def test_what_is_left_of_a_grant_lapses_and_what_a_job_holds_of_it_does_not(backend, payer):
    trial = await backend.credits.grant(
        payer, 9, kind="trial", expires_at=datetime.now(UTC) + timedelta(days=1)
    )
    charged, released = [await submitted(backend, payer, "many") for _ in range(2)]
    await backend.database.run("UPDATE grants SET expires_at = now()")
    assert (await backend.credits.balance(payer)).available == 0
    assert await backend.credits.expire() == 1
    assert await backend.credits.expire() == 0
    async with backend.database.transaction() as connection:
        await ledger.charge(connection, payer, charged.id)
    await backend.jobs.cancel(payer, released.id)
    assert (await backend.credits.balance(payer)).available == 0
    assert await backend.credits.expire() == 1
    lapsed = await backend.credits.history(payer, kinds=("expire",))
    assert [(e.note, e.job_id, e.available, e.parts[0].grant_id) for e in lapsed] == [
        ("trial", None, -3, trial),
        ("trial", None, -3, trial),
    ]
    balance = await backend.credits.balance(payer)
    assert (balance.available, balance.held, balance.grants) == (0, 0, ())
    assert await consistent(backend)


async def test_a_grant_is_at_least_one_credit(backend, payer):
    for amount in (0, -5, 10**16):
        with pytest.raises(ParameterError):
            await backend.credits.grant(payer, amount)
    for kind in ("", "x" * 65, "\0"):
        with pytest.raises(ParameterError):
            await backend.credits.grant(payer, 1, kind=kind)
    with pytest.raises(ParameterError):
        await backend.credits.grant("acct_nobody", 1)
