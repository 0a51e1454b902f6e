"""Exif in TIFF files, where it is not a block but directories among those of the picture."""

from __future__ import annotations

import struct
from typing import BinaryIO

from tinct.photo.exif import EXIF_IFD, GPS_IFD, ORIENTATION, Unreadable, byte_order, fields, integer, value

__all__ = ["append_to_tiff", "read_from_tiff"]

Entry = tuple[int, int, int, bytes]  # tag, TIFF type, count, value

# What a directory tells about the photo rather than about the layout of its pixels.
_DESCRIPTIVE = frozenset(
    (0x010D, 0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298)
)
_UNITS = {3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8}  # bytes that turn together, by TIFF type
_POINTERS = frozenset((EXIF_IFD, GPS_IFD, 0xA005))


def _entries(data: bytes | bytearray, order: str, at: int, only: frozenset[int] | None = None) -> list[Entry]:
    """The fields of a directory with their values, pointers to other directories left out."""
    return [
        (f.tag, f.kind, f.count, bytes(data[f.start : f.stop]))
        for f in fields(data, order, at, only)
        if f.tag not in _POINTERS
    ]


def _children(data: bytes | bytearray, order: str, at: int) -> dict[int, list[Entry]]:
    """The Exif and position directories under the directory at an offset."""
    return {
        f.tag: _entries(data, order, value(data, order, f))
        for f in fields(data, order, at, frozenset((EXIF_IFD, GPS_IFD)))
    }


def _directory(order: str, entries: list[Entry], at: int) -> bytes:
    """A directory to be placed at an even offset, its longer values behind it."""
    entries = sorted(entries)
    tail_at = at + 2 + 12 * len(entries) + 4
    table, tail = struct.pack(order + "H", len(entries)), b""
    for tag, kind, count, content in entries:
        if len(content) <= 4:
            inline = content.ljust(4, b"\0")
        else:
            inline = struct.pack(order + "I", tail_at + len(tail))
            tail += content + b"\0" * (len(content) & 1)
        table += struct.pack(order + "HHI", tag, kind, count) + inline
    return table + bytes(4) + tail


def _with_children(
    order: str, main: list[Entry], children: dict[int, list[Entry]], at: int
) -> tuple[bytes, int]:
    """The bytes of all directories from an even offset on, and where the main one starts among them."""
    out = b""
    for tag, entries in children.items():
        main = [*main, (tag, 4, 1, struct.pack(order + "I", at + len(out)))]
        out += _directory(order, entries, at + len(out))
    start = at + len(out)
    return out + _directory(order, main, start), start


def read_from_tiff(data: bytes) -> bytes | None:
    """The Exif of a TIFF file as a block of its own, orientation included; None when there is none."""
    try:
        order = byte_order(data)
        first = integer(data, order, 4)
        main = _entries(data, order, first, _DESCRIPTIVE | {ORIENTATION})
        children = _children(data, order, first)
    except Unreadable:
        return None
    if not main and not children:
        return None
    directories, start = _with_children(order, main, children, 8)
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start) + directories


def append_to_tiff(file: BinaryIO, block: bytes) -> None:
    """Add an Exif block to the first directory of a TIFF file just written.

    The directory is written anew at the end of the file, with the fields of the block, and the header then
    points to it; the pixels stay where they are. A block that cannot be followed is left out.
    """
    try:
        source = byte_order(block)
        first = integer(block, source, 4)
        main, children = _entries(block, source, first, _DESCRIPTIVE), _children(block, source, first)
    except Unreadable:
        return
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    if order != source:
        main, children = _turned(main), {tag: _turned(entries) for tag, entries in children.items()}
    written = {entry[0]: entry for entry in _written(file, order)}
    written.update((entry[0], entry) for entry in main)
    size = file.seek(0, 2)
    at = size + (size & 1)
    directories, start = _with_children(order, list(written.values()), children, at)
    file.write(b"\0" * (size & 1) + directories)
    file.seek(4)
    file.write(struct.pack(order + "I", start))


def _written(file: BinaryIO, order: str) -> list[Entry]:
    """The fields of a TIFF file's first directory; long values stay where they are, as offsets."""
    file.seek(4)
    file.seek(struct.unpack(order + "I", file.read(4))[0])
    count = struct.unpack(order + "H", file.read(2))[0]
    return [struct.unpack(order + "HHI4s", file.read(12)) for _ in range(count)]


def _turned(entries: list[Entry]) -> list[Entry]:
    """The same fields in the other byte order."""
    out = []
    for tag, kind, count, content in entries:
        unit = _UNITS.get(kind, 1)
        content = b"".join(content[i : i + unit][::-1] for i in range(0, len(content), unit))
        out.append((tag, kind, count, content))
    return out
