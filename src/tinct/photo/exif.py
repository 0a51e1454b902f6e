"""The Exif block (a TIFF structure): what can be read of it, entry by entry.

An entry whose type is unknown or whose value lies outside the block costs itself alone; so does a directory that
is cut off: what is left of it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "COLOR_SPACE",
    "EXIF_IFD",
    "GPS_IFD",
    "INTEROP_IFD",
    "INTEROP_INDEX",
    "ORIENTATION",
    "POINTERS",
    "RESOLUTION_UNIT",
    "X_RESOLUTION",
    "Y_RESOLUTION",
    "Directory",
    "Field",
    "Unreadable",
    "byte_order",
    "directories",
    "directory",
    "integer",
    "is_adobe_rgb",
    "orientation",
    "resolution",
    "value",
]

ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x0112, 0x8769, 0x8825, 0xA005
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
COLOR_SPACE, INTEROP_INDEX = 0xA001, 0x0001
POINTERS = (EXIF_IFD, GPS_IFD, INTEROP_IFD)
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes by TIFF type."""
_MAX_FIELDS = 2000  # in all directories; cameras write about 100
_MM_PER_INCH = 25.4


class Unreadable(Exception):  # noqa: N818 - never leaves this room
    """The block is no TIFF structure, or holds more than a photo's does."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a directory: tag, TIFF type, count, and where entry and value lie in the block."""

    tag: int
    kind: int
    count: int
    entry: int  # offset of the 12-byte entry
    start: int  # offset of the value
    stop: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory as far as it can be read."""

    at: int
    fields: list[Field]
    entries: int
    """Entries in the block, readable or not."""
    damaged: bool
    """Whether an entry, or the end of the directory, is missing."""

    @property
    def end(self) -> int:
        """Where the offset of the next directory is."""
        return self.at + 2 + 12 * self.entries

    def get(self, tag: int) -> Field | None:
        """The first field of that tag."""
        return next((field for field in self.fields if field.tag == tag), None)


def byte_order(block: bytes | bytearray) -> str:
    """The `struct` sign of a block's byte order."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
    if order is None or len(block) < 8:
        raise Unreadable
    return order


def integer(block: bytes | bytearray, order: str, at: int, size: int = 4) -> int:
    """An unsigned integer of the block."""
    if at < 0 or at + size > len(block):
        raise Unreadable
    return int.from_bytes(block[at : at + size], "little" if order == "<" else "big")


def directory(block: bytes | bytearray, order: str, at: int, only: frozenset[int] | None = None) -> Directory:
    """The directory at an offset, or only its fields with certain tags."""
    count = integer(block, order, at, 2)
    there = min(count, (len(block) - at - 2) // 12)
    if there > _MAX_FIELDS:
        raise Unreadable
    found, damaged = [], there < count
    for entry in range(at + 2, at + 2 + 12 * there, 12):
        tag, kind = integer(block, order, entry, 2), integer(block, order, entry + 2, 2)
        if only is not None and tag not in only:
            continue
        number = integer(block, order, entry + 4)
        size = number * SIZES.get(kind, 0)
        start = entry + 8 if size <= 4 else integer(block, order, entry + 8)
        if not size or start < 8 or start + size > len(block):
            damaged = True
            continue
        found.append(Field(tag, kind, number, entry, start, start + size))
    return Directory(at, found, there, damaged)


def value(block: bytes | bytearray, order: str, field: Field) -> int:
    """The first integer of a field."""
    return integer(block, order, field.start, min(SIZES[field.kind], 4))


def directories(block: bytes | bytearray, order: str) -> Iterator[tuple[int, Directory]]:
    """The first directory (as 0) and those below it by their pointers' tags; each once."""
    waiting, seen, total = [(0, integer(block, order, 4))], set(), 0
    while waiting:
        kind, at = waiting.pop(0)
        if at in seen:
            continue
        seen.add(at)
        try:
            found = directory(block, order, at)
        except Unreadable:
            if kind == 0:
                raise
            continue
        total += found.entries
        if total > _MAX_FIELDS:
            raise Unreadable
        yield kind, found
        waiting += [(f.tag, value(block, order, f)) for f in found.fields if f.tag in POINTERS]


def _fields(block: bytes | None, kind: int) -> tuple[str, dict[int, Field]]:
    """Byte order and fields of one kind of directory; no fields where they cannot be read."""
    try:
        if block is not None:
            order = byte_order(block)
            for name, found in directories(block, order):
                if name == kind:
                    return order, {f.tag: f for f in reversed(found.fields)}
    except Unreadable:
        pass
    return "<", {}


def orientation(block: bytes | None) -> int | None:
    """The orientation 1..8 that a block names, or None."""
    order, fields = _fields(block, 0)
    field = fields.get(ORIENTATION)
    if block is None or field is None or field.kind not in (1, 3, 4):
        return None
    found = value(block, order, field)
    return found if 1 <= found <= 8 else None


def resolution(block: bytes | None) -> tuple[float, float] | None:
    """Pixels per inch across and down that a block names, or None."""
    order, fields = _fields(block, 0)
    sides = [fields.get(X_RESOLUTION), fields.get(Y_RESOLUTION)]
    unit = fields.get(RESOLUTION_UNIT)
    scale = {2: 1.0, 3: _MM_PER_INCH / 10}.get(value(block, order, unit) if block and unit else 2)
    found = []
    for field in sides:
        if block is None or scale is None or field is None or field.kind not in (5, 10):
            return None
        above, below = struct.unpack(order + "II", block[field.start : field.start + 8])
        found.append(scale * above / below if below else 0.0)
    return (found[0], found[1]) if min(found) > 0 else None


def is_adobe_rgb(block: bytes | None) -> bool:
    """Whether a block says that the pixels are Adobe RGB (1998).

    By the interoperability index R03 of DCF 2.0, which goes with "uncalibrated", or by the value 2 that some
    cameras write as colour space.
    """
    order, fields = _fields(block, EXIF_IFD)
    space = fields.get(COLOR_SPACE)
    named = value(block, order, space) if block and space else None
    if named is not None and named not in (2, 0xFFFF):
        return False
    _, fields = _fields(block, INTEROP_IFD)
    index = fields.get(INTEROP_INDEX)
    if named == 2:
        return True
    return bool(block and index and block[index.start : index.start + 3] == b"R03")
