"""What travels beside the pixels: colour profile, Exif and XMP, cut out of the container's bytes."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from tinct.errors import PhotoLimitError
from tinct.photo import headers, tiff
from tinct.photo.exif import orientation, sanitized
from tinct.photo.exif_tiff import read_from_tiff
from tinct.settings import Settings

__all__ = ["Blocks", "blocks_of", "upright_xmp"]

_XMP_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_PNG = b"XML:com.adobe.xmp\0"


@dataclass(frozen=True, slots=True)
class Blocks:
    """The raw blocks of one file and the orientation they ask for.

    Parameters
    ----------
    icc, exif, xmp : bytes or None
        As stored; `exif` is a TIFF structure.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None

    @property
    def orientation(self) -> int:
        """1..8, how the stored pixels must be turned."""
        return orientation(self.exif)

    def upright(self) -> Blocks:
        """The blocks of the turned picture: orientation 1, no thumbnail."""
        return Blocks(self.icc, sanitized(self.exif), upright_xmp(self.xmp))


def upright_xmp(xmp: bytes | None) -> bytes | None:
    """An XMP packet whose orientation is 1."""
    if xmp is None:
        return None
    return re.sub(rb"""(tiff:Orientation(?:>|\s*=\s*["']))\s*[1-8]""", rb"\g<1>1", xmp)


def blocks_of(data: bytes, kind: str, limits: Settings) -> Blocks:
    """The blocks in a file that `probe` has accepted.

    Parameters
    ----------
    data : bytes
    kind : str
        The format; for those without a reader here (HEIF, AVIF, BMP, GIF) the result is empty.
    limits : Settings

    Raises
    ------
    PhotoLimitError
        A block is above ``max_metadata_bytes``, also after decompression.
    """
    reader = {"jpeg": _jpeg, "png": _png, "webp": _webp, "tiff": _tiff}.get(kind)
    if reader is None:
        return Blocks()
    found = reader(data, limits.max_metadata_bytes)
    check_blocks(found, limits)
    return found


def check_blocks(found: Blocks, limits: Settings) -> None:
    """Refuse blocks that are larger than allowed.

    Raises
    ------
    PhotoLimitError
        A block is above ``max_metadata_bytes``.
    """
    allowed = limits.max_metadata_bytes
    for name, block in (("colour profile", found.icc), ("Exif block", found.exif), ("XMP packet", found.xmp)):
        if block is not None and len(block) > allowed:
            raise PhotoLimitError(
                f"the photo's {name} is larger than {allowed:,} bytes; allowed: {allowed:,}; "
                "save the photo without it or raise TINCT_MAX_METADATA_BYTES"
            )


def _jpeg(data: bytes, allowed: int) -> Blocks:
    parts: list[tuple[int, bytes]] = []  # of the profile, by their numbers
    total = 0
    exif = xmp = None
    for marker, body in headers.jpeg_segments(data):
        if marker == 0xE1 and body.startswith(b"Exif\0") and exif is None:
            exif = body[6:]
        elif marker == 0xE1 and body.startswith(_XMP_JPEG) and xmp is None:
            xmp = body[len(_XMP_JPEG) :]
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            total += len(body)
            if total <= allowed + 2**16:
                parts.append((body[12], body[14:]))
    icc = b"".join(part for _, part in sorted(parts, key=lambda numbered: numbered[0]))
    return Blocks(icc or None, exif, xmp)


def _inflate(packed: bytes, allowed: int) -> bytes | None:
    """Decompress at most one byte more than allowed; None when the stream is damaged."""
    try:
        return zlib.decompressobj().decompress(packed, allowed + 1)
    except zlib.error:
        return None


def _png(data: bytes, allowed: int) -> Blocks:
    icc = exif = xmp = None
    for name, body in headers.png_chunks(data):
        if name == b"iCCP":
            packed = body[body.find(b"\0", 0, 80) + 2 :]
            icc = _inflate(packed, allowed)
        elif name == b"eXIf":
            exif = body.removeprefix(b"Exif\0\0")
        elif name == b"iTXt" and body.startswith(_XMP_PNG):
            flag, text = body[len(_XMP_PNG)], body[len(_XMP_PNG) + 2 :].split(b"\0", 2)[-1]
            xmp = _inflate(text, allowed) if flag else text
    return Blocks(icc, exif, xmp)


def _webp(data: bytes, allowed: int) -> Blocks:
    found: dict[bytes, bytes] = {}
    for name, body in headers.webp_chunks(data):
        if name in (b"ICCP", b"EXIF", b"XMP "):
            found.setdefault(name, body)
    exif = found.get(b"EXIF")
    return Blocks(found.get(b"ICCP"), exif and exif.removeprefix(b"Exif\0\0"), found.get(b"XMP "))


def _tiff(data: bytes, allowed: int) -> Blocks:
    page = next(tiff.directories(data))

    def block(tag: int) -> bytes | None:
        try:
            return page.content(tag, allowed + 1)
        except headers.Malformed:  # it lies outside the file; the picture may still be whole
            return None

    return Blocks(block(34675), read_from_tiff(data), block(700))
