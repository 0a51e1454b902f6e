"""Clips whose headers lie about their pictures are kept as what nothing is known of."""

import struct

import pytest

from tinct.jobs.received import receive
from tinct.settings import Settings

pytestmark = pytest.mark.asyncio


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + name + content


def clip(frames: int) -> bytes:
    """The header of an MP4 of 320 x 240 pixels that says it has so many pictures."""
    head = b"\0" * 12 + struct.pack(">II", 1000, 3000) + b"\0" * 80
    track = box(b"tkhd", b"\0" * 76, struct.pack(">II", 320 << 16, 240 << 16))
    table = box(b"stbl", box(b"stsz", struct.pack(">III", 0, 1, frames)))
    media = box(b"mdia", box(b"hdlr", b"\0" * 8 + b"vide" + b"\0" * 13), box(b"minf", table))
    return box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", box(b"mvhd", head), box(b"trak", track, media))


@pytest.mark.parametrize(
    ("frames", "believed"), [(90, True), (5000, False), (2**31, False), (2**32 - 1, False)]
)
async def test_more_pictures_than_bytes_are_not_believed(tmp_path, frames, believed):
    async with receive(clip(frames), tmp_path, 10_000, "anything", Settings()) as received:
        facts = received.facts
    assert facts.format == "mp4"
    assert (facts.clip is not None) == believed
