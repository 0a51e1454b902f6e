"""Directories of a TIFF structure made anew."""

from __future__ import annotations

import struct

from tinct.photo.exif import (
    EXIF_IFD,
    GPS_IFD,
    INTEROP_IFD,
    POINTERS,
    Directory,
    byte_order,
    directories,
    directory,
    integer,
)

__all__ = ["Entry", "Tree", "appended", "block_of", "build", "entries_of", "rebuilt", "tree_of"]

Entry = tuple[int, int, int, bytes]  # tag, TIFF type, count, value
Tree = dict[int, list[Entry]]  # of the first directory (0) and those below it, by their pointers' tags

_PARENTS = {INTEROP_IFD: EXIF_IFD, EXIF_IFD: 0, GPS_IFD: 0}  # deepest first


_MOST_BYTES = 8 * 2**20  # of all values of a directory; those of hostile files lie over each other


def entries_of(block: bytes | bytearray, found: Directory, only: frozenset[int] | None = None) -> list[Entry]:
    """The fields of a directory with their values, or those of some tags; pointers are left out."""
    entries, left = [], min(len(block), _MOST_BYTES)
    for f in found.fields:
        if f.tag in POINTERS or (only is not None and f.tag not in only):
            continue
        left -= f.stop - f.start
        if left < 0:
            break
        entries.append((f.tag, f.kind, f.count, bytes(block[f.start : f.stop])))
    return entries


def tree_of(block: bytes | bytearray) -> Tree:
    """All directories of a block but those of thumbnails."""
    return {kind: entries_of(block, found) for kind, found in directories(block, byte_order(block))}


def _table(order: str, entries: list[Entry], at: int) -> bytes:
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


def build(order: str, tree: Tree, at: int) -> tuple[bytes, int]:
    """The bytes of all directories from an even offset on, and where the first one starts among them."""
    tree, out = {kind: list(entries) for kind, entries in tree.items()}, b""
    for kind, parent in _PARENTS.items():
        if tree.get(kind):
            start = at + len(out)
            out += _table(order, tree[kind], start)
            tree.setdefault(parent, []).append((kind, 4, 1, struct.pack(order + "I", start)))
    start = at + len(out)
    return out + _table(order, tree.get(0, []), start), start


def block_of(order: str, tree: Tree) -> bytes:
    """A block of its own: header and all directories."""
    body, start = build(order, tree, 8)
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start) + body


def rebuilt(block: bytes) -> bytes | None:
    """The block made anew from the entries that can be read; None when there are none."""
    tree, order = tree_of(block), byte_order(block)
    new = block_of(order, tree) if any(tree.values()) else None
    return new if new is None or len(new) <= len(block) + 64 else None  # directories that share their values


def appended(block: bytes | None, entries: list[Entry]) -> bytes:
    """A block with these fields in its first directory, which is written anew behind the rest."""
    if block is None:
        return block_of("<", {0: entries})
    order = byte_order(block)
    first = directory(block, order, integer(block, order, 4))
    new = {entry[0] for entry in entries}
    kept = [
        (f.tag, f.kind, f.count, bytes(block[f.start : f.stop])) for f in first.fields if f.tag not in new
    ]
    at = len(block) + (len(block) & 1)
    out = bytearray(block.ljust(at, b"\0") + _table(order, [*kept, *entries], at))
    out[4:8] = struct.pack(order + "I", at)
    return bytes(out)
