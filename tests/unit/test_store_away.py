"""A store of files that goes away while jobs run: they wait for it, or are begun anew, and none is lost."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backends import Postgres, ended, submitted, working
from tinct.backend import Backend, open_backend
from tinct.jobs.job import Job, JobState

pytestmark = pytest.mark.asyncio


def block(backend: Backend) -> Path:
    """A file where the folder of results should be: nothing can be stored there."""
    place = backend.settings.data / "blobs" / "results"
    place.touch()
    return place


async def running(backend: Backend, account: str, job_id: str) -> Job:
    while (job := await backend.jobs.get(account, job_id)).state is JobState.QUEUED:
        await asyncio.sleep(0.05)
    return job


async def test_a_result_waits_for_a_store_that_comes_back(backend, account):
    async with working(backend):
        place = block(backend)
        job = await submitted(backend, account, "noop")
        assert (await running(backend, account, job.id)).state is JobState.RUNNING
        await asyncio.sleep(2.5)
        assert (await backend.jobs.get(account, job.id)).state is JobState.RUNNING
        place.unlink()
        done = await ended(backend, job)
        assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)


async def test_a_job_whose_store_stays_away_is_begun_anew_and_then_fails_with_that_reason(
    postgres: Postgres, tmp_path: Path
):
    settings = postgres.create(tmp_path / "data", store_patience_s=0)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("payer", credits=5)).account.id
        block(backend)
        job = await ended(backend, await submitted(backend, account, "noop"))
        assert job.failure is not None
        assert (job.state, job.failure.code) == (JobState.FAILED, "storage_unavailable")
        assert job.attempt == settings.job_attempts
        balance = await backend.credits.balance(account)
        assert (balance.available, balance.held) == (5, 0)


async def test_a_job_waits_until_a_read_only_disk_can_be_written_again(postgres: Postgres, tmp_path: Path):
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this system lets nobody mount a file system")
    try:
        settings = postgres.create(tmp_path / "data", blob_url=str(disk / "blobs"))
        async with open_backend(settings) as backend, working(backend):
            account = (await backend.accounts.create("tester")).account.id
            await ended(backend, await submitted(backend, account, "noop"))
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            job = await submitted(backend, account, "noop")
            await asyncio.sleep(2.5)
            assert not (await backend.jobs.get(account, job.id)).state.final
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            done = await ended(backend, job)
            assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
