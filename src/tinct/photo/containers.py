"""What stands beside the pixels, put into files just encoded, byte for byte as it is, which codecs would rewrite."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from tinct.photo import iptc, xmp
from tinct.photo.metadata import Blocks

__all__ = ["JPEG_HEAD", "PNG_HEAD", "Splicer", "jpeg_segments", "png_chunks", "webp_with_exif"]

JPEG_HEAD = (2, 2)  # behind the start marker; the encoder writes no JFIF segment
PNG_HEAD = (33, 54)  # behind signature and IHDR, in the place of the encoder's own resolution
_SEGMENT = 65_533  # bytes that a JPEG segment holds
_JFIF = struct.Struct(">2sH5sHBHHBB")
_INCHES_A_METRE = 1000 / 25.4


class Splicer:
    """A file that puts a block into the stream written to it, in the place of the bytes from `at` to `to`.

    An error of the file is kept in `error` and the writer is told that nothing was written, because an
    exception could not pass through the codec that calls.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.at, self.to, self.block = file, 0, 0, b""
        self.error: OSError | None = None
        self._head: bytearray | None = bytearray()

    def write(self, chunk: bytes) -> int:
        """Write a chunk; the number of its bytes, or 0 after an error."""
        try:
            if self._head is None:
                self.file.write(chunk)
            else:
                self._head += chunk
                if len(self._head) >= self.to:
                    self.finish()
        except OSError as error:
            self.error = error
            return 0
        return len(chunk)

    def finish(self) -> None:
        """Write what was held back."""
        if self._head is not None:
            head, self._head = self._head, None
            self.file.write(head[: self.at] + self.block + head[self.to :])


def _segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment; empty when a segment cannot hold the body."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body if len(body) <= _SEGMENT else b""


def jpeg_segments(blocks: Blocks) -> bytes:
    """All segments in front of the picture: JFIF, Exif, XMP, IPTC, profile."""
    unit, across, down = 0, 1, 1
    if blocks.resolution is not None and max(blocks.resolution) < 65_535.5:
        unit, across, down = 1, *(max(1, round(side)) for side in blocks.resolution)
    out = _JFIF.pack(b"\xff\xe0", 16, b"JFIF\0", 0x0101, unit, across, down, 0, 0)
    if blocks.exif:
        out += _segment(0xE1, b"Exif\0\0" + blocks.exif)
    name = b"http://ns.adobe.com/xap/1.0/\0"
    packet = blocks.xmp
    if packet and len(packet) + len(name) > _SEGMENT:
        packet = xmp.slim(packet)
    if packet:
        out += _segment(0xE1, name + packet)
    if blocks.iptc:
        out += _segment(0xED, iptc.to_resources(blocks.iptc))
    if blocks.icc:
        size = _SEGMENT - 14
        parts = [blocks.icc[at : at + size] for at in range(0, len(blocks.icc), size)]
        if len(parts) <= 255:
            for number, part in enumerate(parts, 1):
                out += _segment(0xE2, b"ICC_PROFILE\0" + bytes((number, len(parts))) + part)
    return out


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_chunks(blocks: Blocks) -> bytes:
    """All chunks in front of the picture: profile, resolution, Exif, XMP, IPTC."""
    out = b""
    if blocks.icc:
        out += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(blocks.icc))
    if blocks.resolution is not None:
        across, down = (round(side * _INCHES_A_METRE) for side in blocks.resolution)
        if min(across, down) > 0 and max(across, down) < 2**31:
            out += _chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if blocks.exif:
        out += _chunk(b"eXIf", blocks.exif)
    if blocks.xmp:
        out += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + blocks.xmp)
    if blocks.iptc:
        resources = iptc.to_resources(blocks.iptc).removeprefix(iptc.SIGNATURE)
        digits = resources.hex()
        lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
        text = f"\niptc\n{len(resources):8d}\n{lines}\n".encode("ascii")
        out += _chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(text))
    return out


def webp_with_exif(data: bytes, block: bytes, width: int, height: int, *, alpha: bool) -> bytes:
    """A WebP file with the block as its EXIF chunk, in the extended layout that this needs."""
    exif_flag, alpha_flag = 0x08, 0x10
    body = data[12:]
    if body[:4] == b"VP8X":
        body = body[:8] + bytes([body[8] | exif_flag]) + body[9:]
    else:
        flags = exif_flag | (alpha_flag if alpha else 0)
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = b"VP8X" + struct.pack("<II", 10, flags) + canvas + body
    body += b"EXIF" + struct.pack("<I", len(block)) + block + b"\0" * (len(block) & 1)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
