"""A look at a clip's header: which container it is and how long it runs, before anything is decoded.

ISO base media files (MP4, QuickTime; ISO/IEC 14496-12) and WebM. Only boxes are read, in Python.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["MEDIA_TYPES", "Header", "kind", "read"]

MEDIA_TYPES: Final = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}
"""Format -> media type."""
_MP4_BRANDS: Final = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"dash",
)
_MOST_BOXES: Final = 10_000  # looked at; a file of many fragments has a few thousand


@dataclass(frozen=True, slots=True)
class Header:
    """What a clip's header says."""

    format: str
    """One of the keys of `MEDIA_TYPES`."""
    seconds: float | None
    """How long it runs; None where the header does not say."""
    width: int | None = None
    """Pixels of a stored frame; this and the next two are None where the header does not say."""
    height: int | None = None
    frames: int | None = None


def read(data: bytes) -> Header | None:
    """The header of a clip; None for anything else.

    Parameters
    ----------
    data : bytes
        The whole file.
    """
    found = kind(data)
    if found is None or found == "webm":
        return None if found is None else Header(found, None)
    return Header(found, _seconds(data), *(_picture(data) or ()))


def kind(data: bytes) -> str | None:
    """Which of `MEDIA_TYPES` a file is, by its first bytes; None for anything else."""
    if data[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in bytes(data[:64]):
        return "webm"
    if data[4:8] != b"ftyp":
        return None
    size = int.from_bytes(data[:4], "big")
    brands = {bytes(data[8:12])} | {bytes(data[at : at + 4]) for at in range(16, min(size, 256), 4)}
    if b"qt  " in brands:
        return "mov"
    return "mp4" if brands.intersection(_MP4_BRANDS) else None


def _seconds(data: bytes) -> float | None:
    """Duration from the movie header box (14496-12, 8.2.2)."""
    try:
        for kind, start, end in _boxes(data, 0, len(data)):
            if kind == b"moov":
                for inner, at, _ in _boxes(data, start, end):
                    if inner == b"mvhd":
                        return _duration(data, at)
    except struct.error:
        pass
    return None


def _picture(data: bytes) -> tuple[int, int, int] | None:
    """Width, height and frames of the first track of pictures (14496-12, 8.3.2, 8.4.3, 8.7.3)."""
    try:
        for _, start, end in _inside(data, 0, len(data), b"moov", b"trak"):
            handlers = [
                bytes(data[at + 8 : at + 12]) for _, at, _ in _inside(data, start, end, b"mdia", b"hdlr")
            ]
            if b"vide" not in handlers:
                continue
            headers = [(at, stop) for _, at, stop in _inside(data, start, end, b"tkhd")]
            sizes = [at for _, at, _ in _inside(data, start, end, b"mdia", b"minf", b"stbl", b"stsz")]
            if headers and sizes:
                # 16.16, at the end of the box
                width, height = struct.unpack_from(">II", data, headers[0][1] - 8)
                (frames,) = struct.unpack_from(">I", data, sizes[0] + 8)
                if width >> 16 and height >> 16 and frames:
                    return width >> 16, height >> 16, frames
    except struct.error:
        pass
    return None


def _inside(data: bytes, start: int, end: int, *path: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Boxes at the end of a path of types."""
    for kind, at, stop in _boxes(data, start, end):
        if kind == path[0]:
            if len(path) == 1:
                yield kind, at, stop
            else:
                yield from _inside(data, at, stop, *path[1:])


def _duration(data: bytes, at: int) -> float | None:
    if data[at] == 1:  # version with 64-bit times
        scale, ticks = struct.unpack_from(">IQ", data, at + 20)
        unknown = ticks == 2**64 - 1
    else:
        scale, ticks = struct.unpack_from(">II", data, at + 12)
        unknown = ticks == 2**32 - 1
    return ticks / scale if scale and ticks and not unknown else None


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the content of each box between two offsets."""
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        elif size == 0:
            size = end - at
        if size < start - at or at + size > end:
            return
        yield kind, start, at + size
        at += size
