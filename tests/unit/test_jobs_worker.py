"""Jobs on a real worker: success, every kind of failure, cancelling, and what is left behind."""

import asyncio
import os
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from backends import Postgres, ended, submitted, working
from tinct.backend import Backend, open_backend
from tinct.errors import FileMissingError, JobDeletedError
from tinct.jobs import moves, retention
from tinct.jobs.job import JobState, Priority
from tinct.photo.encode import encode
from tinct.photo.photo import Photo

pytestmark = pytest.mark.asyncio


def picture(width: int = 20, height: int = 10, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return encode(Photo(pixels), "png")


async def until(condition, seconds: float = 20):
    """Wait for something that no event tells."""
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        if value := condition():
            return value
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


def stored(backend: Backend, prefix: str) -> list[Path]:
    folder = backend.settings.data / "blobs" / prefix
    walk = os.walk(folder)  # folders may vanish meanwhile
    return sorted(Path(where, name) for where, _, names in walk for name in names)


async def test_a_photo_becomes_a_stored_result_that_is_the_next_jobs_input(backend, account):
    async with working(backend):
        file = await backend.files.put(account, picture())
        first = await ended(
            backend, await submitted(backend, account, "convert", inputs={"image": file.id}, format="webp")
        )
        assert first.state is JobState.SUCCEEDED
        assert (first.attempt, first.progress, first.failure) == (1, 1.0, None)
        result = first.results[0]
        assert (result.media_type, result.width, result.height) == ("image/webp", 20, 10)
        second = await ended(
            backend, await submitted(backend, account, "convert", inputs={"image": result.file_id})
        )
        assert second.state is JobState.SUCCEEDED
        assert second.results[0].media_type == "image/webp"
        stored_file = await backend.files.get(account, second.results[0].file_id)
        content = b"".join([chunk async for chunk in backend.files.stream(stored_file)])
        assert content[8:12] == b"WEBP"
        assert len(content) == stored_file.size


async def test_with_a_bucket_nothing_but_work_in_progress_is_on_the_workers_disk(
    postgres: Postgres, bucket: dict[str, str], tmp_path, monkeypatch
):
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    settings = postgres.create(tmp_path / "data", blob_url=f"s3://photos/{tmp_path.name}")
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        file = await backend.files.put(account, picture())
        job = await ended(backend, await submitted(backend, account, "convert", inputs={"image": file.id}))
        assert job.state is JobState.SUCCEEDED
        result = await backend.files.get(account, job.results[0].file_id)
        content = b"".join([chunk async for chunk in backend.files.stream(result)])
        assert (len(content), content[:4]) == (result.size, b"\x89PNG")
        await until(lambda: not list(backend.blobs.scratch.iterdir()))
        assert not (settings.data / "blobs").exists()
        await backend.jobs.delete(account, job.id)
        with pytest.raises(FileMissingError):
            await backend.blobs.head(result.key)


async def test_several_results_keep_their_order(backend, account):
    async with working(backend):
        job = await ended(backend, await submitted(backend, account, "many", params={"number": 5}))
        keys = [(await backend.files.get(account, result.file_id)).key for result in job.results]
        assert [key.split("-")[0] for key in keys] == [f"results/{job.id}/1/{n}" for n in range(5)]


async def test_an_effect_that_only_tells_facts_succeeds_without_results(backend, account):
    async with working(backend):
        job = await ended(backend, await submitted(backend, account, "many", params={"number": 0}))
        assert (job.state, job.results) == (JobState.SUCCEEDED, ())


async def test_a_crash_is_tried_again_up_to_the_limit_and_costs_nothing(backend):
    account = (await backend.accounts.create("payer", credits=10)).account.id
    async with working(backend):
        marks = backend.blobs.scratch / "attempts"
        job = await ended(backend, await submitted(backend, account, "crash", params={"file": str(marks)}))
        assert job.state is JobState.RETRIES_EXHAUSTED
        assert job.failure is not None
        assert job.failure.code == "retries_exhausted"
        assert job.attempt == backend.settings.job_attempts == len(marks.read_text())
        balance = await backend.credits.balance(account)
        assert (balance.available, balance.held) == (10, 0)
        lost = [s for s in await backend.jobs.statistics() if s.state == "lost"]
        assert sum(s.jobs for s in lost) == 3


async def test_a_job_whose_first_process_died_succeeds_at_the_second_attempt(backend, account):
    async with working(backend):
        job = await ended(
            backend,
            await submitted(backend, account, "flaky", params={"file": str(backend.blobs.scratch / "seen")}),
        )
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
        assert [path.parent.name for path in stored(backend, f"results/{job.id}")] == ["2"]


async def test_a_hanging_effect_is_ended_at_its_deadline_even_inside_c(backend, account):
    async with working(backend):
        for _ in range(4):  # every child is warm
            await ended(backend, await submitted(backend, account))
        note = backend.blobs.scratch / "pid"
        job = await submitted(backend, account, "hang", params={"file": str(note)}, deadline_s=3.0)
        last = await ended(backend, job)
        assert last.state is JobState.TIMED_OUT
        assert last.failure is not None
        assert last.failure.code == "timed_out"
        pid = int(note.read_text())
        await until(lambda: not psutil.pid_exists(pid), 5)
        assert (await ended(backend, await submitted(backend, account))).state is JobState.SUCCEEDED


async def test_memory_above_the_cap_fails_one_job_only(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data", job_memory_bytes=512 * 2**20, workers=1)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("hungry")).account.id
        job = await submitted(backend, account, "hog", params={"megabytes": 2000})
        last = await ended(backend, job)
        assert last.state is JobState.FAILED
        assert last.failure is not None
        assert last.failure.code == "out_of_memory"
        after = await ended(backend, await submitted(backend, account, "hog", params={"megabytes": 10}))
        assert after.state is JobState.SUCCEEDED


async def test_a_broken_effect_says_nothing_of_the_library_to_the_caller(backend, account, caplog):
    async with working(backend):
        job = await ended(backend, await submitted(backend, account, "broken"))
        assert job.state is JobState.FAILED
        assert job.failure is not None
        assert job.failure.code == "internal"
        assert "secret" not in job.failure.message
        assert "/" not in job.failure.message
        assert job.attempt == 1
        assert "a library's secret" in caplog.text


async def test_a_truncated_photo_fails_with_its_own_code_and_is_not_tried_again(backend, account):
    async with working(backend):
        data = picture(300, 300)
        file = await backend.files.put(account, data[: len(data) // 2])
        job = await ended(backend, await submitted(backend, account, "convert", inputs={"image": file.id}))
        assert (job.state, job.attempt) == (JobState.FAILED, 1)
        assert job.failure is not None
        assert job.failure.code == "photo_broken"


async def test_an_input_that_expired_before_its_turn_fails_the_job(backend, account):
    file = await backend.files.put(account, picture())
    job = await submitted(backend, account, "convert", inputs={"image": file.id})
    await backend.files.delete(account, file.id)
    async with working(backend):
        last = await ended(backend, job)
        assert last.failure is not None
        assert (last.state, last.failure.code) == (JobState.FAILED, "input_gone")


async def test_cancelling_a_running_job_ends_its_process_and_spares_its_neighbour(backend, account):
    async with working(backend):
        note, other = backend.blobs.scratch / "hang", backend.blobs.scratch / "slow"
        hanging = await submitted(backend, account, "hang", params={"file": str(note)})
        running = await submitted(backend, account, "slow", params={"file": str(other), "seconds": 2.0})
        await until(lambda: note.exists() and note.read_text() and other.exists() and other.read_text())
        cancelled = await backend.jobs.cancel(account, hanging.id)
        assert cancelled.state is JobState.CANCELLED
        pid = int(note.read_text())
        await until(lambda: not psutil.pid_exists(pid), 5)
        neighbour = await ended(backend, running)
        assert (neighbour.state, neighbour.attempt) == (JobState.SUCCEEDED, 1)
        again = await backend.jobs.get(account, hanging.id)
        assert (again.state, again.revision) == (JobState.CANCELLED, cancelled.revision)


async def test_a_cancelled_waiting_job_never_starts(backend, account):
    job = await submitted(backend, account, "crash", params={"file": str(backend.blobs.scratch / "ran")})
    await backend.jobs.cancel(account, job.id)
    async with working(backend):
        assert (await ended(backend, await submitted(backend, account))).state is JobState.SUCCEEDED
    assert not (backend.blobs.scratch / "ran").exists()
    assert (await backend.jobs.get(account, job.id)).attempt == 0


async def test_deleting_a_running_job_leaves_nothing(backend, account):
    async with working(backend):
        note = backend.blobs.scratch / "pid"
        job = await submitted(backend, account, "slow", params={"file": str(note), "seconds": 0.8})
        await until(lambda: note.exists())
        await backend.jobs.delete(account, job.id)
        with pytest.raises(JobDeletedError):
            await backend.jobs.get(account, job.id)
        await asyncio.sleep(1.2)
        assert stored(backend, f"results/{job.id}") == []
        assert not [path for path in backend.blobs.scratch.iterdir() if path.name.startswith(job.id)]


async def test_deleting_a_finished_job_removes_its_results(backend, account):
    async with working(backend):
        job = await ended(backend, await submitted(backend, account))
        assert stored(backend, f"results/{job.id}")
        await backend.jobs.delete(account, job.id)
        assert stored(backend, f"results/{job.id}") == []
        with pytest.raises(FileMissingError):
            await backend.files.get(account, job.results[0].file_id)
        with pytest.raises(JobDeletedError):
            await backend.jobs.delete(account, job.id)


async def test_a_late_worker_changes_nothing(backend, account):
    job = await submitted(backend, account)
    row = await backend.database.one("SELECT entry FROM jobs WHERE id = %s", (job.id,))
    async with backend.database.transaction() as connection:
        first = await moves.claim(connection, job.id, row["entry"])
    assert first is not None
    async with backend.database.transaction() as connection:
        assert await moves.requeue(connection, backend.queue, first)
    async with working(backend):
        last = await ended(backend, job)
    assert (last.state, last.attempt) == (JobState.SUCCEEDED, 2)
    async with backend.database.transaction() as connection:  # the first worker wakes up now
        assert not await moves.report(connection, job.id, first.attempt, 0.5)
        assert await moves.end(connection, job.id, JobState.FAILED, attempt=first.attempt) is None
        assert not await moves.requeue(connection, backend.queue, first)
        assert await moves.claim(connection, job.id, row["entry"]) is None
    assert await backend.jobs.get(account, job.id) == last


async def test_progress_is_seen_while_the_job_runs_and_revisions_only_grow(backend, account):
    async with working(backend):
        job = await submitted(backend, account, "slow", params={"seconds": 1.5})
        seen = [snapshot async for snapshot in backend.jobs.events(account, job.id) if snapshot is not None]
    revisions = [snapshot.revision for snapshot in seen]
    assert revisions == sorted(set(revisions))
    shares = [snapshot.progress for snapshot in seen if snapshot.state is JobState.RUNNING]
    assert shares == sorted(shares)
    assert any(0 < share < 1 for share in shares)
    assert seen[-1].state is JobState.SUCCEEDED
    again = [snapshot async for snapshot in backend.jobs.events(account, job.id, after=revisions[-2])]
    assert [snapshot.revision for snapshot in again] == revisions[-1:]


async def test_high_priority_runs_first_and_equal_ones_in_order(postgres: Postgres, tmp_path):
    async with open_backend(postgres.create(tmp_path / "data", workers=1)) as backend:
        account = (await backend.accounts.create("tester")).account.id
        order = [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.NORMAL, Priority.HIGH]
        jobs = [await submitted(backend, account, priority=priority) for priority in order]
        async with working(backend):
            done = [await ended(backend, job) for job in jobs]
        began = sorted(range(5), key=lambda n: done[n].started_at)
        assert began == [2, 4, 1, 3, 0]


async def test_discarded_inputs_and_expired_results_are_gone_after_a_sweep(backend, account):
    async with working(backend):
        file = await backend.files.put(account, picture())
        job = await ended(
            backend,
            await submitted(
                backend,
                account,
                "convert",
                inputs={"image": file.id},
                discard_inputs=True,
                keep_results_s=0.2,
            ),
        )
        with pytest.raises(FileMissingError):
            await backend.files.get(account, file.id)
        await until(lambda: not stored(backend, "results") and not stored(backend, "uploads"), 10)
        with pytest.raises(FileMissingError):
            await backend.files.get(account, job.results[0].file_id)
        assert (await backend.jobs.get(account, job.id)).state is JobState.SUCCEEDED


async def test_a_child_is_replaced_after_its_number_of_jobs(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data", workers=1, child_jobs=3)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        pids = []
        for number in range(7):
            note = backend.blobs.scratch / f"pid{number}"
            job = await ended(
                backend, await submitted(backend, account, "slow", params={"file": str(note), "seconds": 0})
            )
            assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)
            pids.append(note.read_text())
        assert len(set(pids)) >= 3
        assert all(pids.count(pid) <= 3 for pid in pids)


async def test_a_stopping_worker_gives_back_what_does_not_finish_in_time(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data", shutdown_s=0.3)
    async with open_backend(settings) as backend:
        account = (await backend.accounts.create("tester")).account.id
        note = backend.blobs.scratch / "pid"
        async with working(backend):
            job = await submitted(backend, account, "slow", params={"file": str(note), "seconds": 3.0})
            await until(lambda: note.exists())
        waiting = await backend.jobs.get(account, job.id)
        assert (waiting.state, waiting.attempt) == (JobState.QUEUED, 1)
        async with working(backend):
            last = await ended(backend, job)
        assert (last.state, last.attempt) == (JobState.SUCCEEDED, 2)


async def test_jobs_of_a_dead_worker_are_rescued(backend, account):
    """A worker that took jobs and died: one running, one delivered but not begun, one without an entry."""
    jobs = [await submitted(backend, account) for _ in range(3)]
    await backend.database.run(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')"
    )
    for job in jobs[:2]:
        row = await backend.database.one(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
            " WHERE id = (SELECT entry FROM jobs WHERE id = %s) RETURNING id",
            (job.id,),
        )
        if job is jobs[0]:
            async with backend.database.transaction() as connection:
                assert await moves.claim(connection, job.id, row["id"])
    await backend.database.run(
        "DELETE FROM procrastinate_jobs WHERE id = (SELECT entry FROM jobs WHERE id = %s)", (jobs[2].id,)
    )
    assert await retention.rescue(backend) == 3
    assert await retention.rescue(backend) == 0
    async with working(backend):
        done = [await ended(backend, job) for job in jobs]
    assert [job.state for job in done] == [JobState.SUCCEEDED] * 3
    assert [job.attempt for job in done] == [2, 1, 1]


async def test_old_waiting_jobs_are_raised_so_that_none_starves(postgres: Postgres, tmp_path):
    async with open_backend(postgres.create(tmp_path / "data", workers=1)) as backend:
        account = (await backend.accounts.create("tester")).account.id
        old = await submitted(backend, account, priority=Priority.LOW)
        await backend.database.run(
            "UPDATE jobs SET created_at = now() - interval '1 day' WHERE id = %s", (old.id,)
        )
        young = await submitted(backend, account, priority=Priority.NORMAL)
        assert await retention.raise_old(backend) == 1
        assert (await backend.jobs.get(account, old.id)).priority == Priority.HIGH
        async with working(backend):
            first, second = await ended(backend, old), await ended(backend, young)
        assert first.started_at < second.started_at


async def test_leftovers_of_killed_processes_are_cleared_from_the_scratch_folder(backend):
    old, young = backend.blobs.scratch / "upload-old", backend.blobs.scratch / "upload-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    await retention.expire(backend)
    assert (old.exists(), young.exists()) == (False, True)


async def test_the_record_of_a_job_goes_after_its_time_but_the_ledger_stays(backend):
    account = (await backend.accounts.create("payer", credits=5)).account.id
    async with working(backend):
        job = await ended(backend, await submitted(backend, account, aliases={"test.id": "x"}))
    await backend.database.run(
        "UPDATE jobs SET finished_at = now() - interval '1 year' WHERE id = %s", (job.id,)
    )
    await retention.expire(backend)
    assert (await backend.jobs.list(account)).jobs == ()
    assert [entry.kind for entry in await backend.credits.history(account)] == ["charge", "hold", "grant"]
