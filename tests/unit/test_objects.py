"""Objects: what is put comes back; replaced and deleted bytes go, but not under a reader."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from backends import Postgres
from tinct.backend import Backend, open_backend
from tinct.errors import (
    DigestError,
    FileMissingError,
    ObjectKeyError,
    ObjectMissingError,
    StorageFullError,
    UploadLimitError,
)
from tinct.jobs.retention import expire
from tinct.objects.buckets import Bucket
from tinct.objects.checksums import crc64, joined
from tinct.objects.objects import Object

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(params=["disk", "bucket"])
async def backend(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Backend]:
    changes: dict[str, Any] = {"keep_replaced_s": 60.0}
    if request.param == "bucket":
        for name, value in request.getfixturevalue("bucket").items():
            monkeypatch.setenv(name, value)
        changes["blob_url"] = f"s3://photos/{tmp_path.name}"
    async with open_backend(postgres.create(tmp_path / "data", **changes)) as opened:
        yield opened


@pytest_asyncio.fixture
async def photos(backend: Backend, account: str) -> Bucket:
    return await backend.buckets.create(account, "photos")


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def read(backend: Backend, found: Object, *span: int) -> bytes:
    return b"".join([chunk async for chunk in backend.objects.stream(found, *span)])


async def stored(backend: Backend) -> int:
    """Contents that have a record; each is one blob here."""
    row = await backend.database.one("SELECT count(*) AS n FROM contents")
    assert row
    return int(row["n"])


async def age(backend: Backend) -> None:
    """Let two hours pass for everything that waits to be dropped."""
    await backend.database.run("UPDATE contents SET unused_since = unused_since - interval '2 hours'")


async def test_what_is_put_comes_back_with_its_checksums_and_headers(backend, photos):
    data = np.random.default_rng(0).bytes(1_700_000)
    headers = {"content-type": "image/png", "x-cos-meta-by": "é"}
    put = await backend.objects.put(photos, "a/b.png", pieces(data), headers=headers, public=True)
    assert put == await backend.objects.get(photos, "a/b.png")
    assert (put.key, put.size, put.headers, put.public) == ("a/b.png", len(data), headers, True)
    assert (put.etag, put.crc64) == (hashlib.md5(data).hexdigest(), crc64(data))
    assert await read(backend, put) == data
    assert await read(backend, put, 5, 10) == data[5:10]
    assert await read(backend, put, len(data) - 3) == data[-3:]
    assert await read(backend, put, 0, 2**40) == data
    assert list(backend.blobs.scratch.iterdir()) == []


async def test_an_object_may_have_no_bytes(backend, photos):
    put = await backend.objects.put(photos, "empty", b"")
    assert (put.size, put.etag, put.crc64) == (0, hashlib.md5(b"").hexdigest(), 0)
    assert await read(backend, put) == b""


async def test_the_crc_is_the_one_that_cos_documents():
    assert crc64(b"123456789") == 11051210869376104954
    assert crc64(b"56789", crc64(b"1234")) == 11051210869376104954


@pytest.mark.parametrize("size", [0, 1, 2, 255, 4097, 1_000_003])
async def test_the_crc_of_two_runs_is_that_of_their_bytes_together(size):
    first, second = np.random.default_rng(size).bytes(77), np.random.default_rng(size + 1).bytes(size)
    assert joined(crc64(first), crc64(second), size) == crc64(first + second)
    assert joined(0, crc64(second), size) == crc64(second)


STRANGE = [
    "../../etc/passwd", "/a", "a//b", ".", "..", "con", "a\\b", "a\nb", "a\x7f", " ", "照片/彩色 1.png",
    "😀" * 212, "x" * 850, "a%2e%2e", "'; DROP TABLE objects; --", "%s", "{}", "a?b#c&d=e+f",
]  # fmt: skip


async def test_a_key_may_be_any_text_and_never_becomes_a_path(backend, photos):
    for key in STRANGE:
        await backend.objects.put(photos, key, key.encode())
    for key in STRANGE:
        assert await read(backend, await backend.objects.get(photos, key)) == key.encode()
    listing = await backend.objects.list(photos)
    assert [each.key for each in listing.objects] == sorted(STRANGE, key=str.encode)
    row = await backend.database.one("SELECT array_agg(piece) AS keys FROM contents, unnest(pieces) AS piece")
    assert all(key.startswith("objects/") and key.count("/") == 2 for key in row["keys"])
    await backend.objects.delete(photos, *STRANGE)
    assert (await backend.objects.list(photos)).objects == ()


@pytest.mark.parametrize("key", ["", "a\0b", "\ud800", "x" * 851, "é" * 426], ids=lambda key: ascii(key)[:9])
async def test_a_key_that_is_no_text_or_too_long_is_refused_everywhere(backend, photos, key):
    source = await backend.objects.put(photos, "source", b"x")
    for act in (
        backend.objects.put(photos, key, b"x"),
        backend.objects.get(photos, key),
        backend.objects.copy(source, photos, key),
        backend.objects.delete(photos, key),
        backend.multipart.start(photos, key),
    ):
        with pytest.raises(ObjectKeyError) as caught:
            await act
        assert caught.value.too_long is (len(key) > 100)


async def test_what_is_refused_leaves_the_old_object_and_no_trace(backend, photos):
    await backend.objects.put(photos, "a", b"old")
    data = b"x" * 5000
    with pytest.raises(UploadLimitError):
        await backend.objects.put(photos, "a", pieces(data), max_bytes=4999)
    with pytest.raises(DigestError):
        await backend.objects.put(photos, "a", pieces(data), md5=hashlib.md5(b"other").digest())
    with pytest.raises(ConnectionError):
        await backend.objects.put(photos, "a", torn(data))
    assert await read(backend, await backend.objects.get(photos, "a")) == b"old"
    assert list(backend.blobs.scratch.iterdir()) == []
    assert await stored(backend) == 1
    right = hashlib.md5(data).digest()
    put = await backend.objects.put(photos, "a", pieces(data), max_bytes=5000, md5=right)
    assert await read(backend, put) == data


async def torn(data: bytes) -> AsyncIterator[bytes]:
    yield data
    raise ConnectionError("the sender went away")


async def test_an_endless_body_is_cut_at_the_limit(backend, photos):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(UploadLimitError):
        await backend.objects.put(photos, "a", endless(), max_bytes=700_000)
    assert taken == 701_000


async def test_a_full_disk_is_said_before_anything_is_read(backend, photos, monkeypatch):
    monkeypatch.setattr(backend.blobs, "_min_free_bytes", 2**60)
    with pytest.raises(StorageFullError):
        await backend.objects.put(photos, "a", torn(b""))


async def test_a_disk_that_fills_up_in_the_middle_is_said_too(backend, photos, monkeypatch):
    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tinct.objects.contents._Intake.take", full)
    with pytest.raises(StorageFullError):
        await backend.objects.put(photos, "a", b"x")
    assert list(backend.blobs.scratch.iterdir()) == []


async def test_a_missing_object_is_said_to_be_missing_and_may_be_deleted_again(backend, photos):
    with pytest.raises(ObjectMissingError):
        await backend.objects.get(photos, "a")
    await backend.objects.delete(photos, "a")
    await backend.objects.delete(photos)


async def test_buckets_do_not_see_each_others_objects(backend, photos, account):
    other = await backend.buckets.create(account, "other")
    await backend.objects.put(photos, "a", b"x")
    with pytest.raises(ObjectMissingError):
        await backend.objects.get(other, "a")
    await backend.objects.delete(other, "a")
    assert (await backend.objects.list(other)).objects == ()
    assert await read(backend, await backend.objects.get(photos, "a")) == b"x"


async def test_replaced_bytes_stay_for_a_reader_and_go_afterwards(backend, photos):
    old, new = b"o" * 900_000, b"n" * 900_000
    put = await backend.objects.put(photos, "a", old)
    reader = backend.objects.stream(put)
    begun = await anext(reader)
    await backend.objects.put(photos, "a", new)
    await expire(backend)
    assert begun + b"".join([chunk async for chunk in reader]) == old
    assert await read(backend, put) == old
    await age(backend)
    await expire(backend)
    with pytest.raises(FileMissingError):
        await read(backend, put)
    assert await read(backend, await backend.objects.get(photos, "a")) == new
    assert await stored(backend) == 1


async def test_a_slow_reader_keeps_the_bytes_that_it_still_needs(backend, photos, monkeypatch):
    monkeypatch.setattr(backend.contents, "_settings", backend.settings.with_changes(keep_replaced_s=1e-6))
    upload = await backend.multipart.start(photos, "a")
    parts = [await backend.multipart.put_part(upload, n, bytes([n]) * 2**20) for n in (1, 2)]
    whole = await backend.multipart.complete(upload, [(part.number, part.etag) for part in parts])
    reader = backend.objects.stream(whole)
    got = await anext(reader)
    await backend.objects.delete(photos, "a")
    await age(backend)
    got += await anext(reader)  # says that it is still reading
    monkeypatch.undo()
    await expire(backend)
    assert got + b"".join([chunk async for chunk in reader]) == b"\1" * 2**20 + b"\2" * 2**20


async def test_deleted_bytes_go_with_the_sweep(backend, photos):
    for key in "abc":
        await backend.objects.put(photos, key, key.encode())
    await backend.objects.delete(photos, "a", "b")
    await expire(backend)
    assert await stored(backend) == 3
    await age(backend)
    assert await backend.contents.sweep() == 2
    assert await stored(backend) == 1
    assert await backend.blobs.delete_prefix("objects") == 1


async def test_what_a_dead_process_stored_without_a_name_goes_with_the_sweep(backend, photos):
    await backend.contents.receive(b"nobody's")  # as if the process had died before the name was given
    await expire(backend)
    assert await stored(backend) == 1
    await age(backend)
    await expire(backend)
    assert await stored(backend) == 0
    assert await backend.blobs.delete_prefix("objects") == 0


async def test_a_copy_lives_on_when_its_source_goes(backend, photos, account):
    other = await backend.buckets.create(account, "other")
    source = await backend.objects.put(photos, "a", b"x" * 100, headers={"content-type": "image/png"})
    kept = await backend.objects.copy(source, other, "b")
    changed = await backend.objects.copy(
        source, photos, "c", headers={"content-type": "text/plain"}, public=True
    )
    assert (kept.etag, kept.crc64, kept.size, kept.headers) == (
        source.etag,
        source.crc64,
        100,
        source.headers,
    )
    assert (changed.headers, changed.public) == ({"content-type": "text/plain"}, True)
    assert await stored(backend) == 1
    await backend.objects.delete(photos, "a", "c")
    await age(backend)
    await expire(backend)
    assert await read(backend, await backend.objects.get(other, "b")) == b"x" * 100
    await backend.objects.delete(other, "b")
    await age(backend)
    await expire(backend)
    assert await stored(backend) == 0


async def test_an_object_copied_onto_itself_changes_its_headers_alone(backend, photos):
    source = await backend.objects.put(photos, "a", b"x", headers={"content-type": "image/png"})
    again = await backend.objects.copy(source, photos, "a", headers={"content-type": "text/plain"})
    assert (again.content, again.headers) == (source.content, {"content-type": "text/plain"})
    await age(backend)
    await expire(backend)
    assert await read(backend, await backend.objects.get(photos, "a")) == b"x"


async def test_a_source_that_is_gone_for_long_is_missing(backend, photos):
    source = await backend.objects.put(photos, "a", b"x")
    await backend.objects.delete(photos, "a")
    late = await backend.objects.copy(source, photos, "saved")  # its bytes are still there
    await backend.objects.delete(photos, "saved")
    await age(backend)
    await expire(backend)
    with pytest.raises(ObjectMissingError):
        await backend.objects.copy(late, photos, "b")


async def test_simultaneous_writers_readers_and_the_sweep_agree(backend, photos, monkeypatch):
    monkeypatch.setattr(backend.contents, "_settings", backend.settings.with_changes(keep_replaced_s=0.5))

    async def write(number: int) -> None:
        for turn in range(4):
            await backend.objects.put(photos, "a", bytes([number * 16 + turn]) * 20_000)

    async def look() -> None:
        for _ in range(15):
            found = await backend.objects.get(photos, "a")
            data = await read(backend, found)
            assert hashlib.md5(data).hexdigest() == found.etag
            await backend.contents.sweep()

    await backend.objects.put(photos, "a", b"first")
    await asyncio.gather(*(write(n) for n in range(4)), look(), look())
    await age(backend)
    await backend.contents.sweep()
    assert await stored(backend) == 1
