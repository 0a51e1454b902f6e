"""Submitting, finding, cancelling and deleting, without any worker."""

import asyncio
import itertools

import numpy as np
import pytest

from backends import Postgres, submitted
from tinct.backend import Backend, open_backend
from tinct.errors import (
    CreditError,
    FileMissingError,
    IdempotencyError,
    JobDeletedError,
    JobMissingError,
    KeyRefusedError,
    ParameterError,
    QueueFullError,
    StorageFullError,
)
from tinct.jobs import moves
from tinct.jobs.job import FINAL, MOVES, Failure, JobState, Order, Priority
from tinct.photo.encode import encode
from tinct.photo.photo import Photo

pytestmark = pytest.mark.asyncio


def picture(seed: int = 0) -> bytes:
    return encode(Photo(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)), "png")


async def count(backend: Backend, table: str) -> int:
    return (await backend.database.one(f"SELECT count(*) AS n FROM {table}"))["n"]


async def test_a_new_job_waits_with_its_order_as_given(backend, account):
    file = await backend.files.put(account, picture())
    job = await submitted(
        backend,
        account,
        params={"number": 3},
        inputs={"image": file.id},
        format="webp",
        quality=77,
        priority=Priority.HIGH,
        deadline_s=12,
        dialect="test",
        aliases={"test.id": "abc"},
        meta={"mine": [1, None]},
    )
    assert job == await backend.jobs.get(account, job.id)
    assert (job.state, job.attempt, job.progress, job.revision) == (JobState.QUEUED, 0, 0.0, 1)
    assert (job.params, job.inputs) == ({"number": 3}, {"image": file.id})
    assert (job.format, job.quality, job.priority, job.deadline_s) == ("webp", 77, Priority.HIGH, 12)
    assert (job.dialect, job.aliases, job.meta) == ("test", {"test.id": "abc"}, {"mine": [1, None]})


async def test_no_deadline_is_longer_than_the_servers(backend, account):
    job = await submitted(backend, account, deadline_s=1e6)
    assert job.deadline_s == backend.settings.job_deadline_s


async def test_job_hold_and_queue_entry_appear_together_or_not_at_all(backend):
    account = (await backend.accounts.create("payer", credits=4)).account.id
    await submitted(backend, account, "many")
    with pytest.raises(CreditError) as caught:
        await submitted(backend, account, "many", idempotency_key="k", aliases={"test.id": "x"})
    assert (caught.value.needed, caught.value.available) == (3, 1)
    assert [
        await count(backend, t) for t in ("jobs", "procrastinate_jobs", "job_aliases", "idempotency")
    ] == [
        1,
        1,
        0,
        0,
    ]
    balance = await backend.credits.balance(account)
    assert (balance.available, balance.held) == (1, 3)


async def test_a_job_that_failed_before_its_photo_came_is_kept_with_its_reason(backend, account):
    order = Order(account=account, effect="convert")
    submission = await backend.jobs.submit(
        order, failure=Failure(code="url_unreachable", message="no answer")
    )
    assert (submission.job.state, submission.job.inputs) == (JobState.FAILED, {})
    assert submission.job.failure == Failure(code="url_unreachable", message="no answer")


@pytest.mark.parametrize("field", ["params", "meta"])
async def test_what_a_job_keeps_is_bounded(backend, account, field):
    long = {"file": "x" * backend.settings.max_params_bytes}
    with pytest.raises(ParameterError) as caught:
        await submitted(backend, account, **{field: long})
    assert (caught.value.field, await count(backend, "jobs")) == (field, 0)


async def test_an_unlimited_account_pays_nothing(backend, account):
    job = await submitted(backend, account, "many")
    assert job.credits == 0
    assert await count(backend, "ledger") == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"effect": "nonsense"}, "effect"),
        ({"params": {"seconds": "long"}}, "seconds"),
        ({"inputs": {"nose": "file_x"}}, "inputs"),
        ({"effect": "convert"}, "image"),
        ({"params": {"seconds": float("inf")}}, "params"),
        ({"params": {"file": "a\0b"}}, "params"),
        ({"params": {"file": "\ud800"}}, "params"),
        ({"meta": {"x": float("nan")}}, "meta"),
        ({"meta": {"x": object()}}, "meta"),
        ({"aliases": {"kind": "\0"}}, "aliases"),
        ({"idempotency_key": "\ud800"}, "idempotency_key"),
        ({"format": "gif"}, "format"),
        ({"quality": 0}, "quality"),
        ({"priority": 101}, "priority"),
        ({"deadline_s": -1}, "deadline_s"),
        ({"keep_results_s": float("nan")}, "keep_results_s"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "x" * 256}, "idempotency_key"),
    ],
)
async def test_a_wrong_order_is_refused_by_the_name_of_its_field(backend, account, wrong, field):
    with pytest.raises(ParameterError) as caught:
        await backend.jobs.submit(Order(account=account, **({"effect": "noop"} | wrong)))
    assert caught.value.field == field
    assert await count(backend, "jobs") == 0


async def test_inputs_must_be_the_accounts_own_and_alive(backend, account):
    other = (await backend.accounts.create("other")).account.id
    theirs = await backend.files.put(other, picture())
    for file_id in (theirs.id, "file_unknown", "a\0b"):
        with pytest.raises(FileMissingError):
            await submitted(backend, account, inputs={"image": file_id})


async def test_a_revoked_account_submits_nothing(backend, account):
    await backend.accounts.revoke(account)
    with pytest.raises(KeyRefusedError):
        await submitted(backend, account)


async def test_fifty_equal_submissions_at_once_make_one_job_and_one_hold(backend):
    account = (await backend.accounts.create("payer", credits=100)).account.id
    order = Order(account=account, effect="many", idempotency_key="once")
    made = await asyncio.gather(*(backend.jobs.submit(order) for _ in range(50)))
    assert len({submission.job.id for submission in made}) == 1
    assert sum(not submission.replayed for submission in made) == 1
    assert (await backend.credits.balance(account)).held == 3
    assert await count(backend, "procrastinate_jobs") == 1


async def test_the_same_key_with_the_same_content_is_the_same_job_whatever_the_upload(backend, account):
    jobs = []
    for _ in range(2):
        file = await backend.files.put(account, picture(1))
        order = Order(account=account, effect="noop", inputs={"image": file.id}, idempotency_key="k")
        jobs.append((await backend.jobs.submit(order)).job.id)
    assert jobs[0] == jobs[1]
    other = await backend.files.put(account, picture(2))
    with pytest.raises(IdempotencyError):
        await submitted(backend, account, inputs={"image": other.id}, idempotency_key="k")


async def test_an_idempotency_key_belongs_to_one_account_and_is_forgotten_in_time(backend, account):
    first = await submitted(backend, account, idempotency_key="k")
    other = (await backend.accounts.create("other")).account.id
    assert (await submitted(backend, other, idempotency_key="k")).id != first.id
    await backend.database.run("UPDATE idempotency SET expires_at = now()")
    assert (await submitted(backend, account, params={"number": 9}, idempotency_key="k")).id != first.id


async def test_a_job_is_found_by_each_alias_and_only_by_its_owner(backend, account):
    job = await submitted(backend, account, aliases={"test.task": "t1", "test.request": "r1"})
    assert (await backend.jobs.find(account, "test.task", "t1")).id == job.id
    assert (await backend.jobs.find(account, "test.request", "r1")).id == job.id
    stranger = (await backend.accounts.create("other")).account.id
    for who, kind, value in (
        (account, "test.task", "r1"),
        (stranger, "test.task", "t1"),
        (account, "test.task", "\0"),
    ):
        with pytest.raises(JobMissingError):
            await backend.jobs.find(who, kind, value)
    with pytest.raises(IdempotencyError):
        await submitted(backend, stranger, aliases={"test.task": "t1"})


async def test_unknown_and_foreign_jobs_are_equally_missing(backend, account):
    job = await submitted(backend, account)
    stranger = (await backend.accounts.create("other")).account.id
    messages = set()
    for who, job_id in (
        (account, "job_unknown"),
        (stranger, job.id),
        (account, "-1"),
        (account, "\0"),
        (account, "\udcff"),
    ):
        for act in (backend.jobs.get, backend.jobs.cancel, backend.jobs.delete):
            with pytest.raises(JobMissingError) as caught:
                await act(who, job_id)
            messages.add(str(caught.value))
    assert len(messages) == 1
    assert (await backend.jobs.get(account, job.id)).state is JobState.QUEUED


async def test_cancelling_releases_the_hold_and_empties_the_queue(backend):
    account = (await backend.accounts.create("payer", credits=5)).account.id
    job = await submitted(backend, account, "many")
    for _ in range(2):
        cancelled = await backend.jobs.cancel(account, job.id)
        assert cancelled.state is JobState.CANCELLED
        assert cancelled.failure is not None
        assert cancelled.failure.code == "cancelled"
    balance = await backend.credits.balance(account)
    assert (balance.available, balance.held) == (5, 0)
    assert await count(backend, "procrastinate_jobs") == 0


async def test_a_deleted_job_is_known_to_have_been_deleted(backend, account):
    job = await submitted(backend, account, meta={"secret": 1}, aliases={"test.id": "d"})
    await backend.jobs.delete(account, job.id)
    with pytest.raises(JobDeletedError):
        await backend.jobs.get(account, job.id)
    with pytest.raises(JobDeletedError):
        await backend.jobs.find(account, "test.id", "d")
    assert (await backend.jobs.list(account)).jobs == ()
    row = await backend.database.one("SELECT meta, params FROM jobs WHERE id = %s", (job.id,))
    assert row == {"meta": {}, "params": {}}


async def test_a_final_state_is_reached_only_by_the_moves_in_the_table(backend, account):
    for state, target in itertools.product(JobState, FINAL):
        job = await submitted(backend, account)
        await backend.database.run(
            "UPDATE jobs SET state = %s, attempt = 1 WHERE id = %s", (state.value, job.id)
        )
        async with backend.database.transaction() as connection:
            moved = await moves.end(connection, job.id, target, attempt=1)
        assert (moved is not None) == (target in MOVES[state]), (state, target)
        expected = target if target in MOVES[state] else state
        assert (await backend.jobs.get(account, job.id)).state is expected


async def test_the_list_is_paged_newest_first_and_filtered(backend, account):
    jobs = [await submitted(backend, account, dialect="even" if n % 2 else "odd") for n in range(7)]
    await backend.jobs.cancel(account, jobs[0].id)
    await submitted(backend, (await backend.accounts.create("other")).account.id)
    seen, cursor = [], None
    while True:
        page = await backend.jobs.list(account, limit=3, cursor=cursor)
        seen += [job.id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [job.id for job in reversed(jobs)]
    assert len((await backend.jobs.list(account, states=[JobState.CANCELLED])).jobs) == 1
    assert len((await backend.jobs.list(account, dialect="even")).jobs) == 3
    assert (await backend.jobs.list(account, effect="many")).jobs == ()
    for wrong in ({"cursor": "x"}, {"cursor": "9" * 30}, {"cursor": "²"}, {"limit": 0}, {"limit": 501}):
        with pytest.raises(ParameterError):
            await backend.jobs.list(account, **wrong)


async def test_positions_count_higher_priorities_first_and_fall_by_one(backend, account):
    normal = [await submitted(backend, account) for _ in range(600)]
    low = await submitted(backend, account, priority=Priority.LOW)
    positions = [await backend.jobs.position(job) for job in (normal[0], normal[1], normal[599], low)]
    assert positions == [1, 2, 600, 601]
    high = await submitted(backend, account, priority=Priority.HIGH)
    assert [await backend.jobs.position(job) for job in (high, normal[0], low)] == [1, 2, 602]
    await backend.jobs.cancel(account, high.id)
    last = 601
    for job in normal[:3]:
        await backend.jobs.cancel(account, job.id)
        now = await backend.jobs.position(low)
        assert now <= last
        last = now
    await asyncio.sleep(1.1)  # the count is renewed
    assert await backend.jobs.position(low) == 598
    assert await backend.jobs.position(await backend.jobs.get(account, high.id)) == 0
    assert await backend.jobs.depth() == {"queued": 598, "running": 0}


async def test_waiting_ends_when_the_job_does_and_when_the_time_does(backend, account):
    job = await submitted(backend, account)
    assert (await backend.jobs.wait(account, job.id, 0.05)).state is JobState.QUEUED
    waiting = asyncio.create_task(backend.jobs.wait(account, job.id, 30))
    await asyncio.sleep(0.05)
    await backend.jobs.cancel(account, job.id)
    assert (await asyncio.wait_for(waiting, 5)).state is JobState.CANCELLED


async def test_events_of_an_ended_job_end_at_once(backend, account):
    job = await submitted(backend, account)
    last = await backend.jobs.cancel(account, job.id)
    assert [seen async for seen in backend.jobs.events(account, job.id)] == [last]
    assert [seen async for seen in backend.jobs.events(account, job.id, after=last.revision)] == []
    with pytest.raises(JobMissingError):
        await anext(backend.jobs.events(account, "job_unknown"))


async def test_a_full_queue_and_a_full_disk_are_said_before_anything_is_stored(postgres: Postgres, tmp_path):
    async with open_backend(postgres.create(tmp_path / "a", max_queued_jobs=1)) as backend:
        account = (await backend.accounts.create("tester")).account.id
        await submitted(backend, account)
        await asyncio.sleep(1.1)
        with pytest.raises(QueueFullError) as caught:
            await submitted(backend, account)
        assert caught.value.waiting == 1
        assert caught.value.retry_after_s > 0
    async with open_backend(postgres.create(tmp_path / "b", min_free_bytes=2**60)) as backend:
        account = (await backend.accounts.create("tester")).account.id
        with pytest.raises(StorageFullError):
            await submitted(backend, account)
        with pytest.raises(StorageFullError):
            await backend.files.put(account, picture())
        assert await count(backend, "jobs") == 0
