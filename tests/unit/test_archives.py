"""ZIPs: their size is known before a byte is read, also where they are large."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tinct.errors import ParameterError
from tinct.jobs.archives import Archives, packed
from tinct.jobs.file import File


class Bytes:
    """Files whose bytes are their ids, over and over."""

    async def open(self, file: File) -> AsyncIterator[bytes]:
        async def chunks() -> AsyncIterator[bytes]:
            data = content(file)
            for start in range(0, len(data), 1000):
                yield data[start : start + 1000]

        return chunks()


def content(file: File) -> bytes:
    return (file.id.encode() * (file.size // len(file.id) + 1))[: file.size]


def file(number: int, size: int, year: int = 2026) -> File:
    at = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    return File(
        id=f"file_{number}", account="acct", key="k", name="n", media_type="image/png", size=size, etag=str(number),
        format="png", photo=None, seconds=None, job_id=None, role=None, created_at=at, expires_at=at,
    )  # fmt: skip


async def whole(archive, start=0, end=None) -> bytes:
    archives = Archives.__new__(Archives)
    archives._files = Bytes()
    return b"".join([piece async for piece in archives.stream(archive, start, end)])


@pytest.mark.parametrize("limit", [None, 5000])
@pytest.mark.asyncio
async def test_the_size_is_known_before_also_beyond_the_limit_of_zip64(monkeypatch, limit):
    if limit is not None:
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    found = [(f"größe {number}.png", file(number, 1500 + number)) for number in range(20)]
    archive = packed(found)
    data = await whole(archive)
    assert len(data) == archive.size
    assert (b"PK\x06\x06" in data) == (limit is not None)
    if limit is None:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            assert opened.testzip() is None
            assert [opened.read(name) for name in opened.namelist()] == [content(one) for _, one in found]


@pytest.mark.asyncio
async def test_every_part_is_the_same_bytes():
    archive = packed([(f"{number}.png", file(number, 3000)) for number in range(3)])
    data = await whole(archive)
    for start, end in ((0, 1), (29, 31), (3000, 3100), (archive.size - 1, archive.size), (10, archive.size)):
        assert await whole(archive, start, end) == data[start:end]


def test_names_are_safe_and_differ_also_on_disks_that_do_not_tell_case_apart():
    names = ["a.png", "A.PNG", "a.png", "../../etc/passwd", "con.png", "a (2).png", ""]
    archive = packed([(name, file(number, 10)) for number, name in enumerate(names)])
    found = [entry.name for entry in archive.entries]
    assert found == ["a.png", "A (2).PNG", "a (3).png", "passwd", "_con.png", "a (2) (2).png", "result"]
    assert len({name.lower() for name in found}) == len(found)


def test_a_file_that_is_too_large_for_a_plain_zip_is_refused_in_a_sentence():
    with pytest.raises(ParameterError, match="by itself"):
        packed([("film.mp4", file(1, 2**31))])


def test_a_clock_before_1980_does_no_harm():
    assert packed([("a.png", file(1, 10, year=1971))]).entries
