"""The directories of TIFF and BigTIFF files, and the header that they amount to."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tinct.photo.headers import RAW, Foreign, Header, Malformed, need

__all__ = ["Directory", "directories", "header", "plain", "starts_with_its_picture"]

_PAGE_CAP = 1000  # pages are counted no further: any limit is far below
_ENTRY_CAP = 100_000  # fields looked at in all pages; a photo has some dozen
_PART_CAP = 1_000_000  # strips or tiles whose place is checked
_LETTERS = {1: "B", 2: "c", 3: "H", 4: "I", 5: "Q", 7: "c", 10: "Q", 16: "Q"}

_REDUCED, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES = 254, 256, 257, 258, 262, 277
_EXTRA, _SAMPLE_FORMAT, _SUB_IFDS = 338, 339, 330
_COMPRESSION, _STRIPS, _STRIP_BYTES = 259, 273, 279
_REFUSED = {
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    34712: "JPEG 2000",
    34892: "lossy DNG",
}
_LAYOUT = {
    256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332, 333, 334,
    338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 34675,
}  # fmt: skip
"""Fields that say how the pixels lie, and what their colours are."""
# DNGVersion, CFARepeatPatternDim, CFAPattern, CFAPlaneColor, CFALayout
_RAW_TAGS = {50706, 33421, 33422, 50710, 50711}
_RAW_PHOTOMETRIC = (32803, 34892)  # colour filter array, linear raw
_MODES = {0: "gray", 1: "gray", 2: "rgb", 3: "rgb", 5: "cmyk", 6: "rgb", 8: "lab", 9: "lab"}


@dataclass(frozen=True)
class Directory:
    """One page: its raw fields by tag, and how to read them."""

    data: bytes
    order: str
    wide: bool
    fields: dict[int, bytes]

    def content(self, tag: int, cap: int) -> bytes | None:
        """The bytes of a field, at most `cap` of them; None without the field."""
        entry = self.fields.get(tag)
        if entry is None:
            return None
        word = "Q" if self.wide else "I"
        kind, count = struct.unpack(f"{self.order}H{word}", entry[2 : 12 if self.wide else 8])
        inline = entry[12:] if self.wide else entry[8:]
        size = count * struct.calcsize(self.order + _LETTERS.get(kind, "B"))
        if size <= len(inline):
            return inline[:size]
        return need(self.data, struct.unpack(self.order + word, inline)[0], min(size, cap))

    def numbers(self, tag: int, default: int, most: int = 16) -> tuple[int, ...]:
        """The integers of a field, at most so many; the default without the field."""
        content = self.content(tag, 8 * most)
        if content is None:
            return (default,)
        kind = struct.unpack(self.order + "H", self.fields[tag][2:4])[0]
        letter = _LETTERS.get(kind, "c")
        if letter == "c" or kind in (5, 10):  # no whole numbers
            raise Malformed
        size = struct.calcsize(self.order + letter)
        count = min(len(content) // size, most)
        if not count:
            raise Malformed
        return struct.unpack(f"{self.order}{count}{letter}", content[: count * size])


def directories(data: bytes) -> Iterator[Directory]:
    """The directories (pages) of a file in their order."""
    order = "<" if data[:2] == b"II" else ">"
    wide = struct.unpack(order + "H", need(data, 2, 2))[0] == 43
    word, size, count_word = ("Q", 20, "Q") if wide else ("I", 12, "H")
    step, head = struct.calcsize(order + word), struct.calcsize(order + count_word)
    at = struct.unpack(order + word, need(data, 8 if wide else 4, step))[0]
    seen: set[int] = set()
    entries_left = _ENTRY_CAP
    while at and at not in seen and len(seen) < _PAGE_CAP:
        seen.add(at)
        try:
            count = struct.unpack(order + count_word, need(data, at, head))[0]
            table = need(data, at + head, count * size)
        except Malformed:  # behind the first page a pointer to nowhere does no harm
            if len(seen) == 1:
                raise
            return
        entries_left -= count
        if entries_left < 0:
            raise Malformed
        entries = [table[i : i + size] for i in range(0, len(table), size)]
        page = Directory(data, order, wide, {struct.unpack(order + "H", e[:2])[0]: e for e in entries})
        if len(seen) > 1 and not {_WIDTH, _HEIGHT} <= set(page.fields):
            return
        yield page
        link = data[at + head + len(table) : at + head + len(table) + step]
        at = struct.unpack(order + word, link)[0] if len(link) == step else 0


def _end(page: Directory) -> int:
    """Where the last strip or tile of a page ends; beyond any file when there is none."""
    for offsets_tag, counts_tag in ((_STRIPS, _STRIP_BYTES), (324, 325)):
        if offsets_tag in page.fields:
            offsets = page.numbers(offsets_tag, 0, _PART_CAP)
            counts = page.numbers(counts_tag, 0, _PART_CAP)
            if len(offsets) == 1 and offsets_tag == _STRIPS and page.numbers(_COMPRESSION, 1)[0] == 1:
                counts = (min(counts[0], _plain_size(page)),)  # some writers round it up
            return max(start + size for start, size in zip(offsets, counts, strict=False))
    return 2**63


def _plain_size(page: Directory) -> int:
    """Bytes of the pixels without compression."""
    bits = page.numbers(_BITS, 1)
    samples = page.numbers(_SAMPLES, len(bits))[0]
    return page.numbers(_HEIGHT, 0)[0] * ((page.numbers(_WIDTH, 0)[0] * samples * max(bits) + 7) // 8)


def _photometric(page: Directory) -> int:
    """How samples become colours; without the field, as their number says."""
    samples = page.numbers(_SAMPLES, len(page.numbers(_BITS, 1)))[0]
    return page.numbers(_PHOTOMETRIC, 2 if samples >= 3 else 1)[0]


def _main_page(data: bytes) -> tuple[Directory, int]:
    """The first page that is no reduced copy, and the number of such pages; the first page where all are.

    Raises
    ------
    Foreign
        A camera's raw file.
    """
    pages = []
    for page in directories(data):
        if _is_raw(data, page):
            raise Foreign(*RAW)
        pages.append(page)
    if not pages:
        raise Malformed
    own = [page for page in pages if not page.numbers(_REDUCED, 0)[0] & 1] or pages[:1]
    return own[0], len(own)


def plain(data: bytes) -> bytes | None:
    """The same pixels behind one directory, with nothing in it but their layout; None for BigTIFF.

    What a decoder stumbles over may be a field that it does not need, or a pointer behind the page.
    """
    page, _ = _main_page(data)
    if page.wide:
        return None
    entries = {tag: entry for tag, entry in page.fields.items() if tag in _LAYOUT}
    value = struct.pack(page.order + "HHIHH", _PHOTOMETRIC, 3, 1, _photometric(page), 0)
    entries.setdefault(_PHOTOMETRIC, value)
    table = b"".join(entries[tag] for tag in sorted(entries))
    at = len(data) + (len(data) & 1)
    directory = struct.pack(page.order + "H", len(entries)) + table + bytes(4)
    return data[:4] + struct.pack(page.order + "I", at) + data[8:].ljust(at - 8, b"\0") + directory


def starts_with_its_picture(data: bytes) -> bool:
    """Whether the first page is the one to be read."""
    return _main_page(data)[0].fields == next(directories(data)).fields


def _is_raw(data: bytes, first: Directory) -> bool:
    """Whether the file is a camera's raw file: what can be seen at once is a small copy.

    DNG by its version; a colour filter array or linear raw by its tags; Canon's and Phase One's by their marks;
    others because the first page is a reduced copy and the picture itself lies below it.
    """
    if data[8:11] == b"CR\2" or data[8:12] in (b"IIII", b"MMMM"):
        return True
    if _RAW_TAGS & set(first.fields) or first.numbers(_PHOTOMETRIC, 1)[0] in _RAW_PHOTOMETRIC:
        return True
    return _SUB_IFDS in first.fields and bool(first.numbers(_REDUCED, 0)[0] & 1)


def header(data: bytes) -> Header:
    """The first page that is no reduced copy of another, and the number of such pages."""
    first, frames = _main_page(data)
    samples = first.numbers(_SAMPLES, len(first.numbers(_BITS, 1)))[0]
    photometric = _photometric(first)
    packing = _REFUSED.get(first.numbers(_COMPRESSION, 1)[0])
    if packing is not None:
        raise Foreign(f"a TIFF compressed by {packing}", "LZW, Deflate, JPEG, PackBits or none")
    bits, kinds = max(first.numbers(_BITS, 1)), first.numbers(_SAMPLE_FORMAT, 1)
    mode = _MODES.get(photometric)
    if mode is None or bits not in (1, 2, 4, 8, 16) or set(kinds) - {1, 2 if mode == "lab" else 1}:
        raise Foreign("a special TIFF (floating-point, raw)", "gray, RGB, CMYK or Lab of up to 16 bits")
    if not 1 <= samples <= 8:
        raise Malformed
    extra = first.numbers(_EXTRA, 0) if _EXTRA in first.fields else ()
    width, height = first.numbers(_WIDTH, 0)[0], first.numbers(_HEIGHT, 0)[0]
    alpha = bool(extra) and extra[0] in (1, 2)
    samples = 3 if photometric == 3 else samples  # a palette counts as its colours
    return Header("tiff", width, height, samples, max(bits, 8), frames, alpha, mode, floor=_end(first))
