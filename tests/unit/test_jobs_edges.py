"""Where jobs meet their limits: deadlines, a full queue, inputs that go, a child's settings, its scratch folder."""

import asyncio
import os
import time
from pathlib import Path

import numpy as np
import pytest

from backends import Postgres, ended, submitted, working
from tinct.backend import Backend, open_backend
from tinct.errors import EffectRefusedError, JobTooLongError, ParameterError, QueueFullError
from tinct.jobs import retention
from tinct.jobs.child import Task, perform
from tinct.jobs.job import JobState
from tinct.photo.encode import encode
from tinct.photo.photo import Photo

pytestmark = pytest.mark.asyncio


def picture(width: int = 20, height: int = 10) -> bytes:
    return encode(Photo(np.zeros((height, width, 3), np.uint8)), "png")


async def test_a_child_has_its_servers_settings_whatever_the_environment_says(
    postgres: Postgres, tmp_path, monkeypatch
):
    monkeypatch.setenv("TINCT_MAX_PHOTO_PIXELS", "77777")
    settings = postgres.create(
        tmp_path / "data", max_photo_pixels=123_456, models=tmp_path / "weights", workers=1
    )
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        job = await ended(backend, await submitted(backend, account, "limits"))
    assert job.facts == {"max_photo_pixels": 123_456, "models": str(tmp_path / "weights")}


async def test_the_scratch_folder_of_a_job_that_still_runs_is_never_swept(backend, account):
    async with working(backend):
        job = await submitted(backend, account, "slow", params={"seconds": 3.0})
        while not (found := list(backend.blobs.scratch.glob(f"{job.id}.1.*"))):
            await asyncio.sleep(0.02)
        left = backend.blobs.scratch / f"{job.id}.0.left"  # of an attempt that was lost
        left.mkdir()
        for path in (*found, left):
            os.utime(path, (time.time() - 7200,) * 2)
        await retention.expire(backend)
        assert (found[0].exists(), left.exists()) == (True, False)
        assert (await ended(backend, job)).state is JobState.SUCCEEDED


async def test_swaps_are_taken_only_where_the_operator_allows_them_and_the_caller_says_so_too(
    postgres: Postgres, tmp_path
):
    async def refused(backend: Backend, error: type[Exception], words: str, **params: bool) -> None:
        account = (await backend.accounts.create("tester")).account.id
        photo = await backend.files.put(account, picture(60, 80))
        inputs = {"image": photo.id, "references": (photo.id,)}
        with pytest.raises(error, match=words):
            await submitted(backend, account, "swap", params=params, inputs=inputs)

    settings = postgres.create(tmp_path / "data")
    async with open_backend(settings) as backend:
        await refused(backend, EffectRefusedError, "TINCT_ALLOW_SWAP=true", consent=True)
    async with open_backend(settings.with_changes(allow_swap=True)) as backend:
        await refused(backend, ParameterError, "consent", consent=False)
        account = (await backend.accounts.create("tester")).account.id
        photo = await backend.files.put(account, picture(60, 80))
        inputs = {"image": photo.id, "references": (photo.id,)}
        job = await submitted(backend, account, "swap", params={"consent": True}, inputs=inputs)
        assert job.effect == "swap"


async def test_an_effect_that_foresees_a_long_call_gets_three_times_its_estimate(
    postgres: Postgres, tmp_path
):
    settings = postgres.create(tmp_path / "data", job_deadline_s=10.0, longest_job_s=60.0)
    async with open_backend(settings) as backend:
        account = (await backend.accounts.create("tester")).account.id
        photo = await backend.files.put(account, picture(1000, 2000))

        async def deadline(seconds: float, **order: object) -> float:
            job = await submitted(
                backend, account, "lasting", params={"seconds": seconds}, inputs={"image": photo.id}, **order
            )
            return job.deadline_s

        assert await deadline(0.0) == pytest.approx(10.0)
        assert await deadline(8.0) == pytest.approx(30.0)  # 2 megapixels are 2 s
        assert await deadline(8.0, deadline_s=4.0) == pytest.approx(4.0)
        assert await deadline(8.0, deadline_s=1e6) == pytest.approx(30.0)
        assert await deadline(18.0) == pytest.approx(60.0)
        with pytest.raises(JobTooLongError, match=r"61 s .* allows 60 s"):
            await deadline(18.3)
        assert (await submitted(backend, account, "noop", deadline_s=1e6)).deadline_s == pytest.approx(10.0)


async def test_a_cap_below_the_ordinary_deadline_takes_nothing_from_it(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data", job_deadline_s=50.0, longest_job_s=1.0)
    async with open_backend(settings) as backend:
        account = (await backend.accounts.create("tester")).account.id
        job = await submitted(backend, account, "lasting", params={"seconds": 15.0})
    assert job.deadline_s == pytest.approx(50.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-300, 1e-46, 1e7, float("inf"), float("nan")])
async def test_an_absurd_deadline_is_refused(backend, account, seconds):
    with pytest.raises(ParameterError, match="deadline_s"):
        await submitted(backend, account, deadline_s=seconds)


async def test_the_queue_takes_exactly_as_many_jobs_as_are_allowed_from_parallel_submits(
    postgres: Postgres, tmp_path
):
    settings = postgres.create(tmp_path / "data", max_queued_jobs=7)
    async with open_backend(settings) as backend, open_backend(settings) as second:
        account = (await backend.accounts.create("tester")).account.id
        asked = [submitted(one, account) for one in (backend, second) * 20]
        came = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(not isinstance(one, Exception) for one in came) == 7
        assert all(isinstance(one, QueueFullError) for one in came if isinstance(one, Exception))
        jobs = (await backend.jobs.list(account)).jobs
        assert len(jobs) == 7
        await backend.jobs.cancel(account, jobs[0].id)
        await submitted(backend, account)  # there is room again at once
        with pytest.raises(QueueFullError):
            await submitted(backend, account)


async def test_an_input_that_is_deleted_before_or_while_the_job_begins_has_its_own_code(
    backend, account, tmp_path
):
    file = await backend.files.put(account, picture())
    job = await submitted(backend, account, "convert", inputs={"image": file.id})
    await backend.files.delete(account, file.id)
    async with working(backend):
        last = await ended(backend, job)
    assert (last.state, last.failure.code) == (JobState.FAILED, "input_gone")
    task = Task(
        effect="convert",
        params={},
        inputs={"image": str(tmp_path / "gone.png")},
        format=None,
        quality=90,
        folder=str(tmp_path),
    )
    outcome = perform(task)  # the worker still saw it, the child does not
    assert outcome.code == "input_gone"
    assert "gone.png" not in outcome.message
    Path(task.inputs["image"]).write_bytes(b"no photo")
    assert perform(task).code == "photo_unsupported"


async def test_with_the_least_memory_a_job_that_needs_more_says_so_and_the_next_one_runs(
    postgres: Postgres, tmp_path
):
    least = 256 * 2**20
    settings = postgres.create(tmp_path / "data", job_memory_bytes=least, workers=1)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("hungry")).account.id
        photo = await backend.files.put(account, picture(1500, 1000))
        for megabytes in (400, 5000):  # seen by the worker, and refused by the system
            params = {"megabytes": megabytes, "seconds": 30.0}
            job = await ended(backend, await submitted(backend, account, "hog", params=params))
            assert (job.state, job.attempt) == (JobState.FAILED, 1), job.failure
            assert job.failure.code == "out_of_memory"
            after = await ended(backend, await submitted(backend, account))
            assert (after.state, after.attempt) == (JobState.SUCCEEDED, 1), after.failure
        order = {"params": {"scale": 2}, "inputs": {"image": photo.id}}
        job = await ended(backend, await submitted(backend, account, "enhance", **order), 300)
        assert job.attempt == 1  # a model's threads reserve more than that, which ended the process
        assert job.failure is None or job.failure.code == "out_of_memory"


async def test_while_a_table_is_locked_calls_wait_and_all_goes_on_afterwards(backend, account):
    async with working(backend):
        first = await submitted(backend, account, "slow", params={"seconds": 1.0})
        async with backend.database.transaction() as connection:
            await connection.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(submitted(backend, account, "noop"))
            await asyncio.sleep(4 * backend.settings.stalled_s / 2)
            assert not waiting.done()
        second = await waiting
        for job in (first, second):
            done = await ended(backend, job)
            assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)


async def test_who_listens_gets_a_sign_of_life_where_there_is_no_news(backend, account, monkeypatch):
    monkeypatch.setattr("tinct.jobs.service._KEEP_ALIVE_S", 0.05)
    job = await submitted(backend, account, "noop")  # nobody works
    events = backend.jobs.events(account, job.id)
    assert (await anext(events)).id == job.id
    assert [await anext(events), await anext(events)] == [None, None]
    await events.aclose()
