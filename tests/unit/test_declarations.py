"""Files that are declared before they come, clips, and files whose time is over."""

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends import submitted
from tinct.backend import Backend
from tinct.clip.header import read
from tinct.errors import (
    DigestError,
    FileExpiredError,
    FileMissingError,
    FileNotSentError,
    ParameterError,
    UnsupportedPhotoError,
    UploadClosedError,
    UploadLimitError,
)
from tinct.jobs.declarations import Declaration
from tinct.jobs.file import FileState
from tinct.jobs.job import JobState, Order
from unit.test_jobs_service import count, picture


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def movie(seconds: float, brand: bytes = b"isom", version: int = 0) -> bytes:
    """The boxes of a clip that say how long it runs."""
    layout = ">4sQQIQ" if version else ">4sIIII"
    times = struct.pack(layout, bytes([version, 0, 0, 0]), 1, 1, 1000, int(seconds * 1000))
    header = box(b"mvhd", times, b"\0" * 80)
    return box(b"ftyp", brand, b"\0\0\0\0", brand) + box(b"free", b"x" * 9) + box(b"moov", header)


async def sent(data: bytes, pieces: int = 3) -> AsyncIterator[bytes]:
    step = len(data) // pieces + 1
    for at in range(0, len(data), step):
        yield data[at : at + step]


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(("brand", "format"), [(b"isom", "mp4"), (b"mp42", "mp4"), (b"qt  ", "mov")])
def test_a_clip_tells_its_container_and_how_long_it_runs(brand, format, version):
    found = read(movie(2.5, brand, version))
    assert (found.format, found.seconds) == (format, 2.5)


def test_what_is_broken_or_no_clip_tells_nothing_and_breaks_nothing():
    whole = movie(2.5)
    for cut in range(len(whole)):
        found = read(whole[:cut])
        assert found is None or found.seconds is None
    assert read(picture()) is None
    assert read(box(b"ftyp", b"heic", b"\0\0\0\0", b"mif1")) is None
    assert read(b"\x1a\x45\xdf\xa3" + b"\0" * 20 + b"webm").format == "webm"
    loop = box(b"ftyp", b"isom", b"\0\0\0\0") + struct.pack(">I4s", 0, b"moov") * 3
    assert read(loop).seconds is None


@pytest.mark.asyncio
async def test_a_declared_file_is_sent_and_then_used_like_any_other(backend: Backend, account: str):
    data = picture()
    md5 = hashlib.md5(data).hexdigest().upper()
    declared = await backend.declarations.declare(
        account, Declaration(name="a.png", media_type="image/jpg", size=len(data), md5=md5)
    )
    assert (declared.state, declared.media_type, declared.size) == (FileState.DECLARED, "image/jpg", 0)
    with pytest.raises(FileNotSentError):
        await backend.files.get(account, declared.id)
    assert (await backend.files.find(account, declared.id)).open
    file = await backend.declarations.send(declared.id, sent(data))
    assert (file.id, file.state, file.media_type, file.size) == (
        declared.id,
        FileState.STORED,
        "image/png",
        len(data),
    )
    assert file.as_photo().width == 8
    assert file == await backend.files.get(account, file.id)
    assert b"".join([chunk async for chunk in backend.files.stream(file)]) == data
    job = await submitted(backend, account, inputs={"image": file.id})
    assert job.state is JobState.QUEUED


@pytest.mark.asyncio
async def test_other_bytes_than_were_declared_are_refused_and_the_right_ones_still_come(backend, account):
    data = picture()
    md5 = hashlib.md5(data).hexdigest()
    declared = await backend.declarations.declare(account, Declaration(size=len(data), md5=md5))
    other = data[:-1] + bytes([data[-1] ^ 1])
    for wrong in (data[:-1], data + b"x", data * 9, other):
        with pytest.raises(DigestError):
            await backend.declarations.send(declared.id, sent(wrong))
    assert list(Path(backend.blobs.scratch).iterdir()) == []
    assert (await backend.declarations.send(declared.id, sent(data))).etag == md5
    free = await backend.declarations.declare(account, Declaration())
    with pytest.raises(UploadLimitError):
        await backend.declarations.send(free.id, sent(data), max_bytes=9)
    with pytest.raises(UnsupportedPhotoError):
        await backend.declarations.send(free.id, sent(b"just words"))
    kept = await backend.declarations.send(free.id, sent(b"just words"), accepted="anything")
    assert (kept.format, kept.media_type, kept.photo) == ("bin", "application/octet-stream", None)
    for what in ({"size": 0}, {"size": 10**12}, {"md5": "x"}, {"name": "\0"}, {"media_type": "x" * 300}):
        with pytest.raises(ParameterError) as caught:
            await backend.declarations.declare(account, Declaration(**what))
        assert caught.value.field in what


@pytest.mark.asyncio
async def test_bytes_may_be_sent_anew_until_a_job_names_the_file(backend, account):
    declared = await backend.declarations.declare(account, Declaration())
    first = await backend.declarations.send(declared.id, sent(picture(1)))
    second = await backend.declarations.send(declared.id, sent(picture(2)))
    assert first.key != second.key
    with pytest.raises(FileMissingError):
        await backend.blobs.head(first.key)
    await submitted(backend, account, inputs={"image": declared.id})
    with pytest.raises(UploadClosedError):
        await backend.declarations.send(declared.id, sent(picture(3)))
    assert (await backend.files.get(account, declared.id)).etag == second.etag
    plain = await backend.files.put(account, picture())
    for file_id in (plain.id, "file_unknown", "a\0b"):
        with pytest.raises(FileMissingError):
            await backend.declarations.send(file_id, sent(picture()))


@pytest.mark.asyncio
async def test_of_senders_at_once_one_wins_and_nothing_of_the_others_stays(backend, account):
    declared = await backend.declarations.declare(account, Declaration())
    sends = (backend.declarations.send(declared.id, sent(picture(seed))) for seed in range(5))
    ended = await asyncio.gather(*sends, return_exceptions=True)
    assert all(not isinstance(end, BaseException) or isinstance(end, UploadClosedError) for end in ended)
    file = await backend.files.get(account, declared.id)
    blobs = [path for path in (backend.settings.data / "blobs").rglob("*") if path.is_file()]
    assert [path.name for path in blobs] == [file.key.rpartition("/")[2]]


@pytest.mark.asyncio
async def test_a_job_whose_input_never_came_fails_at_birth_and_costs_nothing(backend):
    account = (await backend.accounts.create("payer", credits=9)).account.id
    declared = await backend.declarations.declare(account, Declaration())
    order = Order(account=account, effect="many", inputs={"image": declared.id}, idempotency_key="k")
    job = (await backend.jobs.submit(order)).job
    assert (job.state, job.failure.code, job.credits) == (JobState.FAILED, "input_not_sent", 0)
    assert job == await backend.jobs.get(account, job.id)
    assert (await backend.jobs.submit(order)).replayed
    assert await count(backend, "procrastinate_jobs") == 0
    assert await count(backend, "ledger") == 1
    await backend.declarations.send(declared.id, sent(picture()))  # it may still come, for another job
    again = await submitted(backend, account, "many", inputs={"image": declared.id})
    assert again.state is JobState.QUEUED


@pytest.mark.asyncio
async def test_an_input_whose_time_is_over_is_told_from_an_unknown_one(backend, account):
    file = await backend.files.put(account, picture())
    unsent = await backend.declarations.declare(account, Declaration())
    await backend.database.run("UPDATE files SET expires_at = now()")
    for _ in range(2):  # before the sweep, and after it
        for file_id in (file.id, unsent.id):
            with pytest.raises(FileExpiredError):
                await submitted(backend, account, inputs={"image": file_id})
            order = Order(account=account, effect="noop", inputs={"image": file_id}, expired_inputs_fail=True)
            job = (await backend.jobs.submit(order)).job
            assert (job.state, job.failure.code) == (JobState.FAILED, "input_gone")
        with pytest.raises(FileExpiredError):
            await backend.declarations.send(unsent.id, sent(picture()))
        assert (await backend.files.list(account))[0] == ()
        await backend.files.sweep(100)
    with pytest.raises(FileMissingError):
        await backend.blobs.head(file.key)
    await backend.database.run("UPDATE files SET expires_at = now() - interval '31 days'")
    await backend.files.sweep(100)
    assert await count(backend, "files") == 0


@pytest.mark.asyncio
async def test_a_clip_is_a_file_without_photo_facts_where_clips_are_taken(backend, account):
    clip = movie(4.0)
    with pytest.raises(UnsupportedPhotoError):
        await backend.files.put(account, clip)
    file = await backend.files.put(account, clip, accepted="photos and clips")
    assert (file.format, file.media_type, file.photo, file.seconds) == ("mp4", "video/mp4", None, 4.0)
    assert file.name.endswith(".mp4")
    with pytest.raises(UnsupportedPhotoError):
        (await backend.files.get(account, file.id)).as_photo()
