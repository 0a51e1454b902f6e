"""The headers of BMP files: Microsoft's, from the oldest to BITMAPV5HEADER, and those of OS/2 2.x."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tinct.photo.headers import Foreign, Header, Malformed, need

__all__ = ["RLE4", "RLE8", "Info", "header", "info_of", "matches"]

_SIZES = {12, 16, 24, 40, 48, 52, 56, 60, 64, 108, 124}  # of the documented headers
_RGB, RLE8, RLE4, _FIELDS, _JPEG, _PNG, _ALPHA_FIELDS = range(7)
_USUAL = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0x00FF00, 0x0000FF, 0)}


@dataclass(frozen=True, slots=True)
class Info:
    """What the headers say."""

    size: int
    width: int
    height: int
    top_down: bool
    bits: int
    packing: int
    palette_at: int
    palette_step: int
    palette_count: int
    pixels_at: int
    masks: tuple[int, int, int, int]

    @property
    def stride(self) -> int:
        """Bytes of a row."""
        return (self.width * self.bits + 31) // 32 * 4


def matches(head: bytes) -> bool:
    """Whether a file that begins so is a BMP: the mark, and the size of a documented header."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _SIZES


def info_of(data: bytes) -> Info:
    """The headers of a file.

    Raises
    ------
    Malformed
        They are cut off or contradict themselves.
    Foreign
        The pixels are packed in a way that is not read.
    """
    size = int.from_bytes(need(data, 14, 4), "little")
    if size == 12:
        width, height, _, bits = struct.unpack("<HHHH", need(data, 18, 8))
        packing, colors = _RGB, 0
    elif size == 16:
        width, height, _, bits = struct.unpack("<iiHH", need(data, 18, 12))
        packing, colors = _RGB, 0
    else:
        width, height, _, bits, packing = struct.unpack("<iiHHI", need(data, 18, 16))
        colors = int.from_bytes(need(data, 46, 4), "little") if size >= 36 else 0
    if bits not in (0, 1, 2, 4, 8, 16, 24, 32) or width < 0 or height == -(2**31):
        raise Malformed
    if size == 64 and packing in (3, 4):
        raise Foreign("a BMP of OS/2 with Huffman codes or 24-bit runs", "plain or run-length encoded BMP")
    known = {
        _RGB: (1, 2, 4, 8, 16, 24, 32),
        RLE8: (8,),
        RLE4: (4,),
        _FIELDS: (16, 32),
        _ALPHA_FIELDS: (16, 32),
    }
    if packing in (_JPEG, _PNG):
        raise Foreign("a JPEG or PNG inside a BMP", "BMP with pixels of its own")
    if bits not in known.get(packing, ()):
        raise Malformed
    end = 14 + size
    masks = _masks(data, size, bits, packing)
    if packing in (_FIELDS, _ALPHA_FIELDS) and size < 52:
        end += 16 if packing == _ALPHA_FIELDS else 12
    step = 3 if size == 12 else 4
    most = 2**bits if bits <= 8 else 0
    pixels_at = int.from_bytes(data[10:14], "little")
    if pixels_at < end:  # some writers leave it empty
        pixels_at = end + step * (min(colors, most) or most)
    count = min(colors or most, most, max(0, pixels_at - end) // step) if most else 0
    return Info(size, width, abs(height), height < 0, bits, packing, end, step, count, pixels_at, masks)


def _masks(data: bytes, size: int, bits: int, packing: int) -> tuple[int, int, int, int]:
    """Which bits are red, green, blue and opacity."""
    if packing in (_FIELDS, _ALPHA_FIELDS):
        with_alpha = size >= 56 or packing == _ALPHA_FIELDS
        found = struct.unpack("<4I" if with_alpha else "<3I", need(data, 54, 16 if with_alpha else 12))
        if not all(found[:3]):
            raise Malformed
        return found[0], found[1], found[2], found[3] if with_alpha else 0
    red, green, blue, alpha = _USUAL.get(bits, (0, 0, 0, 0))
    if bits == 32 and size in (56, 108, 124):  # the mask of opacity is told beside plain pixels too
        alpha = int.from_bytes(need(data, 66, 4), "little") & 0xFF000000
    return red, green, blue, alpha


def header(data: bytes) -> Header:
    """The information header, old or new."""
    info = info_of(data)
    floor = 0
    if info.packing not in (RLE8, RLE4):
        floor = info.pixels_at + info.stride * (info.height - 1) + (info.width * info.bits + 7) // 8
    alpha = bool(info.masks[3])
    gray = info.bits <= 8 and _is_gray(data, info)
    channels = 1 if gray else 4 if alpha else 3
    return Header(
        "bmp",
        info.width,
        info.height,
        channels,
        8,
        has_alpha=alpha,
        mode="gray" if gray else "rgb",
        floor=floor,
    )


def _is_gray(data: bytes, info: Info) -> bool:
    """Whether a palette holds grays alone."""
    at, step = info.palette_at, info.palette_step
    table = need(data, at, step * info.palette_count)
    return table[0::step] == table[1::step] == table[2::step]
