"""A data folder that an earlier version made opens with everything in it.

``tests/kept/data_folder.tar.xz`` was made by version 0.1 as it stood at revision 51353de: the embedded database's
whole cluster after a clean stop, the blobs and the secret. All keys in it were made up for it. What must be found is
in the JSON beside it. Its files expire in 2056.
"""

import json
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from backends import Postgres, ended, submitted, working
from tinct.backend import Backend, open_backend
from tinct.errors import IdempotencyError
from tinct.jobs.job import JobState, Order
from tinct.settings import Settings

pytestmark = pytest.mark.asyncio
KEPT = Path(__file__).parent.parent / "kept"
SEEN = json.loads((KEPT / "data_folder.json").read_text(encoding="utf-8"))
PAUL = SEEN["accounts"]["Paul"]["id"]
YEARS = 30 * 365 * 86_400.0


@pytest_asyncio.fixture
async def kept(tmp_path: Path, postgres: Postgres) -> AsyncIterator[Backend]:
    """The folder, opened by the version under test with its own embedded database."""
    data = tmp_path / "data"
    with tarfile.open(KEPT / "data_folder.tar.xz") as archive:
        archive.extractall(data, filter="data")
    cluster, owner = data / "database" / "cluster", (postgres.folder / "database" / "cluster").stat()
    for path in (cluster, *cluster.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(path, owner.st_uid, owner.st_gid)
    settings = Settings(data=data, workers=1, min_free_bytes=0, keep_jobs_s=YEARS, keep_multipart_s=YEARS)
    async with open_backend(settings) as backend:
        yield backend


async def content(backend: Backend, file_id: str) -> bytes:
    file = await backend.files.get(None, file_id)
    return b"".join([chunk async for chunk in backend.files.stream(file)])


async def test_accounts_keys_credits_and_their_history_are_there(kept):
    for account in SEEN["accounts"].values():
        for key in account.get("keys", [account.get("key")]):
            assert (await kept.accounts.authenticate(key)).id == account["id"]
    found, secret = await kept.accounts.secret("cos", SEEN["cos"]["id"])
    assert (found.id, secret.decode(), found.scopes) == (PAUL, SEEN["cos"]["key"], ("cos:*:*",))
    balance = await kept.credits.balance(PAUL)
    assert (balance.unlimited, balance.available, balance.held) == (
        False,
        SEEN["credits"]["available"],
        SEEN["credits"]["held"],
    )
    assert {grant.kind for grant in balance.grants} >= {"grant", "gift"}
    assert await kept.credits.expire() == 1  # the trial, whose time was over before the folder was packed
    entries = await kept.credits.history(PAUL, limit=100)
    done, failed, waiting = (SEEN["jobs"][state] for state in ("succeeded", "failed", "queued"))
    found = {(entry.kind, entry.job_id, entry.note) for entry in entries}
    assert len(found) == len(entries)
    assert found == {
        ("grant", None, "grant"),
        ("grant", None, "gift"),
        ("grant", None, "trial"),
        ("expire", None, "trial"),
        ("hold", done, "convert"),
        ("charge", done, "convert"),
        ("hold", failed, "convert"),
        ("release", failed, "convert"),
        ("hold", waiting, "migrate"),
    }
    granted = sum(entry.available for entry in entries if entry.kind == "grant")
    spent = -sum(entry.held for entry in entries if entry.kind == "charge")
    lapsed = -sum(entry.available for entry in entries if entry.kind == "expire")
    assert granted - spent - lapsed == balance.available + balance.held


async def test_files_and_jobs_are_there_and_the_waiting_job_runs(kept):
    for file_id, facts in SEEN["files"].items():
        file = await kept.files.get(facts["account"], file_id)
        assert (file.etag, file.name) == (facts["etag"], facts["name"])
        assert len(await content(kept, file_id)) == file.size
    done = await kept.jobs.get(PAUL, SEEN["jobs"]["succeeded"])
    assert done.state is JobState.SUCCEEDED
    assert done == await kept.jobs.find(PAUL, "test.id", "first")
    for result, expected in zip(done.results, SEEN["results"], strict=True):
        found = (result.file_id, result.media_type, result.size, result.width, result.height)
        assert found == tuple(expected.values())
        assert len(await content(kept, result.file_id)) == result.size
    failed = await kept.jobs.get(PAUL, SEEN["jobs"]["failed"])
    assert (failed.state, failed.failure.code) == (JobState.FAILED, SEEN["jobs"]["failure"])
    assert (failed.inputs, failed.results) == ({"image": list(SEEN["files"])[1]}, ())
    waiting = await kept.jobs.get(PAUL, SEEN["jobs"]["queued"])
    assert waiting.state is JobState.QUEUED
    async with working(kept):
        waiting = await ended(kept, waiting)
        again = await ended(kept, await submitted(kept, PAUL, "convert", inputs=dict(done.inputs)))
    assert (waiting.state, again.state) == (JobState.SUCCEEDED, JobState.SUCCEEDED)
    balance = await kept.credits.balance(PAUL)
    assert (balance.available, balance.held) == (SEEN["credits"]["available"] - 1, 0)


async def test_idempotency_keys_are_remembered(kept):
    first = await kept.jobs.get(PAUL, SEEN["jobs"]["succeeded"])
    order = Order(
        account=PAUL, effect="convert", inputs=dict(first.inputs), format="jpeg", idempotency_key="kept"
    )
    again = await kept.jobs.submit(order)
    assert (again.replayed, again.job.id) == (True, first.id)
    with pytest.raises(IdempotencyError):
        await submitted(kept, PAUL, "convert", inputs=dict(first.inputs), idempotency_key="kept")


async def test_buckets_and_objects_are_there_and_an_unfinished_upload_goes_on(kept):
    bucket = await kept.buckets.get(SEEN["bucket"])
    assert (bucket.account, bucket.public) == (PAUL, True)
    for key, etag in SEEN["objects"].items():
        found = await kept.objects.get(bucket, key)
        assert found.etag == etag
        assert len(b"".join([chunk async for chunk in kept.objects.stream(found)])) == found.size
    half = SEEN["multipart"]
    upload = await kept.multipart.get(bucket, half["key"], half["id"])
    whole = await kept.multipart.complete(upload, [(1, half["part"])])
    assert b"".join([chunk async for chunk in kept.objects.stream(whole)]) == b"first half"
