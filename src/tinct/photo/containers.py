"""Exif blocks put into files just encoded, byte for byte as they are, which codecs would rewrite."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

__all__ = ["Splicer", "jpeg_exif", "png_exif", "png_xmp", "webp_with_exif"]

JPEG_EXIF_AT = 2  # behind the start marker
PNG_EXIF_AT = 33  # behind the signature and IHDR


class Splicer:
    """A file that slips a block into the stream written to it, at one offset.

    An error of the file is kept in `error` and the writer is told that nothing was written, because an
    exception could not pass through the codec that calls.
    """

    def __init__(self, file: BinaryIO, at: int = 0, block: bytes = b"") -> None:
        self.file, self.at, self.block = file, at, block
        self.error: OSError | None = None

    def write(self, chunk: bytes) -> int:
        """Write a chunk; the number of its bytes, or 0 after an error."""
        try:
            if not self.block:
                self.file.write(chunk)
            elif len(chunk) < self.at:
                self.file.write(chunk)
                self.at -= len(chunk)
            else:
                self.file.write(chunk[: self.at])
                self.file.write(self.block)
                self.file.write(chunk[self.at :])
                self.block = b""
        except OSError as error:
            self.error = error
            return 0
        return len(chunk)


def jpeg_exif(block: bytes) -> bytes:
    """The block as an APP1 segment; empty when a segment cannot hold it."""
    size = len(block) + 8
    return b"\xff\xe1" + struct.pack(">H", size) + b"Exif\0\0" + block if size <= 65535 else b""


def png_exif(block: bytes) -> bytes:
    """The block as an eXIf chunk."""
    return struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))


def png_xmp(packet: bytes) -> bytes:
    """The packet as the iTXt chunk that its standard names."""
    body = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    return struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))


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
