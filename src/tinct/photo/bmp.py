"""BMP, read whole: all documented depths, bit fields and run-length encodings."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from tinct.photo.bmp_header import RLE4, RLE8, Info, info_of
from tinct.photo.headers import Header, need
from tinct.photo.icc import usable
from tinct.photo.metadata import Blocks, check_blocks
from tinct.photo.picture import Decoded
from tinct.photo.spaces import Space, from_gamma
from tinct.settings import Settings

__all__ = ["decode"]

_CALIBRATED, _EMBEDDED = 0, b"DEBM"  # "MBED", lowest byte first
_MM_PER_INCH = 25.4


def _palette(data: bytes, info: Info) -> NDArray[np.uint8]:
    """The colours, (n, 3)."""
    at, step = info.palette_at, info.palette_step
    table = np.frombuffer(need(data, at, step * info.palette_count), np.uint8).reshape(-1, step)
    if not len(table):  # without colours the indices are levels
        return np.repeat(np.linspace(0, 255, 2**info.bits).round().astype(np.uint8)[:, None], 3, axis=1)
    return np.ascontiguousarray(table[:, 2::-1])


def decode(data: bytes, header: Header, limits: Settings) -> Decoded:
    """The photo in BMP bytes that `probe` has accepted."""
    info = info_of(data)
    alpha = None
    if info.bits <= 8:
        palette = _palette(data, info)
        indices = _runs(data, info) if info.packing in (RLE8, RLE4) else _indices(data, info)
        pixels = palette[np.minimum(indices, len(palette) - 1)]
    elif info.bits == 24:
        rows = _rows(data, info)[:, : info.width * 3].reshape(info.height, info.width, 3)
        pixels = rows[..., ::-1]
    else:
        words = _rows(data, info).view("<u2" if info.bits == 16 else "<u4")[:, : info.width]
        pixels = np.stack([_channel(words, mask) for mask in info.masks[:3]], axis=-1)
        alpha = _channel(words, info.masks[3]) if info.masks[3] else None
        if alpha is not None and not alpha.any():
            alpha = None  # a writer that left the byte empty, not an invisible photo
    if not info.top_down:
        pixels, alpha = pixels[::-1], alpha if alpha is None else alpha[::-1]
    opacity = None if alpha is None else np.ascontiguousarray(alpha)
    blocks = check_blocks(_blocks(data, info, limits.max_metadata_bytes), limits)
    icc = blocks.icc if blocks.icc is not None and usable(blocks.icc) else None
    gray = header.mode == "gray"
    return Decoded(np.ascontiguousarray(pixels), opacity, gray=gray, icc=icc, blocks=blocks)


def _rows(data: bytes, info: Info) -> NDArray[np.uint8]:
    """The rows as they lie, (H, stride); what is missing behind the last pixel is zero."""
    size = info.stride * info.height
    there = data[info.pixels_at : info.pixels_at + size]
    return np.frombuffer(there.ljust(size, b"\0"), np.uint8).reshape(info.height, info.stride)


def _indices(data: bytes, info: Info) -> NDArray[np.uint8]:
    """Palette indices of 1, 2, 4 or 8 bits, the first pixel in the highest bits."""
    rows = _rows(data, info)
    if info.bits == 8:
        return rows[:, : info.width]
    shifts = np.arange(8 - info.bits, -1, -info.bits, dtype=np.uint8)
    parts = (rows[..., None] >> shifts) & np.uint8(2**info.bits - 1)  # (H, stride, pixels a byte)
    return np.asarray(parts.reshape(info.height, -1)[:, : info.width], np.uint8)


def _channel(words: NDArray[np.unsignedinteger], mask: int) -> NDArray[np.uint8]:
    """The bits under a mask, stretched to 0..255."""
    shift = (mask & -mask).bit_length() - 1
    top = mask >> shift
    if top > 0xFFFF:  # more levels than are kept
        shift, top = shift + top.bit_length() - 16, 0xFFFF
    values = (words.astype(np.uint32) & np.uint32(mask)) >> np.uint32(shift)
    if top == 255:
        return values.astype(np.uint8)
    table = np.rint(np.arange(top + 1) * (255 / top)).astype(np.uint8)
    return np.asarray(table[np.minimum(values, top)], np.uint8)


def _runs(data: bytes, info: Info) -> NDArray[np.uint8]:
    """Run-length encoded palette indices, (H, W); what the runs pass over has index 0."""
    out = np.zeros((info.height, info.width), np.uint8)
    at, x, y = info.pixels_at, 0, 0
    four = info.packing == RLE4
    while y < info.height:
        count, value = need(data, at, 2)
        at += 2
        if count:
            run = _nibbles(bytes([value]) * ((count + 1) // 2), count) if four else value
            end = min(x + count, info.width)
            out[y, x:end] = run[: end - x] if isinstance(run, np.ndarray) else run
            x = end
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            break
        elif value == 2:
            right, up = need(data, at, 2)
            x, y, at = min(x + right, info.width), y + up, at + 2
        else:
            size = (value + 1) // 2 if four else value
            literal = need(data, at, size)
            pixels = _nibbles(literal, value) if four else np.frombuffer(literal, np.uint8)
            end = min(x + value, info.width)
            out[y, x:end] = pixels[: end - x]
            x, at = end, at + size + (size & 1)
    return out


def _nibbles(packed: bytes, count: int) -> NDArray[np.uint8]:
    pairs = np.frombuffer(packed, np.uint8)
    return np.stack([pairs >> 4, pairs & 15], axis=1).reshape(-1)[:count]


def _blocks(data: bytes, info: Info, allowed: int) -> Blocks:
    """Resolution, and the colour space of versions 4 and 5."""
    resolution = None
    if info.size >= 40:
        across, down = struct.unpack("<ii", need(data, 38, 8))
        if 0 < across < 2**24 and 0 < down < 2**24:
            resolution = (round(across * _MM_PER_INCH / 1000, 2), round(down * _MM_PER_INCH / 1000, 2))
    if info.size < 108:
        return Blocks(resolution=resolution)
    kind = need(data, 70, 4)
    icc, space = None, None
    if kind == _EMBEDDED and info.size >= 124:
        start, size = struct.unpack("<II", need(data, 126, 8))
        found = data[14 + start : 14 + start + min(size, allowed + 1)]
        icc = found if usable(found) else None
    elif int.from_bytes(kind, "little") == _CALIBRATED:
        space = _calibrated(struct.unpack("<12I", need(data, 74, 48)))
    return Blocks(icc, resolution=resolution, space=space)


def _calibrated(numbers: tuple[int, ...]) -> Space | None:
    """The space of XYZ end points (2.30 fixed point) and gammas (16.16)."""
    ends = [tuple(value / 2**30 for value in numbers[i : i + 3]) for i in (0, 3, 6)]
    gammas = [value / 65536 for value in numbers[9:12]]
    if not all(sum(end) > 0 for end in ends):
        return None
    xy = tuple((x / (x + y + z), y / (x + y + z)) for x, y, z in ends)
    total = [sum(end[i] for end in ends) for i in range(3)]
    white = (total[0] / sum(total), total[1] / sum(total))
    return from_gamma(sum(gammas) / 3 if all(gammas) else None, xy, white)
