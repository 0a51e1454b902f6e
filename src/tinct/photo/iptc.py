"""IPTC records (IIM 4.2) and the Photoshop resources that hold them in JPEG and TIFF."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tinct.photo.xmp import Facts

__all__ = ["SIGNATURE", "facts", "from_resources", "sound", "to_resources", "without_place"]

SIGNATURE = b"Photoshop 3.0\0"
_IPTC = 0x0404
_PLACES = {26, 27, 90, 92, 95, 100, 101}  # of record 2: location, city, sublocation, state, country
_UTF8 = b"\x1b%G"
_XMP_NAMES = {
    5: ("dc", "title"), 25: ("dc", "subject"), 40: ("photoshop", "Instructions"), 80: ("dc", "creator"),
    85: ("photoshop", "AuthorsPosition"), 105: ("photoshop", "Headline"), 110: ("photoshop", "Credit"),
    115: ("photoshop", "Source"), 116: ("dc", "rights"), 120: ("dc", "description"),
    122: ("photoshop", "CaptionWriter"),
}  # fmt: skip
"""Data sets of record 2 -> XMP (IPTC Photo Metadata Standard, appendix)."""

Datasets = list[tuple[int, int, bytes]]  # record, data set, value


def _datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The data sets as far as they can be read."""
    at = 0
    while at + 5 <= len(block) and block[at] == 0x1C:
        record, number, size = struct.unpack(">BBH", block[at + 1 : at + 5])
        at += 5
        if size & 0x8000:  # the length of the length
            width = size & 0x7FFF
            size = int.from_bytes(block[at : at + width], "big") if width <= 4 else len(block)
            at += width
        if at + size > len(block):
            return
        yield record, number, block[at : at + size]
        at += size


def _packed(datasets: Datasets) -> bytes | None:
    out = b""
    for record, number, value in datasets:
        if len(value) < 0x8000:
            out += struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
    return out if any(record == 2 and number for record, number, _ in datasets) else None


def sound(block: bytes | None) -> bytes | None:
    """The part of a block that can be read; None where that is nothing."""
    return None if block is None else _packed(list(_datasets(block)))


def without_place(block: bytes | None) -> bytes | None:
    """The block without where the photo was taken."""
    if block is None:
        return None
    return _packed([one for one in _datasets(block) if not (one[0] == 2 and one[1] in _PLACES)])


def facts(block: bytes | None) -> Facts:
    """Rights and captions as XMP names them."""
    datasets = list(_datasets(block or b""))
    utf8 = any(record == 1 and number == 90 and value == _UTF8 for record, number, value in datasets)
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for record, number, value in datasets:
        name = _XMP_NAMES.get(number) if record == 2 else None
        if name is not None and value.strip(b"\0 "):
            found[name] = (*found.get(name, ()), _text(value, utf8))
    return found


def _text(value: bytes, utf8: bool) -> str:
    value = value.rstrip(b"\0")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if utf8 else "cp1252", "replace")


def from_resources(data: bytes) -> bytes | None:
    """The IPTC block among Photoshop's image resources."""
    at = 0
    while at + 12 <= len(data) and data[at : at + 4] == b"8BIM":
        number, name = struct.unpack(">HB", data[at + 4 : at + 7])
        at += 6 + name + 1 + ((name + 1) & 1)
        if at + 4 > len(data):
            return None
        size = int.from_bytes(data[at : at + 4], "big")
        at += 4
        if number == _IPTC:
            return data[at : at + size]
        at += size + (size & 1)
    return None


def to_resources(block: bytes) -> bytes:
    """The payload of a JPEG's APP13 segment that holds a block."""
    return SIGNATURE + b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(block)) + block + b"\0" * (len(block) & 1)
