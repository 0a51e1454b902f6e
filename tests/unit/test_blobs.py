"""Blobs on disk and in a bucket, the keys they may have, and uploads that arrive in pieces."""

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tinct.errors import (
    BlobKeyError,
    EmptyPhotoError,
    FileMissingError,
    StorageError,
    StorageFullError,
    UnsupportedPhotoError,
    UploadLimitError,
)
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings
from tinct.storage.blobs import Blobs, _place, open_blobs
from tinct.storage.keys import check_key, safe_name

pytestmark = pytest.mark.asyncio


@pytest.fixture(params=["disk", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    if request.param == "disk":
        return open_blobs(Settings(data=tmp_path / "data", min_free_bytes=0))
    for name, value in request.getfixturevalue("bucket").items():
        monkeypatch.setenv(name, value)
    url = f"s3://photos/{tmp_path.name}"
    return open_blobs(Settings(data=tmp_path / "data", blob_url=url, min_free_bytes=0))


async def gathered(blobs: Blobs, key: str, *span: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.stream(key, *span)])


async def test_what_is_put_comes_back_whole_and_in_ranges(blobs):
    data = bytes(range(256)) * 10
    await blobs.put("a/b/one.bin", data)
    assert await blobs.get("a/b/one.bin") == data
    assert await gathered(blobs, "a/b/one.bin") == data
    assert await gathered(blobs, "a/b/one.bin", 10, 20) == data[10:20]
    assert await gathered(blobs, "a/b/one.bin", 2500) == data[2500:]
    assert await gathered(blobs, "a/b/one.bin", 0, 1) == data[:1]
    assert await gathered(blobs, "a/b/one.bin", 5, 5) == b""
    info = await blobs.head("a/b/one.bin")
    assert (info.key, info.size) == ("a/b/one.bin", 2560)
    assert info.etag


async def test_a_large_object_is_adopted_and_streamed_in_small_chunks(blobs):
    data = np.random.default_rng(0).bytes(20 * 2**20 + 7)
    source = blobs.scratch / "large"
    source.write_bytes(data)
    await blobs.adopt(source, "large")
    assert not source.exists()
    digest, largest = hashlib.sha256(), 0
    async for chunk in blobs.stream("large"):
        digest.update(chunk)
        largest = max(largest, len(chunk))
    assert digest.digest() == hashlib.sha256(data).digest()
    assert largest <= 256 * 1024


async def test_adopting_replaces_what_was_there(blobs):
    await blobs.put("x", b"old")
    await blobs.put("x", b"new")
    assert await blobs.get("x") == b"new"


async def test_a_missing_object_is_said_to_be_missing(blobs, tmp_path):
    for act in (blobs.head, blobs.get):
        with pytest.raises(FileMissingError):
            await act("nothing/here")
    with pytest.raises(FileMissingError):
        await gathered(blobs, "nothing/here")
    with pytest.raises(FileMissingError):
        await blobs.local("nothing/here", tmp_path, "copy")
    await blobs.delete("nothing/here")


async def test_a_local_file_has_the_objects_bytes(blobs, tmp_path):
    await blobs.put("x/y", b"content")
    assert (await blobs.local("x/y", tmp_path, "copy")).read_bytes() == b"content"


async def test_a_prefix_is_deleted_without_its_neighbours(blobs):
    for key in ("job_1/1/0.png", "job_1/2/0.png", "job_10/1/0.png"):
        await blobs.put(key, b"x")
    assert await blobs.delete_prefix("job_1") == 2
    assert await blobs.get("job_10/1/0.png") == b"x"
    with pytest.raises(FileMissingError):
        await blobs.head("job_1/1/0.png")


async def test_simultaneous_writers_and_deleters_of_one_folder_do_not_disturb_each_other(blobs):
    async def cycle(number: int) -> None:
        for _ in range(5):
            await blobs.put(f"shared/folder/{number}", b"x" * 100)
            await blobs.delete(f"shared/folder/{number}")

    await asyncio.gather(*(cycle(n) for n in range(8)))
    assert await blobs.delete_prefix("shared") == 0


async def test_a_file_finds_its_place_although_others_remove_its_folder_at_every_moment(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    failures = []

    def write_and_clear(name: str) -> None:
        source, target = tmp_path / name, tmp_path / "shared" / "folder" / name
        for _ in range(300):
            source.write_bytes(b"x")
            try:
                _place(source, target)
            except OSError as error:
                failures.append(error)
            target.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                target.parent.rmdir()
                target.parent.parent.rmdir()

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write_and_clear, "abcdefgh"))
    finally:
        sys.setswitchinterval(often)
    assert failures == []


BAD_KEYS = [
    "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/..", ".hidden", "a/.hidden", "a\\b",
    "..\\a", "a\0b", "a\nb", "a\x7f", "C:\\x", "con", "a/NUL", "a/aux.txt", "COM1", "lpt9.png", "a.", "a ",
    "x" * 1025, "é" * 513, "a/\ud800",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
async def test_keys_that_could_leave_the_store_are_refused(key):
    with pytest.raises(BlobKeyError):
        check_key(key)


@pytest.mark.parametrize(
    "key", ["a", "a/b.png", "uploads/acct_1/file_2", "a b", "ü/é.png", "x" * 1024, "a%2e%2e"]
)
async def test_plain_keys_are_accepted_as_they_are(key):
    assert check_key(key) == key


async def test_every_way_in_checks_the_key(blobs, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for act in (
        blobs.adopt(source, "../out"),
        blobs.put("../out", b"x"),
        blobs.head("../out"),
        blobs.get("../out"),
        gathered(blobs, "../out"),
        blobs.local("../out", tmp_path, "copy"),
        blobs.delete("../out"),
        blobs.delete_prefix(".."),
    ):
        with pytest.raises(BlobKeyError):
            await act


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\y.png", "y.png"),
        ('a"b\r\nSet-Cookie: x', "a_b__Set-Cookie_ x"),
        ("été 1 (2).png", "été 1 (2).png"),
        (".bashrc", "bashrc"),
        ("con.png", "_con.png"),
        ("...", "fallback"),
        ("", "fallback"),
        (None, "fallback"),
        ("x" * 300, "x" * 120),
    ],
)
async def test_download_names_are_made_harmless(name, safe):
    assert safe_name(name, "fallback") == safe


async def test_links_inside_the_store_are_not_followed(tmp_path):
    blobs = open_blobs(Settings(data=tmp_path / "data", min_free_bytes=0))
    root, outside = tmp_path / "data" / "blobs", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    for key in ("folder/secret", "file"):
        with pytest.raises(StorageError):
            await blobs.local(key, tmp_path, "copy")
        with pytest.raises(StorageError):
            await blobs.put(key, b"overwritten")
        with pytest.raises(StorageError):
            await blobs.get(key)
    assert (outside / "secret").read_bytes() == b"secret"


_WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from tinct.settings import Settings
from tinct.storage.blobs import open_blobs

async def main() -> None:
    blobs = open_blobs(Settings(data=Path(sys.argv[1])))
    number = 0
    while True:
        await blobs.put(f"a/{number}", bytes([number % 256]) * 300_000)
        number += 1
        print(number, flush=True)

asyncio.run(main())
"""


async def test_a_kill_in_the_middle_of_a_write_leaves_no_half_object(tmp_path):
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        stored = list((tmp_path / "blobs" / "a").iterdir())
        assert len(stored) >= 5
        for path in stored:
            assert path.read_bytes() == bytes([int(path.name) % 256]) * 300_000


async def test_too_little_room_is_said_before_work(tmp_path):
    blobs = open_blobs(Settings(data=tmp_path / "data", min_free_bytes=2**60))
    with pytest.raises(StorageFullError):
        blobs.check_room()


async def test_only_folders_and_buckets_are_addresses(tmp_path):
    for url in ("ftp://x/y", "http://x", "gs://bucket"):
        with pytest.raises(StorageError):
            open_blobs(Settings(data=tmp_path, blob_url=url))
    blobs = open_blobs(
        Settings(data=tmp_path / "data", blob_url=str(tmp_path / "elsewhere"), min_free_bytes=0)
    )
    await blobs.put("x", b"x")
    assert (tmp_path / "elsewhere" / "x").read_bytes() == b"x"


# -- uploads --------------------------------------------------------------------------------------


def picture() -> bytes:
    return encode(Photo(np.full((6, 9, 3), 7, np.uint8)), "jpeg")


async def pieces(data: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def test_an_upload_in_pieces_is_stored_with_what_its_header_says(backend, account):
    data = picture()
    file = await backend.files.put(account, pieces(data), name="../holiday.png")
    assert file == await backend.files.get(account, file.id)
    assert (file.format, file.media_type, file.name) == ("jpeg", "image/jpeg", "holiday.png")
    photo = file.as_photo()
    assert (photo.width, photo.height, photo.channels, photo.depth, photo.frames) == (9, 6, 3, 8, 1)
    assert (file.size, file.etag) == (len(data), hashlib.md5(data).hexdigest())
    assert b"".join([chunk async for chunk in backend.files.stream(file, 2, 10)]) == data[2:10]


async def test_an_upload_is_cut_off_at_its_limit(backend, account):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(UploadLimitError) as caught:
        await backend.files.put(account, endless(), max_bytes=5000)
    assert (caught.value.limit, taken) == (5000, 6000)
    exact = picture()
    await backend.files.put(account, pieces(exact), max_bytes=len(exact))
    with pytest.raises(UploadLimitError):
        await backend.files.put(account, pieces(exact), max_bytes=len(exact) - 1)


async def test_what_is_not_a_photo_leaves_no_trace(backend, account):
    for data, error in ((b"", EmptyPhotoError), (b"<svg/>", UnsupportedPhotoError)):
        with pytest.raises(error):
            await backend.files.put(account, data)
    assert list(backend.blobs.scratch.iterdir()) == []
    assert not (backend.settings.data / "blobs" / "uploads").exists()
    assert (await backend.files.list(account)) == ((), None)


async def test_files_belong_to_one_account_and_expire(backend, account):
    stranger = (await backend.accounts.create("other")).account.id
    file = await backend.files.put(account, picture())
    for act in (backend.files.get, backend.files.delete):
        with pytest.raises(FileMissingError):
            await act(stranger, file.id)
    assert (await backend.files.get(None, file.id)).id == file.id
    short = await backend.files.put(account, picture(), keep_s=0.05)
    await asyncio.sleep(0.1)
    with pytest.raises(FileMissingError):
        await backend.files.get(account, short.id)
    files, cursor = await backend.files.list(account)
    assert ([f.id for f in files], cursor) == ([file.id], None)
    await backend.files.delete(account, file.id)
    with pytest.raises(FileMissingError):
        await backend.files.get(account, file.id)


async def test_the_list_of_files_is_paged(backend, account):
    made = [(await backend.files.put(account, picture())).id for _ in range(5)]
    first, cursor = await backend.files.list(account, limit=3)
    second, end = await backend.files.list(account, limit=3, cursor=cursor)
    assert [file.id for file in first + second] == sorted(made, reverse=True)
    assert end is None
