"""How entries of the queue come to a worker: batches, seats that get free early, and workers that were given up."""

import asyncio
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from backends import Postgres, ended, submitted, working
from tinct.backend import Backend, open_backend
from tinct.errors import CreditError, DatabaseError, KeyRefusedError
from tinct.jobs import moves
from tinct.jobs.job import Job, JobState, Order, Priority
from tinct.jobs.queue import Queue, Taken

pytestmark = pytest.mark.asyncio


async def in_state(backend: Backend, job: Job, state: JobState, seconds: float = 60) -> Job:
    async with asyncio.timeout(seconds):
        while (now := await backend.jobs.get(job.account, job.id)).state is not state:
            await asyncio.sleep(0.02)
    return now


async def queue_length(backend: Backend) -> int:
    row = await backend.database.one("SELECT count(*) AS n FROM procrastinate_jobs")
    assert row is not None
    return int(row["n"])


async def test_one_statement_takes_the_next_entries_each_once_and_claims_their_jobs(backend, account):
    order = [Priority.NORMAL, Priority.LOW, Priority.HIGH, Priority.NORMAL]
    jobs = [await submitted(backend, account, priority=priority) for priority in order]
    worker = await backend.queue.join(30)
    first = await backend.queue.take(worker, ["effects"], 3, moves.CLAIM_TAKEN)
    assert {taken.job_id for taken in first} == {jobs[n].id for n in (0, 2, 3)}
    assert all(taken.claimed is not None and taken.claimed["state"] == "running" for taken in first)
    rest = await backend.queue.take(worker, ["effects"], 3, moves.CLAIM_TAKEN)
    assert [taken.job_id for taken in rest] == [jobs[1].id]
    assert await backend.queue.take(worker, ["effects"], 3, moves.CLAIM_TAKEN) == []
    assert sorted(await backend.queue.held(worker)) == sorted(taken.entry for taken in (*first, *rest))


async def test_orders_that_come_at_the_same_moment_are_one_statement_and_each_its_own_job(backend, account):
    order = [Priority.NORMAL, Priority.LOW, Priority.HIGH, Priority.NORMAL]
    made = await asyncio.gather(*(submitted(backend, account, priority=priority) for priority in order))
    assert [job.priority for job in made] == order
    rows = await backend.database.all(
        "SELECT q.args ->> 'job_id' AS id FROM procrastinate_jobs q JOIN jobs j ON j.entry = q.id ORDER BY q.id"
    )
    assert [row["id"] for row in rows] == [job.id for job in sorted(made, key=lambda job: job.sequence)]


async def test_ends_that_come_at_the_same_moment_are_stored_each_or_refused_each(backend, account):
    jobs = [await submitted(backend, account) for _ in range(4)]
    worker = await backend.queue.join(30)
    await backend.queue.take(worker, ["effects"], 4, moves.CLAIM_TAKEN)
    running = [await backend.jobs.get(account, job.id) for job in jobs]
    await backend.jobs.cancel(account, jobs[1].id)
    late = replace(running[2], attempt=0)
    finishing = moves.Finishing(backend.database)
    to = [JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.FAILED, JobState.SUCCEEDED, JobState.SUCCEEDED]
    which = [running[0], running[1], running[2], late, running[3]]
    stored = await asyncio.gather(*map(finishing.finish, which, to))
    assert stored == [True, False, True, False, True]
    states = [(await backend.jobs.get(account, job.id)).state.value for job in jobs]
    assert states == ["succeeded", "cancelled", "failed", "succeeded"]
    counted = {(one.state, one.jobs) for one in await backend.jobs.statistics()}
    assert counted == {("succeeded", 2), ("cancelled", 1), ("failed", 1)}
    assert await queue_length(backend) == 0


async def test_who_listens_hears_that_a_job_runs(backend, account):
    async with working(backend), asyncio.timeout(60):
        job = await submitted(backend, account, "hang", params={"file": str(backend.blobs.scratch / "pid")})
        async for news in backend.jobs.events(account, job.id):
            if news is not None and news.state is JobState.RUNNING:
                break
        await backend.jobs.cancel(account, job.id)


async def test_what_was_taken_while_the_connection_broke_runs_all_the_same(backend, account, monkeypatch):
    take, broken = Queue.take, []

    async def breaks_once(self: Queue, *arguments: object) -> list[Taken]:
        found = await take(self, *arguments)  # type: ignore[arg-type]
        if found and not broken:
            broken.extend(found)
            raise DatabaseError("the answer was lost")
        return found

    monkeypatch.setattr(Queue, "take", breaks_once)
    async with working(backend):
        done = await ended(backend, await submitted(backend, account))
    assert len(broken) == 1
    # Not where the job was stored while the statement ran that took its entry
    begun = broken[0].claimed is not None
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1 + begun)
    assert await queue_length(backend) == 0


async def test_a_worker_that_others_took_for_dead_joins_again(backend, account):
    async with working(backend):
        await ended(backend, await submitted(backend, account))
        await backend.database.run("DELETE FROM procrastinate_workers")
        done = await ended(backend, await submitted(backend, account))
        assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
        rows = await backend.database.all("SELECT id FROM procrastinate_workers")
        assert len(rows) == 1


async def test_an_attempt_that_was_given_to_another_is_stopped(backend, account):
    async with working(backend):
        note = backend.blobs.scratch / "pid"
        job = await submitted(backend, account, "hang", params={"file": str(note)}, deadline_s=20.0)
        async with asyncio.timeout(60):
            while not (note.exists() and note.read_text()):
                await asyncio.sleep(0.02)
        first = int(note.read_text())
        running = await backend.jobs.get(account, job.id)
        async with backend.database.transaction() as connection:  # as the sweep of another worker does
            assert await moves.requeue(connection, backend.queue, running)
        async with asyncio.timeout(15):
            while psutil.pid_exists(first):
                await asyncio.sleep(0.02)
        again = await in_state(backend, job, JobState.RUNNING)
        assert again.attempt == 2
        await backend.jobs.cancel(account, job.id)


async def test_while_results_are_stored_the_child_begins_its_next_job_until_they_pile_up(
    postgres: Postgres, tmp_path: Path
):
    settings = postgres.create(tmp_path / "data", workers=1)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        place = settings.data / "blobs" / "results"
        place.touch()  # nothing can be stored there
        jobs = [await submitted(backend, account) for _ in range(6)]
        for job in jobs[:5]:  # four whose ends are stored, and one that has the child until it can be
            await in_state(backend, job, JobState.RUNNING)
        await asyncio.sleep(1.5)
        assert (await backend.jobs.get(account, jobs[5].id)).state is JobState.QUEUED
        place.unlink()
        for job in jobs:
            done = await ended(backend, job)
            assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
        assert await queue_length(backend) == 0


async def test_a_worker_that_is_told_to_stop_leaves_nothing_of_itself(backend, account):
    async with working(backend):
        await ended(backend, await submitted(backend, account))
    assert await backend.database.all("SELECT id FROM procrastinate_workers") == []
    waiting = await submitted(backend, account)
    await asyncio.sleep(0.5)
    assert (await backend.jobs.get(account, waiting.id)).state is JobState.QUEUED


async def test_a_refused_order_leaves_neither_job_nor_queue_entry(backend):
    poor = (await backend.accounts.create("poor", credits=2)).account.id
    for _ in range(2):  # the second time it is known that this account pays
        with pytest.raises(CreditError):
            await backend.jobs.submit(Order(account=poor, effect="many"))
    with pytest.raises(KeyRefusedError):
        await backend.jobs.submit(Order(account="nobody", effect="noop"))
    assert await queue_length(backend) == 0
    assert await backend.database.all("SELECT id FROM jobs") == []


async def test_an_order_that_costs_holds_its_price_with_its_first_and_later_jobs(backend):
    payer = (await backend.accounts.create("payer", credits=9)).account.id
    for held in (3, 6, 9):
        await backend.jobs.submit(Order(account=payer, effect="many"))
        balance = await backend.credits.balance(payer)
        assert (balance.available, balance.held) == (9 - held, held)
