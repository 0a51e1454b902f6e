"""The headers of the photo formats, read byte by byte: a whole file in, a Header out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "RAW",
    "Foreign",
    "Header",
    "Malformed",
    "gif",
    "gif_blocks",
    "jpeg",
    "jpeg_height",
    "jpeg_segments",
    "need",
    "png",
    "png_chunks",
    "webp",
    "webp_chunks",
]

_COUNT_CAP = 1000  # frames are counted no further: any limit is far below
_PART_CAP = 100_000  # segments, chunks or boxes looked at; a 256 MB PNG in 8 kB chunks has 32,000


class Malformed(Exception):  # noqa: N818 - never leaves this room
    """The header is truncated or contradicts itself."""


class Foreign(Exception):  # noqa: N818 - never leaves this room
    """A kind of the format that is not read: what was found, what would be."""


RAW = ("a camera's raw file", "photos that are developed; save it as JPEG or TIFF")


@dataclass(frozen=True, slots=True)
class Header:
    """What a photo's header says.

    Parameters
    ----------
    format : str
        Name of a row of `tinct.photo.formats`.
    width, height : int
        Pixels as stored, before orientation.
    channels : int
        Stored colour channels and alpha together; a palette counts as its colours.
    depth : int
        Bits per channel as stored.
    frames : int
        Pictures or pages in the file, counted up to 1,000.
    has_alpha : bool
    mode : str
        ``rgb``, ``gray``, ``cmyk`` or ``lab``.
    floor : int
        Bytes that a whole file of this kind and size has at the very least.
    window : tuple of int, optional
        Left, top, width and height of what the picture covers, where that may be less than all.
    """

    format: str
    width: int
    height: int
    channels: int
    depth: int
    frames: int = 1
    has_alpha: bool = False
    mode: str = "rgb"
    floor: int = 0
    window: tuple[int, int, int, int] | None = None


def need(data: bytes, at: int, size: int) -> bytes:
    """`size` bytes from an offset.

    Raises
    ------
    Malformed
        They are not all there.
    """
    if at < 0 or at + size > len(data):
        raise Malformed
    return data[at : at + size]


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (marker, payload) of each JPEG segment up to the first scan."""
    at = 2
    for _ in range(_PART_CAP):
        at = data.find(b"\xff", at)  # other bytes between segments do not belong there, but are passed over
        marker = need(data, at, 2)[1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # no payload
            at += 2
            continue
        if marker in (0xD8, 0xD9):
            raise Malformed
        size = int.from_bytes(need(data, at + 2, 2), "big")
        if size < 2:
            raise Malformed
        yield marker, need(data, at + 4, size - 2)
        if marker == 0xDA:
            return
        at += 2 + size
    raise Malformed


def jpeg_height(data: bytes) -> int:
    """The number of lines that a DNL segment behind the first scan tells.

    Raises
    ------
    Malformed
        There is none.
    """
    at = data.find(b"\xff\xdc\0\4")
    height = int.from_bytes(need(data, at + 4, 2), "big") if at > 0 else 0
    if not height:
        raise Malformed
    return height


def jpeg(data: bytes) -> Header:
    """JPEG: the start-of-frame segment."""
    frame, coding = None, 0
    for marker, body in jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if frame is not None:
                raise Malformed
            frame, coding = struct.unpack(">BHHB", need(body, 0, 6)), marker
    if frame is None:
        raise Malformed
    depth, height, width, channels = frame
    height = height or jpeg_height(data)
    modes = {1: "gray", 3: "rgb", 4: "cmyk"}
    if coding not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA) or depth != 8:
        raise Foreign(f"a {depth}-bit or lossless JPEG", "8-bit baseline or progressive JPEG")
    if channels not in modes:
        raise Malformed
    floor = width * height // 512 if coding <= 0xC2 else 0  # a Huffman code has one bit or more a block
    return Header("jpeg", width, height, channels, depth, mode=modes[channels], floor=floor)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The (name, payload) of each PNG chunk; pixel data is passed over."""
    at, pictured = 8, False
    for _ in range(_PART_CAP):
        if pictured and at + 8 > len(data):
            return
        size, name = struct.unpack(">I4s", need(data, at, 8))
        if name == b"IDAT":
            pictured = True
            yield name, b""
        elif pictured and at + 8 + size > len(data):
            return
        else:
            yield name, need(data, at + 8, size)
        if name == b"IEND":
            return
        at += 12 + size
    if not pictured:
        raise Malformed


def png(data: bytes) -> Header:
    """PNG: IHDR, tRNS and acTL."""
    chunks = png_chunks(data)
    name, body = next(chunks)
    if name == b"CgBI":
        raise Foreign("a PNG in Apple's form for iOS programs", "PNG by the standard")
    if name != b"IHDR" or len(body) != 13:
        raise Malformed
    width, height, depth, color = struct.unpack(">IIBB", body[:10])
    stored = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(color)
    if stored is None or depth not in (1, 2, 4, 8, 16):
        raise Malformed
    frames, alpha, pictured = 1, color in (4, 6), False
    for name, body in chunks:
        if name == b"tRNS":
            alpha = True
        elif name == b"acTL":
            frames = min(int.from_bytes(need(body, 0, 4), "big"), _COUNT_CAP)
        elif name == b"IDAT":
            pictured = True
    if not pictured:
        raise Malformed
    colors = 3 if color == 3 else stored - (color in (4, 6))
    mode = "gray" if color in (0, 4) else "rgb"
    floor = height * (width * stored * depth // 8 + 1) // 1100  # deflate packs 1,032 bytes into one at best
    return Header(
        "png", width, height, colors + alpha, max(depth, 8), max(frames, 1), alpha, mode, floor=floor
    )


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The (name, payload) of each RIFF chunk."""
    end, at = len(data), 12  # a wrong size of the whole does no harm where the parts are there
    for _ in range(_PART_CAP):
        if at + 8 > end:
            return
        name, size = struct.unpack("<4sI", need(data, at, 8))
        if not name.strip(b" ").isalnum():
            return  # bytes behind the picture
        yield name, need(data, at + 8, size)
        at += 8 + size + (size & 1)


def webp(data: bytes) -> Header:
    """WebP: VP8X, or the head of the one VP8 or VP8L chunk."""
    canvas, picture, frames, alpha = None, None, 0, False
    for name, body in webp_chunks(data):
        if name == b"VP8X":
            need(body, 0, 10)
            alpha = bool(body[0] & 0x10)
            canvas = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
        elif name == b"VP8 " and picture is None:
            if need(body, 3, 7)[:3] != b"\x9d\x01\x2a":
                raise Malformed
            picture = tuple(v & 0x3FFF for v in struct.unpack("<HH", body[6:10]))
        elif name == b"VP8L" and picture is None:
            if need(body, 0, 5)[0] != 0x2F:
                raise Malformed
            bits = int.from_bytes(body[1:5], "little")
            picture = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
            alpha = alpha or bool(bits >> 28 & 1)
        elif name == b"ANMF":
            frames = min(frames + 1, _COUNT_CAP)
    size = canvas or picture
    if size is None or (picture is None and not frames) or (canvas and picture and canvas != picture):
        raise Malformed
    return Header("webp", size[0], size[1], 4 if alpha else 3, 8, max(frames, 1), alpha)


def _gif_skip(data: bytes, at: int, budget: list[int]) -> int:
    """The offset after a chain of GIF sub-blocks; they are counted off the budget."""
    while size := need(data, at, 1)[0]:
        at += 1 + size
        budget[0] -= 1
        if budget[0] < 0:
            raise Malformed
    return at + 1


def gif_blocks(data: bytes) -> Iterator[tuple[int, int, list[bytes]]]:
    """Lead, label and sub-blocks of each extension and picture of a GIF, up to its end mark; pictures have none told.

    Raises
    ------
    Malformed
        A block is not all there, or is none.
    """
    flags = need(data, 10, 1)[0]
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    budget = [len(data) // 64 + 1000]
    while (lead := need(data, at, 1)[0]) != 0x3B:
        label = need(data, at + 1, 1)[0]
        if lead == 0x21:
            end = _gif_skip(data, at + 2, budget)
            yield lead, label, _gif_parts(data, at + 2) if label == 0xFE else []
        elif lead == 0x2C:
            local = need(data, at + 9, 1)[0]
            end = _gif_skip(data, at + 10 + (3 << (local & 7) + 1 if local & 0x80 else 0) + 1, budget)
            yield lead, 0, []
        elif lead:
            raise Malformed
        else:
            end = at + 1
        at = end


def _gif_parts(data: bytes, at: int) -> list[bytes]:
    """A chain of sub-blocks that was followed before."""
    parts = []
    while size := data[at]:
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return parts


def gif(data: bytes) -> Header:
    """GIF: the screen size, the place of the first picture on it, and the pictures counted."""
    width, height, flags = struct.unpack("<HHB", need(data, 6, 5))
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    frames, alpha, budget = 0, False, [len(data) // 64 + 1000]  # writers fill their blocks of up to 255 bytes
    window = (0, 0, width, height)
    while frames < _COUNT_CAP:
        if frames and at >= len(data):  # the end mark is missing, and nothing else
            break
        lead = need(data, at, 1)[0]
        if lead == 0x3B:
            break
        if lead == 0x21:
            alpha = alpha or (not frames and data[at + 1] == 0xF9 and bool(need(data, at + 3, 1)[0] & 1))
            at = _gif_skip(data, at + 2, budget)
        elif lead == 0x2C:
            if not frames:
                window = struct.unpack("<HHHH", need(data, at + 1, 8))
            local = need(data, at + 9, 1)[0]
            at = _gif_skip(data, at + 10 + (3 << (local & 7) + 1 if local & 0x80 else 0) + 1, budget)
            frames += 1
        elif lead == 0 or frames:  # filler between blocks, or bytes behind the picture
            if frames:
                break
            at += 1
        else:
            raise Malformed
    if not frames:
        raise Malformed
    left, top, wide, high = window
    width, height = max(width, left + wide), max(height, top + high)
    alpha = alpha or (wide, high) != (width, height)
    return Header("gif", width, height, 4 if alpha else 3, 8, frames, alpha, window=window)
