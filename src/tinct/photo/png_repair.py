"""PNG files whose compressed stream breaks a rule without losing a pixel, made to keep it.

A checksum of the stream that is missing or wrong, or a window that is declared too small: the pixels are there if
exactly as many bytes come out as the picture has. Checksums of chunks are another matter: libpng holds to them.
"""

from __future__ import annotations

import struct
import zlib

from tinct.photo.headers import Malformed, need

__all__ = ["repaired"]

_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Left, top, and steps across and down of the interlaced pictures (PNG 3, 8.2)."""


def repaired(data: bytes) -> bytes | None:
    """The file with its stream packed anew, or None where pixels are missing."""
    try:
        head, packed, tail = _parts(data)
        width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", head[16:29])
    except (Malformed, struct.error):
        return None
    size = _raw_size(width, height, depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color], interlaced)
    try:
        raw = zlib.decompressobj(-15).decompress(packed[2:], size + 1)  # without header and checksum
    except zlib.error:
        return None
    if len(raw) != size:
        return None
    body = zlib.compress(raw, 1)
    chunk = struct.pack(">I", len(body)) + b"IDAT" + body
    return head + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + tail


def _parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before the pixels, their compressed stream, and what stands behind; every checksum good."""
    at, packed, first = 8, [], None
    while at + 12 <= len(data):
        size = int.from_bytes(need(data, at, 4), "big")
        body = need(data, at + 4, size + 4)
        if body[:4] == b"IDAT":
            first = at if first is None else first
            packed.append(body[4:])
            if zlib.crc32(body).to_bytes(4, "big") != need(data, at + 8 + size, 4):
                raise Malformed
        elif first is not None:
            break
        at += 12 + size
    if first is None:
        raise Malformed
    return data[:first], b"".join(packed), data[at:]


def _raw_size(width: int, height: int, bits: int, interlaced: int) -> int:
    """Bytes of the filtered rows."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
