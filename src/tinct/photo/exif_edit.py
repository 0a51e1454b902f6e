"""Changes of an Exif block: what the result makes untrue is corrected, what must not travel is taken out.

A sound block is edited in place, so that makers' notes, whose insides point at absolute offsets, stay readable:
what is removed is overwritten with zeros. A damaged block is built anew from the entries that can be read, so
that nothing hides in what cannot.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction

from tinct.photo import exif
from tinct.photo.exif import Directory, Field, Unreadable, byte_order, directories, directory, integer, value
from tinct.photo.exif_build import appended, rebuilt, tree_of

__all__ = ["corrected", "sanitized", "with_color_space", "with_resolution", "with_size", "without_gps"]

_WIDTHS, _HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_OWN_FACTS = (exif.X_RESOLUTION, exif.Y_RESOLUTION, exif.RESOLUTION_UNIT, exif.COLOR_SPACE, 0x0213)
"""What encoders add: resolution, colour space, position of chroma."""
_MAX_CHAIN = 8  # directories after the first; there is one, the thumbnail's
_SRGB, _UNCALIBRATED = 1, 0xFFFF


def _edited(block: bytes | None, change: Callable[[bytearray, str], None]) -> bytes | None:
    """A changed copy of a block; None where there is none or it cannot be followed."""
    if block is None:
        return None
    copy = bytearray(block)
    try:
        change(copy, byte_order(copy))
    except (Unreadable, struct.error):
        return None
    return bytes(copy)


def sanitized(block: bytes | None) -> bytes | None:
    """A block for an upright photo: orientation 1, no thumbnail, nothing behind its last value.

    Parameters
    ----------
    block : bytes or None
        An Exif block as read: a TIFF structure, without the ``Exif`` prefix.

    Returns
    -------
    bytes or None
        None when there is no block or nothing of it can be read.
    """
    try:
        if block is not None and _is_damaged(block):
            block = rebuilt(block)
    except Unreadable:
        return None
    edited = _edited(block, _upright)
    try:
        return edited and edited[: _used(edited)]
    except Unreadable:  # what was erased lay over the directories
        return None


def _is_damaged(block: bytes) -> bool:
    """Whether an entry cannot be read, or points to a directory that cannot."""
    order = byte_order(block)
    found = [directory for _, directory in directories(block, order)]
    there = {directory.at for directory in found}
    pointers = [value(block, order, f) for one in found for f in one.fields if f.tag in exif.POINTERS]
    return any(one.damaged for one in found) or not there.issuperset(pointers)


def _upright(block: bytearray, order: str) -> None:
    _strip_thumbnail(block, order)
    for _, found in list(directories(block, order)):
        for field in found.fields:
            if field.tag == exif.ORIENTATION:
                _put(block, order, field, 3, 1)


def _used(block: bytes) -> int:
    """The end of the last entry or value."""
    order = byte_order(block)
    ends = [8]
    for _, found in directories(block, order):
        ends += [found.end + 4, *(field.stop for field in found.fields)]
    return max(ends)


def without_gps(block: bytes | None) -> bytes | None:
    """The same block without its position directory, whose bytes are overwritten."""
    return _edited(block, _strip_gps)


def with_size(block: bytes | None, width: int, height: int) -> bytes | None:
    """The same block with the picture's size, where it names one."""

    def change(copy: bytearray, order: str) -> None:
        for _, found in list(directories(copy, order)):
            for field in found.fields:
                if field.tag in _WIDTHS + _HEIGHTS:
                    _put(copy, order, field, 4, width if field.tag in _WIDTHS else height)

    return _edited(block, change)


def with_color_space(block: bytes | None, *, srgb: bool, adobe: bool) -> bytes | None:
    """The same block with a colour space that is true of the pixels, where it names one."""

    def change(copy: bytearray, order: str) -> None:
        for kind, found in list(directories(copy, order)):
            space, index = found.get(exif.COLOR_SPACE), found.get(exif.INTEROP_INDEX)
            if kind == exif.EXIF_IFD and space is not None:
                _put(copy, order, space, 3, _SRGB if srgb else _UNCALIBRATED)
            if kind == exif.INTEROP_IFD and index is not None:
                word = b"R98\0" if srgb else b"R03\0" if adobe else None
                if word is None:
                    _remove_field(copy, order, found, exif.INTEROP_INDEX)
                else:
                    copy[index.entry : index.entry + 12] = struct.pack(order + "HHI4s", 1, 2, 4, word)

    return _edited(block, change)


def with_resolution(
    block: bytes | None, resolution: tuple[float, float] | None, *, add: bool
) -> bytes | None:
    """The same block with these pixels per inch: where it names some, or always.

    Parameters
    ----------
    block : bytes or None
    resolution : tuple of float or None
        Across and down; None leaves the block as it is.
    add : bool
        Whether a block without resolution, or no block, gets one: for formats that have no other place for it.
    """
    if resolution is None:
        return block
    packed = {exif.X_RESOLUTION: _ratio(resolution[0]), exif.Y_RESOLUTION: _ratio(resolution[1])}
    missing = set(packed)

    def change(copy: bytearray, order: str) -> None:
        first = directory(copy, order, integer(copy, order, 4))
        for field in first.fields:
            if field.tag in packed and field.kind == 5:
                copy[field.start : field.start + 8] = struct.pack(order + "II", *packed[field.tag])
                missing.discard(field.tag)
            elif field.tag == exif.RESOLUTION_UNIT:
                _put(copy, order, field, 3, 2)

    edited = _edited(block, change)
    if not add or not missing:
        return edited
    order = "<" if edited is None else byte_order(edited)
    new = [(tag, 5, 1, struct.pack(order + "II", *packed[tag])) for tag in packed]
    return appended(edited, [*new, (exif.RESOLUTION_UNIT, 3, 1, struct.pack(order + "H", 2))])


def corrected(data: bytes, block: bytes) -> bytes:
    """A file whose encoder put facts of its own into the Exif block, with those of the block again.

    Parameters
    ----------
    data : bytes
        The file; its Exif block stands behind the word ``Exif``.
    block : bytes
        The block as it was given to the encoder.
    """
    head, mark, rest = bytes(data).partition(b"Exif\0\0" + block[:4])
    if not mark:
        return data
    tree = tree_of(block)
    wanted = {(kind, entry[0]): entry for kind, entries in tree.items() for entry in entries}

    def change(copy: bytearray, order: str) -> None:
        for kind, found in list(directories(copy, order)):
            for field in found.fields:
                entry = wanted.get((kind, field.tag))
                if field.tag not in _OWN_FACTS:
                    continue
                if entry is not None and entry[1:3] == (field.kind, field.count):
                    copy[field.start : field.stop] = entry[3]
                elif entry is None:
                    now = next(d for name, d in directories(copy, order) if name == kind)
                    _remove_field(copy, order, now, field.tag)

    return head + mark + (_edited(block[:4] + rest, change) or block[:4] + rest)[4:]


def _ratio(number: float) -> tuple[int, int]:
    whole = Fraction(number).limit_denominator(10_000)
    return whole.numerator & 0xFFFFFFFF, whole.denominator


def _put(block: bytearray, order: str, field: Field, kind: int, number: int) -> None:
    """Write one SHORT (3) or LONG (4) into a field."""
    packed = struct.pack(
        order + ("HHIHH" if kind == 3 else "HHII"), field.tag, kind, 1, number, *[0] * (kind == 3)
    )
    block[field.entry : field.entry + 12] = packed


def _erase(block: bytearray, start: int, stop: int) -> None:
    start, stop = max(start, 8), min(stop, len(block))
    if start < stop:
        block[start:stop] = bytes(stop - start)


def _erase_directory(block: bytearray, found: Directory) -> None:
    """Overwrite a directory and all its values."""
    for field in found.fields:
        if field.start != field.entry + 8:
            _erase(block, field.start, field.stop)
    _erase(block, found.at, found.end + 4)


def _remove_field(block: bytearray, order: str, found: Directory, tag: int) -> None:
    """Take a field out of a directory; those behind it move up."""
    kept = [bytes(block[f.entry : f.entry + 12]) for f in found.fields if f.tag != tag]
    table = struct.pack(order + "H", len(kept)) + b"".join(kept) + bytes(block[found.end : found.end + 4])
    _erase(block, found.at, found.end + 4)
    block[found.at : found.at + len(table)] = table


def _strip_gps(block: bytearray, order: str) -> None:
    for _, found in list(directories(block, order)):
        pointers = [value(block, order, f) for f in found.fields if f.tag == exif.GPS_IFD]
        if pointers:
            _remove_field(block, order, found, exif.GPS_IFD)
        for pointer in pointers:
            if pointer + 2 <= len(block):
                _erase_directory(block, directory(block, order, pointer))


def _strip_thumbnail(block: bytearray, order: str) -> None:
    """Cut the chain after the first directory and erase what hung on it; it shows the old colours."""
    first = directory(block, order, integer(block, order, 4))
    if first.end + 4 > len(block):
        return
    at, seen = integer(block, order, first.end), {first.at}
    block[first.end : first.end + 4] = bytes(4)
    for _ in range(_MAX_CHAIN):
        if not at or at in seen or at + 2 > len(block):
            return
        seen.add(at)
        found = directory(block, order, at)
        following = integer(block, order, found.end) if found.end + 4 <= len(block) else 0
        start, size = found.get(0x0201), found.get(0x0202)  # where the JPEG thumbnail is, and its length
        if start is not None and size is not None:
            begin = value(block, order, start)
            _erase(block, begin, begin + value(block, order, size))
        _erase_directory(block, found)
        at = following
