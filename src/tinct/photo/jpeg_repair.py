"""JPEG files that break a rule without losing a pixel, made to keep it.

libjpeg is asked to take every warning for an error, because most of them mean gray filler instead of pixels. What
follows means none: stray bytes between segments, an unknown JFIF version or Adobe transform, scan parameters that
a sequential scan has no use for, a height that is told behind the first scan, a missing end marker.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from tinct.photo.headers import Malformed, jpeg_height, jpeg_segments, need

__all__ = ["Repaired", "repaired"]

_SCAN_CAP = 1000
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_ALL_COEFFICIENTS = 63
_END = b"\xff\xd9"
_FILLER = b"\xa5\x5a\xc3\x3c" * 32  # no code that anybody would leave out
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


@dataclass(frozen=True, slots=True)
class Repaired:
    """A file by the rules."""

    data: bytes
    other: bytes | None
    """Where the end mark was missing: the same with other bytes behind the last ones. The pixels are all there
    exactly if both decode to the same."""


def repaired(data: bytes) -> Repaired | None:
    """The file by the rules, or None where it keeps them already or pixels are missing."""
    try:
        body, ended = _rewritten(data)
    except (Malformed, StopIteration, struct.error, IndexError):
        return None
    made = body + _END
    return None if made == data else Repaired(made, None if ended else body + _FILLER + _END)


class _Coverage:
    """Which coefficients the scans have brought, and to which precision."""

    def __init__(self) -> None:
        self.coding = 0
        # Component -> coefficient -> bits that are still to come
        self.missing: dict[int, dict[int, int]] = {}

    def frame(self, coding: int, body: bytes) -> None:
        self.coding = coding
        width = _ALL_COEFFICIENTS + 1 if coding == _PROGRESSIVE else 1
        self.missing = {body[6 + 3 * i]: dict.fromkeys(range(width), 99) for i in range(body[5])}

    def scan(self, body: bytes) -> None:
        first, last, shift = body[-3], body[-2], body[-1] & 15
        for i in range(body[0]):
            left = self.missing.get(body[1 + 2 * i], {})
            for place in range(first, last + 1) if self.coding == _PROGRESSIVE else (0,):
                left[place] = min(left.get(place, 99), shift if self.coding == _PROGRESSIVE else 0)

    @property
    def complete(self) -> bool:
        """Whether every coefficient of every component has come; arithmetic codes do not tell."""
        known = self.coding in (*_SEQUENTIAL, _PROGRESSIVE)
        return known and not any(bits for left in self.missing.values() for bits in left.values())


def _rewritten(data: bytes) -> tuple[bytes, bool]:
    """All but the end mark, and whether that was there."""
    out, at, coverage = [b"\xff\xd8"], 2, _Coverage()
    for _ in range(_SCAN_CAP):
        found = _MARKER.search(data, at)
        if found is None:
            break
        marker, at = found[1][0], found.end()
        if marker == 0xD9:
            return b"".join(out), True
        if marker in (0x01, 0xD8):
            continue
        size = int.from_bytes(need(data, at, 2), "big")
        body, at = need(data, at + 2, size - 2), at + size
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            coverage.frame(marker, body)
        body = _by_the_rules(marker, body, coverage.coding, data)
        out.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)
        if marker == 0xDA:
            coverage.scan(body)
            behind = _MARKER.search(data, at)
            end = behind.start() if behind else len(data)
            out.append(data[at:end])
            at = end
    if not coverage.complete:
        raise Malformed
    return b"".join(out).rstrip(b"\xff"), False


def _channels(data: bytes) -> int:
    return next(body[5] for marker, body in jpeg_segments(data) if marker in (*_SEQUENTIAL, _PROGRESSIVE))


def _by_the_rules(marker: int, body: bytes, coding: int, data: bytes) -> bytes:
    """The content of a segment without what libjpeg warns of."""
    if marker == 0xE0 and body[:5] == b"JFIF\0" and len(body) >= 7 and body[5] != 1:
        return body[:5] + b"\1\1" + body[7:]
    if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12 and body[11] > 2:
        return body[:11] + (b"\2" if _channels(data) == 4 else b"\1") + body[12:]  # as libjpeg takes it
    if marker == 0xDA and coding in _SEQUENTIAL and len(body) >= 6:
        return body[:-3] + bytes((0, _ALL_COEFFICIENTS, 0))
    if 0xC0 <= marker <= 0xC2 and body[1:3] == b"\0\0":
        return body[:1] + struct.pack(">H", jpeg_height(data)) + body[3:]
    return body
