"""Exif in TIFF files, where it is not a block but directories among those of the picture."""

from __future__ import annotations

import struct
from typing import BinaryIO

from tinct.photo.exif import (
    ORIENTATION,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Unreadable,
    byte_order,
    directories,
)
from tinct.photo.exif_build import Entry, Tree, block_of, build, entries_of, tree_of

__all__ = ["append_to_tiff", "read_from_tiff"]

_RESOLUTION = frozenset((X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT))
# What a directory tells about the photo rather than about the layout of its pixels.
_DESCRIPTIVE = _RESOLUTION | {
    0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F,
}  # fmt: skip
_UNITS = {3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8}  # bytes that turn together, by TIFF type


def read_from_tiff(data: bytes) -> bytes | None:
    """The Exif of a TIFF file as a block of its own, orientation included; None when there is none."""
    try:
        order = byte_order(data)
        tree = {
            kind: entries_of(data, found, None if kind else _DESCRIPTIVE | {ORIENTATION})
            for kind, found in directories(data, order)
        }
    except Unreadable:
        return None
    return block_of(order, tree) if any(tree.values()) else None


def append_to_tiff(
    file: BinaryIO, block: bytes | None, *, resolution: bool, more: tuple[Entry, ...] = ()
) -> None:
    """Complete the first directory of a TIFF file just written.

    The directory is written anew at the end of the file, with the fields of an Exif block, and the header then
    points to it; the pixels stay where they are. A block that cannot be followed is left out.

    Parameters
    ----------
    file : binary file
    block : bytes or None
    resolution : bool
        Whether the resolution that the file names is the photo's; otherwise it is made one without unit.
    more : tuple
        Further fields of the first directory, whose bytes need no order.
    """
    tree: Tree = {0: []}
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    if block is not None:
        try:
            source, tree = byte_order(block), tree_of(block)
        except Unreadable:
            source, tree = order, {0: []}
        tree[0] = [entry for entry in tree[0] if entry[0] in _DESCRIPTIVE]
        if order != source:
            tree = {kind: _turned(entries) for kind, entries in tree.items()}
    written = {entry[0]: entry for entry in _written(file, order)}
    new = {entry[0]: entry for entry in tree[0] if entry[0] not in _RESOLUTION}
    if not resolution:
        new[RESOLUTION_UNIT] = (RESOLUTION_UNIT, 3, 1, struct.pack(order + "HH", 1, 0))
    tree[0] = [*(written | new).values(), *more]
    size = file.seek(0, 2)
    at = size + (size & 1)
    body, start = build(order, tree, at)
    file.write(b"\0" * (size & 1) + body)
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
