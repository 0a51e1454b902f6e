"""Bytes that no record names, and deletions while the store is away."""

import os
import time
from pathlib import Path

import pytest

from backends import Postgres, submitted
from tinct.backend import Backend, open_backend
from tinct.errors import FileMissingError, StorageAwayError
from tinct.jobs import orphans, retention
from unit.test_jobs_service import count, picture

pytestmark = pytest.mark.asyncio


def blobs(backend: Backend) -> set[str]:
    root = backend.settings.data / "blobs"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {"owner"}


def age(backend: Backend) -> None:
    """All blobs were stored two days ago."""
    then = time.time() - 2 * 86_400
    for path in (backend.settings.data / "blobs").rglob("*"):
        os.utime(path, (then, then))


async def test_a_sweep_of_several_goes_removes_old_bytes_without_a_record_and_nothing_else(backend, account):
    kept = [(await backend.files.put(account, picture(seed))).key for seed in range(3)]
    bucket = await backend.buckets.create(account, "photos-1250000000")
    await backend.objects.put(bucket, "a", b"object")
    upload = await backend.multipart.start(bucket, "whole")
    parts = [
        (number, (await backend.multipart.put_part(upload, number, b"x" * size)).etag)
        for number, size in ((1, 2**20 + 1), (2, 5))
    ]
    whole = await backend.multipart.complete(upload, parts)
    waiting = await submitted(backend, account)
    await backend.blobs.put(f"results/{waiting.id}/1/0.png", b"of a job that has not ended")
    await backend.blobs.put("elsewhere/thing", b"not the server's")
    known = blobs(backend)
    for key in ("uploads/acct/file", "results/job_x/1/0.png", "objects/zz/content_zz", "uploads/z"):
        await backend.blobs.put(key, b"lost")
    age(backend)
    await backend.blobs.put("uploads/young", b"being stored just now")
    removed = [await orphans.sweep(backend, batch=3) for _ in range(6)]
    assert (sum(removed), max(removed) <= 3) == (4, True)
    assert blobs(backend) == known | {"uploads/young"}
    assert set(kept) < blobs(backend)
    assert len([chunk async for chunk in backend.objects.stream(whole)]) > 0


async def test_a_server_with_another_database_removes_nothing(backend, account, postgres: Postgres):
    for _ in range(2):
        await backend.files.put(account, picture())
    other = postgres.create(backend.settings.data)
    age(backend)
    before = blobs(backend)
    async with open_backend(other) as stranger:  # before the store is marked, and after it
        assert await orphans.sweep(stranger) == 0
        assert await orphans.sweep(backend) == 0
        assert await orphans.sweep(stranger) == 0
    assert blobs(backend) == before


async def test_a_bucket_is_listed_in_pages_like_a_folder(bucket, postgres: Postgres, tmp_path, monkeypatch):
    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    async with open_backend(postgres.create(tmp_path / "data", blob_url="s3://photos/orphans")) as backend:
        account = (await backend.accounts.create("tester")).account.id
        kept = (await backend.files.put(account, picture())).key
        for number in range(5):
            await backend.blobs.put(f"uploads/x/{number}", b"lost")
        seen: list[str] = []
        while page := await backend.blobs.list_after(seen[-1] if seen else "", 2):
            seen += [blob.key for blob in page]
        assert sorted(seen) == sorted([kept, *(f"uploads/x/{number}" for number in range(5))])
        later = backend.settings.model_copy(update={"keep_orphans_s": -60.0})
        object.__setattr__(backend, "settings", later)
        assert sum([await orphans.sweep(backend, batch=4) for _ in range(3)]) == 5
        assert (await backend.blobs.head(kept)).size == len(picture())


async def test_while_the_store_is_away_a_deleted_file_is_out_of_reach_and_its_bytes_go_later(
    backend, account
):
    file = await backend.files.put(account, picture())
    job = await submitted(backend, account)
    root, aside = backend.settings.data / "blobs", backend.settings.data / "aside"
    root.rename(aside)
    root.write_text("no folder")
    with pytest.raises(StorageAwayError):
        await backend.files.delete(account, file.id)
    with pytest.raises(FileMissingError):
        await backend.files.get(account, file.id)
    assert (await backend.files.list(account))[0] == ()
    with pytest.raises(StorageAwayError):  # asked again, tried again
        await backend.files.delete(account, file.id)
    await backend.jobs.delete(account, job.id)
    with pytest.raises(StorageAwayError):
        await retention.expire(backend)
    assert await count(backend, "files") == 1
    root.unlink()
    aside.rename(root)
    assert (root / file.key).exists()
    assert await retention.expire(backend) == 1
    assert not (root / file.key).exists()
    assert await count(backend, "files") == 0
    with pytest.raises(FileMissingError):
        await backend.files.delete(account, file.id)


async def test_a_file_without_bytes_is_missing_before_the_first_is_promised(backend, account):
    file = await backend.files.put(account, picture())
    Path(backend.settings.data / "blobs" / file.key).unlink()
    with pytest.raises(FileMissingError):
        await backend.files.open(file)
    await backend.files.delete(account, file.id)
