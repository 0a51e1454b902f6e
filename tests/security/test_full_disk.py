"""A disk that gets full in the middle of an upload, and a bucket that does not answer."""

import asyncio
import base64
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from backends import Postgres
from cos_wire import BUCKET, Cos, refusal
from running import photo
from tinct.backend import Backend, open_backend
from tinct.errors import StorageAwayError
from tinct.server.app import create_app
from tinct.settings import Settings

pytestmark = pytest.mark.asyncio

ROOM = 2 * 2**20  # bytes of the small disk
PATIENCE_S = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this system lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Backend, httpx.AsyncClient]]:
    """A client of the native API, over a server in this process."""
    async with open_backend(settings) as backend:
        key = (await backend.accounts.create("owner")).api_key
        transport = httpx.ASGITransport(
            create_app(backend), raise_app_exceptions=False, client=("127.0.0.1", 1)
        )
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as client:
            yield backend, client


@pytest_asyncio.fixture
async def small(
    postgres: Postgres, tmp_path: Path, disk: Path
) -> AsyncIterator[tuple[Backend, httpx.AsyncClient]]:
    """A server whose files lie on the small disk, and that does not look how much room there is before it begins."""
    async with serving(postgres.create(tmp_path / "data", blob_url=str(disk / "blobs"))) as made:
        yield made


def large() -> bytes:
    picture = photo()
    return picture + bytes(2 * ROOM - len(picture))


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 50_000):
        yield data[at : at + 50_000]


def is_full(reply: httpx.Response) -> bool:
    return (reply.status_code, reply.json()["error"]["code"]) == (507, "storage_full")


async def test_a_disk_that_gets_full_in_mid_upload_is_507_and_nothing_is_left_there(small) -> None:
    backend, client = small
    assert is_full(await client.post("/v1/files", content=pieces(large())))
    assert is_full(await client.post("/v1/files", files={"file": ("a.png", large())}))
    declared = (await client.post("/v1/files", json={"name": "a.png"})).json()
    assert is_full(await client.put(declared["upload_url"], content=pieces(large())))
    assert list(backend.blobs.scratch.iterdir()) == []
    assert (await client.post("/v1/files", content=photo())).status_code == 201


async def test_an_order_that_finds_no_room_for_its_photo_is_507_and_no_job(small) -> None:
    backend, client = small
    order = {"order": '{"effect": "noop"}'}
    assert is_full(await client.post("/v1/jobs", files={"image": ("a.png", large())}, data=order))
    assert await backend.jobs.depth() == {"queued": 0, "running": 0}


async def test_a_temporary_folder_that_gets_full_under_a_form_is_507(
    postgres: Postgres, tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    async with serving(postgres.create(tmp_path / "data")) as (_, client):
        assert is_full(await client.post("/v1/files", files={"file": ("a.png", large())}))
        assert (await client.post("/v1/files", files={"file": ("a.png", photo())})).status_code == 201


async def test_a_bucket_on_a_full_disk_says_that_it_is_not_available_and_keeps_what_it_had(small) -> None:
    backend, client = small
    account = (await backend.accounts.create("cos")).account.id
    await backend.accounts.add_secret(account, "cos", "AK-owner", b"secret-owner")
    bucket = await backend.buckets.create(account, BUCKET)
    cos = Cos(client, backend, {"owner": account})
    await cos.put("a", b"before")
    assert refusal(await cos("PUT", "a", content=large())) == (503, "ServiceUnavailable")
    upload = await backend.multipart.start(bucket, "a")
    query = {"uploadId": upload.id, "partNumber": "1"}
    assert refusal(await cos("PUT", "a", query=query, content=large())) == (503, "ServiceUnavailable")
    assert list(backend.blobs.scratch.iterdir()) == []
    assert (await cos("GET", "a")).content == b"before"
    await cos.put("a", b"after")


BEGUN = (
    b"<InitiateMultipartUploadResult><Bucket>photos</Bucket><Key>k</Key><UploadId>u</UploadId>"
    b"</InitiateMultipartUploadResult>"
)


@pytest_asyncio.fixture(params=["never", "after the upload has begun"])
async def frozen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A bucket that takes whatever is sent and does not answer."""
    writers = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"POST") and b"uploads" in head and request.param != "never":
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                % len(BEGUN)
                + BEGUN
            )
            writer.close()
            return
        with contextlib.suppress(ConnectionError):
            while await reader.read(2**16):
                pass

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, base64.b64encode(name.encode()).decode())
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    yield
    server.close()
    for writer in writers:
        writer.close()


@pytest.mark.parametrize("size", [0, 9 * 2**20])
async def test_a_frozen_bucket_is_503_while_the_caller_still_waits(
    postgres: Postgres, tmp_path: Path, frozen: None, size: int
) -> None:
    settings = postgres.create(tmp_path / "data", blob_url="s3://photos/x", store_answer_s=0.5)
    async with serving(settings) as (backend, client), asyncio.timeout(PATIENCE_S):
        picture = photo()
        reply = await client.post("/v1/files", content=pieces(picture + bytes(size)))
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, StorageAwayError.code)
        assert list(backend.blobs.scratch.iterdir()) == []
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/v1/files")).json()["files"] == []


async def test_no_setting_lets_a_caller_wait_longer_than_thirty_seconds_for_a_frozen_bucket() -> None:
    """An upload and its clearing up: half the time of an answer for tries, and then a last one, each."""
    longest = Settings.model_fields["store_answer_s"].metadata
    most = next(each.le for each in longest if hasattr(each, "le"))
    assert 2 * (most / 2 + most) <= 30
