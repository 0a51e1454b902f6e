"""Uploads in parts: order, sizes, replacement, ends, and what is left of those that nobody finishes."""

import asyncio
import hashlib
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tinct.backend import Backend
from tinct.errors import (
    DigestError,
    FileMissingError,
    MultipartMissingError,
    ObjectMissingError,
    ParameterError,
    PartMissingError,
    PartOrderError,
    PartSizeError,
)
from tinct.jobs.retention import expire
from tinct.objects.buckets import Bucket
from tinct.objects.checksums import crc64
from tinct.objects.multipart import SMALLEST_PART, Part, Upload

pytestmark = pytest.mark.asyncio

FIRST = np.random.default_rng(1).bytes(SMALLEST_PART + 3)
SECOND = np.random.default_rng(2).bytes(SMALLEST_PART)
LAST = b"the end"


@pytest_asyncio.fixture
async def photos(backend: Backend, account: str) -> Bucket:
    return await backend.buckets.create(account, "photos")


@pytest_asyncio.fixture
async def upload(backend: Backend, photos: Bucket) -> Upload:
    return await backend.multipart.start(photos, "a/b", headers={"content-type": "image/png"}, public=True)


async def fed(backend: Backend, upload: Upload, **parts: bytes) -> dict[int, tuple[int, str]]:
    """Number and ETag of parts given as ``_1=b"..."``."""
    found: dict[int, Part] = {}
    for name, data in parts.items():
        found[int(name[1:])] = await backend.multipart.put_part(upload, int(name[1:]), data)
    return {number: (part.number, part.etag) for number, part in found.items()}


async def numbers(backend: Backend, table: str) -> int:
    counts = {
        "contents": "SELECT count(*) AS n FROM contents",
        "parts": "SELECT count(*) AS n FROM multipart_parts",
    }
    row = await backend.database.one(counts[table])
    assert row
    return int(row["n"])


async def age(backend: Backend, *, hours: int = 2) -> None:
    past = f"interval '{hours} hours'"
    async with backend.database.connection() as connection:
        await connection.execute(f"UPDATE contents SET unused_since = unused_since - {past}")
        await connection.execute(f"UPDATE multipart_uploads SET created_at = created_at - {past}")
        await connection.execute(f"UPDATE multipart_parts SET modified_at = modified_at - {past}")


async def test_parts_sent_in_any_order_become_one_object(backend, photos, upload):
    parts = await fed(backend, upload, _7=LAST, _2=SECOND, _1=FIRST)
    with pytest.raises(ObjectMissingError):
        await backend.objects.get(photos, "a/b")
    made = await backend.multipart.complete(upload, [parts[1], parts[2], parts[7]])
    data = FIRST + SECOND + LAST
    digests = b"".join(hashlib.md5(part).digest() for part in (FIRST, SECOND, LAST))
    assert made == await backend.objects.get(photos, "a/b")
    assert made.etag == f"{hashlib.md5(digests).hexdigest()}-3"
    assert (made.size, made.crc64) == (len(data), crc64(data))
    assert (made.headers, made.public) == ({"content-type": "image/png"}, True)
    for start, end in ((0, len(data)), (len(FIRST) - 2, len(FIRST) + 2), (len(data) - 9, len(data)), (5, 6)):
        got = b"".join([chunk async for chunk in backend.objects.stream(made, start, end)])
        assert got == data[start:end]


async def test_finishing_leaves_nothing_but_the_object(backend, photos, upload):
    parts = await fed(backend, upload, _1=FIRST, _2=LAST, _3=b"not wanted")
    await fed(backend, upload, _2=b"replaced")
    parts |= await fed(backend, upload, _2=LAST)
    made = await backend.multipart.complete(upload, [parts[1], parts[2]])
    await age(backend)
    await expire(backend)
    assert (await numbers(backend, "parts"), await numbers(backend, "contents")) == (0, 1)
    assert b"".join([chunk async for chunk in backend.objects.stream(made)]) == FIRST + LAST
    assert await backend.blobs.delete_prefix("objects") == 2


async def test_an_object_of_parts_can_be_copied_and_goes_whole(backend, photos, upload):
    parts = await fed(backend, upload, _1=FIRST, _2=LAST)
    made = await backend.multipart.complete(upload, list(parts.values()))
    copied = await backend.objects.copy(made, photos, "copy")
    await backend.objects.delete(photos, "a/b")
    await age(backend)
    await expire(backend)
    assert b"".join([chunk async for chunk in backend.objects.stream(copied)]) == FIRST + LAST
    await backend.objects.delete(photos, "copy")
    await age(backend)
    await expire(backend)
    assert await backend.blobs.delete_prefix("objects") == 0


async def test_a_small_part_is_refused_unless_it_is_the_last(backend, upload):
    parts = await fed(backend, upload, _1=b"x" * (SMALLEST_PART - 1), _2=LAST)
    with pytest.raises(PartSizeError):
        await backend.multipart.complete(upload, [parts[1], parts[2]])
    await backend.multipart.complete(upload, [parts[2]])


async def test_parts_that_were_not_sent_or_differ_are_refused_and_the_upload_stays(backend, upload):
    parts = await fed(backend, upload, _1=FIRST, _2=LAST)
    wrong: list[Any] = [[parts[1], (3, parts[2][1])], [(1, parts[2][1])], [(1, "")], [(2**40, "x")], []]
    for wanted in wrong:
        with pytest.raises(PartMissingError):
            await backend.multipart.complete(upload, wanted)
    for wanted in ([parts[2], parts[1]], [parts[1], parts[1]]):
        with pytest.raises(PartOrderError):
            await backend.multipart.complete(upload, wanted)
    quoted = [(number, f'"{etag.upper()}"') for number, etag in parts.values()]
    await backend.multipart.complete(upload, quoted)


async def test_a_part_number_is_1_to_10000(backend, upload):
    for number in (0, -1, 10_001):
        with pytest.raises(ParameterError):
            await backend.multipart.put_part(upload, number, b"x")
    await backend.multipart.put_part(upload, 10_000, b"x")


async def test_a_part_with_another_md5_is_refused(backend, upload):
    with pytest.raises(DigestError):
        await backend.multipart.put_part(upload, 1, b"x", md5=hashlib.md5(b"y").digest())
    assert await backend.multipart.parts(upload) == ((), False)


async def test_an_upload_that_ended_takes_nothing_more(backend, photos, upload):
    parts = await fed(backend, upload, _1=LAST)
    await backend.multipart.complete(upload, [parts[1]])
    for act in (
        backend.multipart.get(photos, "a/b", upload.id),
        backend.multipart.put_part(upload, 2, b"x"),
        backend.multipart.complete(upload, [parts[1]]),
        backend.multipart.abort(upload),
    ):
        with pytest.raises(MultipartMissingError):
            await act


async def test_an_upload_is_found_for_its_own_key_alone(backend, photos, upload, account):
    other = await backend.buckets.create(account, "other")
    assert await backend.multipart.get(photos, "a/b", upload.id) == upload
    for bucket, key, name in (
        (photos, "a/c", upload.id),
        (other, "a/b", upload.id),
        (photos, "a/b", "upload_1"),
        (photos, "a/b", "\0"),
    ):
        with pytest.raises(MultipartMissingError):
            await backend.multipart.get(bucket, key, name)


async def test_an_aborted_upload_leaves_nothing(backend, upload):
    await fed(backend, upload, _1=FIRST, _2=LAST)
    await backend.multipart.abort(upload)
    await age(backend)
    await expire(backend)
    assert (await numbers(backend, "parts"), await numbers(backend, "contents")) == (0, 0)
    assert await backend.blobs.delete_prefix("objects") == 0


async def test_an_abandoned_upload_goes_but_one_that_still_gets_parts_stays(backend, photos, upload):
    alive = await backend.multipart.start(photos, "alive")
    await fed(backend, upload, _1=LAST)
    await fed(backend, alive, _1=LAST)
    await age(backend, hours=24 * 7 + 1)
    await fed(backend, alive, _2=LAST)
    await expire(backend)
    assert (await backend.multipart.list(photos)).uploads == (
        await backend.multipart.get(photos, "alive", alive.id),
    )
    await age(backend)
    await expire(backend)
    assert await numbers(backend, "contents") == 2


async def test_parts_are_listed_in_order_and_in_pages(backend, upload):
    await fed(backend, upload, _3=b"3", _1=b"1", _2=b"2")
    parts, more = await backend.multipart.parts(upload, limit=2)
    assert ([part.number for part in parts], more) == ([1, 2], True)
    assert (parts[0].size, parts[0].etag) == (1, hashlib.md5(b"1").hexdigest())
    parts, more = await backend.multipart.parts(upload, after=2, limit=1)
    assert ([part.number for part in parts], more) == ([3], False)


async def test_uploads_are_listed_by_key_and_age_in_pages(backend, photos):
    made = [await backend.multipart.start(photos, key) for key in ("b", "a", "b", "c/x", "Z", "照")]
    first, second, third, fourth, zed, photo = made
    ordered = (zed, second, first, third, fourth, photo)
    whole = await backend.multipart.list(photos)
    assert (whole.uploads, whole.prefixes, whole.next) == (ordered, (), None)
    page = await backend.multipart.list(photos, limit=3)
    assert (page.uploads, page.next) == (ordered[:3], ("b", first.id))
    assert (await backend.multipart.list(photos, after=page.next)).uploads == ordered[3:]
    assert (await backend.multipart.list(photos, after=("b", ""))).uploads == ordered[4:]
    assert (await backend.multipart.list(photos, prefix="c/")).uploads == (fourth,)
    assert (await backend.multipart.list(photos, prefix="\0")).uploads == ()


async def test_a_delimiter_folds_uploads_into_prefixes(backend, photos):
    for key in ("a/1", "a/2/3", "a/2/4", "a/2/4", "b", "c/1"):
        await backend.multipart.start(photos, key)
    found = await backend.multipart.list(photos, delimiter="/")
    assert ([each.key for each in found.uploads], found.prefixes) == (["b"], ("a/", "c/"))
    found = await backend.multipart.list(photos, prefix="a/", delimiter="/")
    assert ([each.key for each in found.uploads], found.prefixes) == (["a/1"], ("a/2/",))
    seen, page = [], await backend.multipart.list(photos, delimiter="/", limit=1)
    while page.next:
        seen.append(page.next[0])
        page = await backend.multipart.list(photos, delimiter="/", limit=1, after=page.next)
    assert (seen, page.prefixes) == (["a/", "b"], ("c/",))


async def test_one_of_many_that_finish_at_once_does(backend, photos, upload):
    parts = await fed(backend, upload, _1=FIRST, _2=LAST)
    tries = [backend.multipart.complete(upload, list(parts.values())) for _ in range(5)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, MultipartMissingError) for each in found) == 4
    made = await backend.objects.get(photos, "a/b")
    assert b"".join([chunk async for chunk in backend.objects.stream(made)]) == FIRST + LAST


async def test_parts_replaced_while_the_upload_finishes_never_mix(backend, photos, upload):
    parts = await fed(backend, upload, _1=FIRST, _2=LAST)
    await asyncio.gather(
        backend.multipart.complete(upload, list(parts.values())),
        *(backend.multipart.put_part(upload, 1, SECOND) for _ in range(4)),
        return_exceptions=True,
    )
    await age(backend)
    await expire(backend)
    try:
        made = await backend.objects.get(photos, "a/b")
    except ObjectMissingError:  # a replacement came first: the list named another ETag
        (part, _), _ = await backend.multipart.parts(upload)
        assert part.etag == hashlib.md5(SECOND).hexdigest()
        return
    assert b"".join([chunk async for chunk in backend.objects.stream(made)]) == FIRST + LAST
    with pytest.raises(FileMissingError):
        await backend.blobs.head("objects/none")
