"""The boxes of HEIF and AVIF files (ISO base media), and the header that they amount to.

What a file says of its picture stands in properties of the primary item (ISO/IEC 23008-12, 6.5 and 9.3); other
items are tiles of it, its opacity, thumbnails, or pictures that are not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tinct.photo.headers import Header, Malformed, need

__all__ = ["Primary", "header", "primary"]

_BOX_CAP = 20_000  # boxes looked at; a 200-megapixel HEIC in tiles has some hundred properties
_TRACKS = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")

Box = tuple[bytes, int, int]  # name, start and end of the content


@dataclass(frozen=True, slots=True)
class Primary:
    """What a file says of its primary picture."""

    width: int
    height: int
    depth: int
    alpha: bool
    cicp: tuple[int, int, int] | None
    """Colour primaries, transfer and matrix by their numbers (ITU-T H.273), where they are declared."""
    icc: bytes | None


@dataclass(slots=True)
class _Meta:
    """The parts of a meta box that say which properties belong to which item."""

    primary: int | None = None
    properties: list[Box] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)  # item -> places in `properties`, from 1
    links: list[tuple[bytes, int, list[int]]] = field(default_factory=list)  # kind, from, to


def _boxes(data: bytes, at: int, end: int, left: list[int]) -> Iterator[Box]:
    """The boxes between two offsets; how many may be looked at in all is counted down in `left`."""
    while at + 8 <= end:
        left[0] -= 1
        if left[0] < 0:
            raise Malformed
        size, name = struct.unpack(">I4s", need(data, at, 8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", need(data, at + 8, 8))[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            if end == len(data) and not name.isalnum():
                return  # bytes behind the last box
            raise Malformed
        yield name, at + head, at + size
        at += size


class _Numbers:
    """Reads integers one after another, never beyond an end."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def next(self, size: int) -> int:
        if self.at + size > self.end:
            raise Malformed
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")


def _meta(data: bytes, start: int, end: int, left: list[int]) -> _Meta:
    found = _Meta()
    for name, at, stop in _boxes(data, start + 4, end, left):
        if name == b"pitm":
            found.primary = int.from_bytes(need(data, at + 4, 4 if data[at] else 2), "big")
        elif name == b"iref":
            size = 4 if data[at] else 2
            for kind, first, last in _boxes(data, at + 4, stop, left):
                numbers = _Numbers(data, first, last)
                source, count = numbers.next(size), numbers.next(2)
                found.links.append((kind, source, [numbers.next(size) for _ in range(count)]))
        elif name == b"iprp":
            for kind, first, last in _boxes(data, at, stop, left):
                if kind == b"ipco":
                    found.properties += _boxes(data, first, last, left)
                elif kind == b"ipma":
                    _associations(data, first, last, found.owned)
    return found


def _associations(data: bytes, at: int, end: int, owned: dict[int, list[int]]) -> None:
    """Which properties each item has (ItemPropertyAssociationBox)."""
    numbers = _Numbers(data, at, end)
    version, flags, count = numbers.next(1), numbers.next(3), numbers.next(4)
    size = 2 if flags & 1 else 1
    mask = 0x7FFF if flags & 1 else 0x7F  # the highest bit says that a reader must know the property
    for _ in range(count):
        item = numbers.next(4 if version else 2)
        owned.setdefault(item, []).extend(numbers.next(size) & mask for _ in range(numbers.next(1)))


def _properties(meta: _Meta, item: int) -> list[Box]:
    places = meta.owned.get(item, [])
    return [meta.properties[place - 1] for place in places if 0 < place <= len(meta.properties)]


def _clean_size(data: bytes, at: int, width: int, height: int) -> tuple[int, int]:
    """The size that a clean aperture leaves."""
    w, w_parts, h, h_parts = struct.unpack(">4I", need(data, at, 16))
    if not w_parts or not h_parts or not 0 < w // w_parts <= width or not 0 < h // h_parts <= height:
        return width, height
    return w // w_parts, h // h_parts


def primary(data: bytes) -> Primary | None:
    """What the file says of its primary picture; None where it names none, as sequences may.

    Raises
    ------
    Malformed
        The boxes contradict themselves.
    """
    left = [_BOX_CAP]
    meta = next(
        (_meta(data, s, e, left) for n, s, e in _boxes(data, 0, len(data), left) if n == b"meta"), None
    )
    if meta is None or meta.primary is None:
        return None
    item = meta.primary
    tiles = [to for kind, source, to in meta.links if kind == b"dimg" and source == item]
    own = _properties(meta, item)
    below = [box for group in tiles for tile in group[:1] for box in _properties(meta, tile)]
    width = height = depth = 0
    cicp, icc = None, None
    for name, at, end in [*own, *((n, s, e) for n, s, e in below if n in (b"pixi", b"colr"))]:
        if name == b"ispe" and not width:
            width, height = struct.unpack(">II", need(data, at + 4, 8))
        elif name == b"pixi" and not depth:
            depth = max(data[at + 5 : min(end, at + 21)], default=0)
        elif name == b"colr" and data[at : at + 4] == b"nclx" and cicp is None:
            a, b, c = struct.unpack(">HHH", need(data, at + 4, 6))
            cicp = (a, b, c)
        elif name == b"colr" and data[at : at + 4] in (b"prof", b"rICC") and icc is None:
            icc = bytes(data[at + 4 : end])
    if not width:
        return None
    for name, at, _ in own:
        if name == b"clap":
            width, height = _clean_size(data, at, width, height)
    return Primary(width, height, max(depth, 8), _has_alpha(data, meta, item), cicp, icc)


def _has_alpha(data: bytes, meta: _Meta, item: int) -> bool:
    """Whether another item is the opacity of this one."""
    helpers = {source for kind, source, to in meta.links if kind == b"auxl" and item in to}
    kinds = (
        bytes(data[at + 4 : min(end, at + 68)])
        for helper in helpers
        for name, at, end in _properties(meta, helper)
        if name == b"auxC"
    )
    return any(kind.startswith(_ALPHA) for kind in kinds)


def _sequence(data: bytes) -> tuple[int, list[tuple[int, int]]]:
    """The most samples of a track, and the sizes of the tracks' pictures."""
    left, frames, sizes = [_BOX_CAP], 1, []
    waiting = [(0, len(data))]
    while waiting:
        for name, at, end in _boxes(data, *waiting.pop(), left):
            if name in _TRACKS:
                waiting.append((at, end))
            elif name == b"stsz":
                frames = max(frames, int.from_bytes(need(data, at + 8, 4), "big"))
            elif name == b"tkhd":
                sizes.append(struct.unpack(">II", need(data, end - 8, 8)))
    return frames, [(width >> 16, height >> 16) for width, height in sizes]


def header(data: bytes) -> Header:
    """The primary picture, and the samples of a sequence as frames."""
    size = int.from_bytes(need(data, 0, 4), "big")
    brands = need(data, 8, min(size, 256) - 8)
    kind = "avif" if b"avif" in brands or b"avis" in brands else "heif"
    frames, sizes = _sequence(data)
    found = primary(data)
    if found is None:
        if not sizes:
            raise Malformed
        width, height = max(sizes)
        return Header(kind, width, height, 3, 8, min(frames, 1000))
    channels = 4 if found.alpha else 3
    return Header(kind, found.width, found.height, channels, found.depth, min(frames, 1000), found.alpha)
