"""Jobs that only some workers can do: where they wait, who gets them, and what a death of that worker does to them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import painter
from backends import ended, submitted
from tinct.effects import registry
from tinct.errors import NoGeneratorError, NoWorkerError, ParameterError, UnsafePromptError
from tinct.jobs.capabilities import of_machine
from tinct.jobs.job import Job, JobState, Priority
from tinct.settings import Settings, use

pytestmark = pytest.mark.asyncio


@contextmanager
def worker(settings: Settings, *capabilities: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own."""
    own = settings.with_changes(workers=1, work_for=frozenset(capabilities))
    process = subprocess.Popen([sys.executable, "-m", "tinct.jobs"], env=own.to_environment())
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


async def can(backend, capability: str) -> None:
    """Wait until some worker says that it has it."""
    until = time.monotonic() + 60
    while capability not in await backend.capabilities.live():
        assert time.monotonic() < until
        await asyncio.sleep(0.1)


async def said(backend, *capabilities: str) -> None:
    """As a worker does that gives a sign of life and does nothing."""
    telling = asyncio.create_task(backend.capabilities.announce_for_ever(frozenset(capabilities)))
    await can(backend, capabilities[0])
    telling.cancel()


async def state(backend, job: Job) -> tuple[str, int]:
    now = await backend.jobs.get(job.account, job.id)
    return now.state.value, now.attempt


async def test_two_workers_get_what_they_can_do_and_killing_the_gifted_one_loses_nothing(backend, account):
    settings = backend.settings
    with worker(settings, "ordinary"):
        await can(backend, "ordinary")
        with worker(settings, "generate") as gifted:
            await can(backend, "generate")
            note = backend.blobs.scratch / "gifted"
            running = await submitted(backend, account, "gifted", params={"seconds": 20, "file": str(note)})
            waiting = [await submitted(backend, account, "gifted") for _ in range(3)]
            ordinary = [await submitted(backend, account) for _ in range(3)]
            ungifted = await submitted(backend, account, "gifted", params={"number": 0})
            for job in (*ordinary, ungifted):  # while the gifted worker has its hands full
                assert (await ended(backend, job)).state is JobState.SUCCEEDED
            until = time.monotonic() + 60
            while not note.exists():
                assert time.monotonic() < until
                await asyncio.sleep(0.05)
            assert await state(backend, running) == ("running", 1)
            os.kill(gifted.pid, signal.SIGKILL)
            while (await state(backend, running))[0] == "running":
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
            assert (await ended(backend, await submitted(backend, account))).state is JobState.SUCCEEDED
            for job in (running, *waiting):
                assert (await state(backend, job))[0] == "queued"
        await backend.database.run("UPDATE jobs SET params = '{}' WHERE id = %s", (running.id,))
        with worker(settings, "generate"):
            for job in (running, *waiting):
                assert (await ended(backend, job)).state is JobState.SUCCEEDED
        assert (await state(backend, running)) == ("succeeded", 2)


async def test_a_job_for_which_there_is_no_worker_is_refused_and_costs_nothing(backend):
    account = (await backend.accounts.create("payer", credits=5)).account.id
    with pytest.raises(NoWorkerError, match=r"'gifted'.*tinct worker --for generate"):
        await submitted(backend, account, "gifted")
    await said(backend, "ordinary", "gpu")
    with pytest.raises(NoWorkerError):
        await submitted(backend, account, "gifted")
    assert (await backend.credits.balance(account)).held == 0
    assert (await backend.jobs.list(account)).jobs == ()
    assert (await submitted(backend, account, "gifted", params={"number": 0})).capability == ""


async def test_a_worker_that_is_silent_for_long_does_not_count(backend, account):
    await said(backend, "generate")
    await submitted(backend, account, "gifted")
    await backend.database.run("UPDATE workers SET seen_at = seen_at - interval '1 h'")
    await asyncio.sleep(1.1)
    with pytest.raises(NoWorkerError):
        await submitted(backend, account, "gifted")


async def test_positions_count_the_jobs_that_wait_for_the_same_workers(backend, account):
    await said(backend, "generate")
    ordinary = [await submitted(backend, account) for _ in range(4)]
    gifted = [await submitted(backend, account, "gifted") for _ in range(2)]
    urgent = await submitted(backend, account, "gifted", priority=Priority.HIGH)
    positions = [await backend.jobs.position(job) for job in (*ordinary, *gifted, urgent)]
    assert positions == [1, 2, 3, 4, 2, 3, 1]
    await asyncio.sleep(1.1)  # counts are a second old at most
    assert await backend.jobs.waiting() == {"ordinary": 4, "generate": 3}
    assert (await backend.jobs.depth())["queued"] == 7


async def test_an_order_that_is_known_is_answered_when_its_worker_is_gone(backend, account):
    await said(backend, "generate")
    first = await submitted(backend, account, "gifted", idempotency_key="again")
    await backend.database.run("DELETE FROM workers")
    await asyncio.sleep(1.1)
    assert (await submitted(backend, account, "gifted", idempotency_key="again")).id == first.id


@pytest.mark.parametrize("odd", ["", "Two words", "a;b", "x" * 40])
async def test_an_odd_capability_is_refused(odd):
    with pytest.raises(ParameterError, match="work_for"):
        Settings().with_changes(work_for=frozenset({odd}))


async def test_an_order_for_a_generator_needs_one_and_a_prompt_that_passes(backend, account):
    registry.register("paint", "effects_for_tests:PAINT")
    with pytest.raises(NoGeneratorError, match="tinct models use text-to-image"):
        await submitted(backend, account, "paint")
    await said(backend, "generate.text-to-image", "generate")
    job = await submitted(backend, account, "paint", params={"prompt": "a harbour"})
    assert job.capability == "generate.text-to-image"
    with pytest.raises(UnsafePromptError, match="nude"):
        await submitted(backend, account, "paint", params={"prompt": "a n u d e harbour"})
    assert [one.id for one in (await backend.jobs.list(account)).jobs] == [job.id]


async def test_a_machine_with_a_generator_takes_its_jobs_unless_it_is_told_otherwise(tmp_path):
    settings = Settings(models=tmp_path / "models")
    use(settings)
    assert of_machine(settings) == {"ordinary", "generate"}
    painter.install("inpaint", ("inpaint",))
    assert of_machine(settings) == {"ordinary", "generate", "generate.inpaint"}
    only = settings.with_changes(work_for=frozenset({"ordinary"}))
    assert of_machine(only) == {"ordinary"}
    given = settings.with_changes(work_for=frozenset({"generate", "gpu"}))
    assert of_machine(given) == {"generate", "generate.inpaint", "gpu"}
