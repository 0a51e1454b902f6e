"""The directories of TIFF and BigTIFF files, and the header that they amount to."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tinct.photo.headers import RAW, Foreign, Header, Malformed, need

__all__ = ["Directory", "directories", "header"]

_PAGE_CAP = 1000  # pages are counted no further: any limit is far below
_ENTRY_CAP = 100_000  # fields looked at in all pages; a photo has some dozen
_PART_CAP = 1_000_000  # strips or tiles whose place is checked
_LETTERS = {1: "B", 2: "c", 3: "H", 4: "I", 7: "c", 16: "Q"}

_REDUCED, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES = 254, 256, 257, 258, 262, 277
_EXTRA, _SAMPLE_FORMAT, _SUB_IFDS = 338, 339, 330
_RAW_TAGS = {
    50706,
    33421,
    33422,
    50710,
    50711,
}  # DNGVersion, CFARepeatPatternDim, CFAPattern, CFAPlaneColor, CFALayout
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
        if letter == "c":
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
    while at and len(seen) < _PAGE_CAP:
        if at in seen:
            raise Malformed
        seen.add(at)
        count = struct.unpack(order + count_word, need(data, at, head))[0]
        entries_left -= count
        if entries_left < 0:
            raise Malformed
        table = need(data, at + head, count * size)
        entries = [table[i : i + size] for i in range(0, len(table), size)]
        yield Directory(data, order, wide, {struct.unpack(order + "H", e[:2])[0]: e for e in entries})
        at = struct.unpack(order + word, need(data, at + head + len(table), step))[0]


def _end(page: Directory) -> int:
    """Where the last strip or tile of a page ends; beyond any file when there is none."""
    for offsets_tag, counts_tag in ((273, 279), (324, 325)):
        if offsets_tag in page.fields:
            offsets = page.numbers(offsets_tag, 0, _PART_CAP)
            counts = page.numbers(counts_tag, 0, _PART_CAP)
            return max(start + size for start, size in zip(offsets, counts, strict=False))
    return 2**63


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
    """The first page, and the number of pages that are not reduced copies of another."""
    pages = directories(data)
    first = next(pages, None)
    if first is None:
        raise Malformed
    if _is_raw(data, first):
        raise Foreign(*RAW)
    frames = 1 + sum(not page.numbers(_REDUCED, 0)[0] & 1 for page in pages)
    photometric, samples = first.numbers(_PHOTOMETRIC, 1)[0], first.numbers(_SAMPLES, 1)[0]
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
