"""The Exif block: read its orientation, correct it, and take out what must not travel.

A block is edited in place, so that makers' notes, whose insides point at absolute offsets, stay readable:
what is removed is overwritten with zeros. A block that cannot be followed to its end is dropped whole,
because nobody can say that it hides no position.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "EXIF_IFD",
    "GPS_IFD",
    "ORIENTATION",
    "Field",
    "Unreadable",
    "byte_order",
    "fields",
    "integer",
    "orientation",
    "sanitized",
    "value",
    "with_size",
    "without_gps",
]

ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x0112, 0x8769, 0x8825, 0xA005
WIDTHS, HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
}  # bytes by TIFF type
_MAX_FIELDS = 2000  # in all directories; cameras write about 100
_MAX_CHAIN = 8  # directories after the first; there is one, the thumbnail's


class Unreadable(Exception):  # noqa: N818 - never leaves this room
    """The block points outside itself or makes no sense."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a directory: tag, TIFF type, count, and where entry and value lie in the block."""

    tag: int
    kind: int
    count: int
    entry: int  # offset of the 12-byte entry
    start: int  # offset of the value
    stop: int


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


def fields(block: bytes | bytearray, order: str, at: int, only: frozenset[int] | None = None) -> list[Field]:
    """The fields of the directory at an offset, or only those with certain tags."""
    count = integer(block, order, at, 2)
    if count > _MAX_FIELDS or at + 2 + 12 * count > len(block):
        raise Unreadable
    found = []
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = integer(block, order, entry, 2), integer(block, order, entry + 2, 2)
        if only is not None and tag not in only:
            continue
        number = integer(block, order, entry + 4)
        size = number * _SIZES.get(kind, 1)
        start = entry + 8 if size <= 4 else integer(block, order, entry + 8)
        if start + size > len(block):
            raise Unreadable
        found.append(Field(tag, kind, number, entry, start, start + size))
    return found


def value(block: bytes | bytearray, order: str, field: Field) -> int:
    """The first integer of a field."""
    return integer(block, order, field.start, min(_SIZES.get(field.kind, 1), 4))


def orientation(block: bytes | None) -> int:
    """The orientation 1..8 that a block names; 1 when it names none."""
    try:
        if block is not None:
            order = byte_order(block)
            for field in fields(block, order, integer(block, order, 4)):
                if field.tag == ORIENTATION and field.kind in (1, 3, 4):
                    found = value(block, order, field)
                    return found if 1 <= found <= 8 else 1
    except Unreadable:
        pass
    return 1


def directories(block: bytes | bytearray, order: str) -> Iterator[tuple[int, list[Field]]]:
    """The offset and fields of the first directory, then of each one below it; each once."""
    waiting, seen, total = [integer(block, order, 4)], set(), 0
    while waiting:
        at = waiting.pop(0)
        if at in seen:
            continue
        seen.add(at)
        found = fields(block, order, at)
        total += len(found)
        if total > _MAX_FIELDS:
            raise Unreadable
        yield at, found
        waiting += [value(block, order, f) for f in found if f.tag in (EXIF_IFD, INTEROP_IFD)]


def _erase(block: bytearray, start: int, stop: int) -> None:
    stop = min(stop, len(block))
    if start < stop:
        block[start:stop] = bytes(stop - start)


def _erase_directory(block: bytearray, order: str, at: int) -> None:
    """Overwrite a directory and all its values."""
    found = fields(block, order, at)
    for field in found:
        if field.start != field.entry + 8:
            _erase(block, field.start, field.stop)
    _erase(block, at, at + 2 + 12 * len(found) + 4)


def _remove_field(block: bytearray, order: str, at: int, tag: int) -> None:
    """Take a field out of a directory; those behind it move up."""
    found = fields(block, order, at)
    kept = [bytes(block[f.entry : f.entry + 12]) for f in found if f.tag != tag]
    end = at + 2 + 12 * len(found)
    table = struct.pack(order + "H", len(kept)) + b"".join(kept) + bytes(block[end : end + 4])
    _erase(block, at, end + 4)
    block[at : at + len(table)] = table


def _strip_gps(block: bytearray, order: str) -> None:
    for at, found in list(directories(block, order)):
        pointers = [value(block, order, f) for f in found if f.tag == GPS_IFD]
        if pointers:
            _remove_field(block, order, at, GPS_IFD)
        for pointer in pointers:
            _erase_directory(block, order, pointer)


def _strip_thumbnail(block: bytearray, order: str) -> None:
    """Cut the chain after the first directory and erase what hung on it; it shows the old colours."""
    first = integer(block, order, 4)
    link = first + 2 + 12 * len(fields(block, order, first))
    if link + 4 > len(block):
        return
    at, seen = integer(block, order, link), {first}
    block[link : link + 4] = bytes(4)
    while at and at not in seen:
        seen.add(at)
        if len(seen) > _MAX_CHAIN:
            raise Unreadable
        found = {f.tag: f for f in fields(block, order, at)}
        end = at + 2 + 12 * len(found)
        following = integer(block, order, end) if end + 4 <= len(block) else 0
        if 0x0201 in found and 0x0202 in found:  # where the JPEG thumbnail starts, and its length
            start = value(block, order, found[0x0201])
            _erase(block, start, start + value(block, order, found[0x0202]))
        _erase_directory(block, order, at)
        at = following


def _put(block: bytearray, order: str, field: Field, kind: int, number: int) -> None:
    """Write one SHORT (3) or LONG (4) into a field."""
    packed = struct.pack(
        order + ("HHIHH" if kind == 3 else "HHII"), field.tag, kind, 1, number, *[0] * (kind == 3)
    )
    block[field.entry : field.entry + 12] = packed


def sanitized(block: bytes | None) -> bytes | None:
    """A block for an upright photo: orientation 1, no thumbnail, nothing behind its last value.

    Parameters
    ----------
    block : bytes or None
        An Exif block as read: a TIFF structure, without the ``Exif`` prefix.

    Returns
    -------
    bytes or None
        None when there is no block or it cannot be followed.
    """
    if block is None:
        return None
    edited = bytearray(block)
    try:
        order = byte_order(edited)
        _strip_thumbnail(edited, order)
        used = 8
        for _, found in list(directories(edited, order)):
            for field in found:
                used = max(used, field.stop, field.entry + 16)
                if field.tag == ORIENTATION:
                    _put(edited, order, field, 3, 1)
                if field.tag == GPS_IFD:
                    below = fields(edited, order, value(edited, order, field))
                    used = max([used, *(max(f.stop, f.entry + 16) for f in below)])
    except Unreadable:
        return None
    return bytes(edited[:used])


def without_gps(block: bytes | None) -> bytes | None:
    """The same block without its position directory, whose bytes are overwritten."""
    if block is None:
        return None
    edited = bytearray(block)
    try:
        _strip_gps(edited, byte_order(edited))
    except Unreadable:
        return None
    return bytes(edited)


def with_size(block: bytes | None, width: int, height: int) -> bytes | None:
    """The same block with the picture's size, where it names one."""
    if block is None:
        return None
    edited = bytearray(block)
    try:
        order = byte_order(edited)
        for _, found in list(directories(edited, order)):
            for field in found:
                if field.tag in WIDTHS + HEIGHTS:
                    _put(edited, order, field, 4, width if field.tag in WIDTHS else height)
    except Unreadable:
        return None
    return bytes(edited)
