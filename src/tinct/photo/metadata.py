"""What travels beside the pixels, cut out of the container's bytes: profile, Exif, XMP, IPTC, resolution."""

from __future__ import annotations

import math
import re
import struct
import zlib
from dataclasses import dataclass, replace
from typing import Any

from tinct.errors import PhotoLimitError
from tinct.photo import comments, exif, exif_edit, headers, iptc, iso, tiff, xmp
from tinct.photo.exif_tiff import read_from_tiff
from tinct.photo.spaces import Space, from_code_points, from_gamma
from tinct.settings import Settings

__all__ = ["Blocks", "avif", "check_blocks", "gif", "jpeg", "png", "tiff_file", "webp"]

_XMP_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_PNG = b"XML:com.adobe.xmp"
_MM_PER_INCH = 25.4
_USUAL_GAMMA = 2.2  # where a TIFF tells primaries and no curve

Resolution = tuple[float, float]  # pixels per inch across and down


@dataclass(frozen=True, slots=True)
class Blocks:
    """The raw blocks of one file, and what they ask for.

    Parameters
    ----------
    icc, exif, xmp, iptc : bytes or None
        As stored; `exif` is a TIFF structure, `iptc` a chain of IIM data sets.
    resolution : tuple of float or None
        Pixels per inch, across and down, of the picture as stored.
    space : Space or None
        Colour space that the container declares without a profile.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: Resolution | None = None
    space: Space | None = None

    @property
    def orientation(self) -> int:
        """1..8, how the stored pixels must be turned: as Exif says, or else XMP."""
        return exif.orientation(self.exif) or xmp.orientation(self.xmp) or 1

    def upright(self) -> Blocks:
        """The blocks of the turned picture, without what it is not any more."""
        found = self.resolution or exif.resolution(self.exif)
        if found is not None and self.orientation >= 5:
            found = (found[1], found[0])
        return replace(
            self,
            exif=exif_edit.sanitized(self.exif),
            xmp=xmp.cleaned(self.xmp),
            iptc=iptc.sound(self.iptc),
            resolution=found,
        )


def check_blocks(found: Blocks, limits: Settings) -> Blocks:
    """Refuse blocks that are larger than allowed; the others come back.

    Raises
    ------
    PhotoLimitError
        A block is above ``max_metadata_bytes``.
    """
    allowed = limits.max_metadata_bytes
    named = (
        ("colour profile", found.icc),
        ("Exif block", found.exif),
        ("XMP packet", found.xmp),
        ("IPTC block", found.iptc),
    )
    for name, block in named:
        if block is not None and len(block) > allowed:
            raise PhotoLimitError(
                f"the photo's {name} is larger than {allowed:,} bytes; allowed: {allowed:,}; "
                "save the photo without it or raise TINCT_MAX_METADATA_BYTES"
            )
    return found


def _per_inch(across: float, down: float, unit_mm: float) -> Resolution | None:
    """Pixels per so many millimetres as pixels per inch; None where that is no resolution."""
    if not (0 < across < 1e6 and 0 < down < 1e6):
        return None
    return across * _MM_PER_INCH / unit_mm, down * _MM_PER_INCH / unit_mm


def jpeg(data: bytes, allowed: int) -> Blocks:
    """The blocks of a JPEG file."""
    parts: list[tuple[int, bytes]] = []  # of the profile, by their numbers
    total = 0
    found, packet, resources, resolution = None, None, b"", None
    for marker, body in headers.jpeg_segments(data):
        if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 12 and resolution is None:
            unit, across, down = struct.unpack(">BHH", body[7:12])
            if unit in (1, 2):
                resolution = _per_inch(across, down, _MM_PER_INCH if unit == 1 else 10)
        elif marker == 0xE1 and body.startswith(b"Exif\0") and found is None:
            found = body[6:]
        elif marker == 0xE1 and body.startswith(_XMP_JPEG) and packet is None:
            packet = body[len(_XMP_JPEG) :]
        elif marker == 0xED and body.startswith(iptc.SIGNATURE) and len(resources) <= allowed:
            resources += body[len(iptc.SIGNATURE) :]
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            total += len(body)
            if total <= allowed + 2**16:
                parts.append((body[12], body[14:]))
    icc = b"".join(part for _, part in sorted(parts, key=lambda numbered: numbered[0]))
    records = iptc.from_resources(resources)
    if ("dc", "description") not in iptc.facts(records):
        packet = xmp.with_facts(packet, comments.facts(comments.of_jpeg(data), allowed))
    return Blocks(icc or None, found, packet, records, resolution)


def _inflate(packed: bytes, allowed: int) -> bytes | None:
    """Decompress at most one byte more than allowed; None when the stream is damaged."""
    try:
        return zlib.decompressobj().decompress(packed, allowed + 1)
    except zlib.error:
        return None


def _png_text(name: bytes, body: bytes, allowed: int) -> tuple[bytes, bytes] | None:
    """Keyword and text of a tEXt, zTXt or iTXt chunk, the text in UTF-8 for iTXt and else Latin-1."""
    keyword, _, rest = body.partition(b"\0")
    if name == b"tEXt":
        return keyword, rest
    if name == b"zTXt":
        text = _inflate(rest[1:], allowed)
    elif len(rest) < 2:
        return None
    else:
        text = rest[2:].split(b"\0", 2)[-1]
        text = _inflate(text, allowed) if rest[0] else text
    return None if text is None else (keyword, text)


def _raw_profile(text: bytes) -> bytes | None:
    """The bytes in a text of "Raw profile type": a name and a length, then hexadecimal digits."""
    match = re.match(rb"\s*\S+\s+\d+\s+([0-9a-fA-F\s]*)", text)
    digits = re.sub(rb"\s", b"", match[1]) if match else b""
    try:
        return bytes.fromhex(digits.decode("ascii")) if digits else None
    except ValueError:
        return None


_PNG_FACTS = {
    b"Title": ("dc", "title"),
    b"Author": ("dc", "creator"),
    b"Description": ("dc", "description"),
    b"Copyright": ("dc", "rights"),
    b"Source": ("photoshop", "Source"),
}
"""Keywords of PNG's texts (PNG 3, 11.3.3.2) -> XMP."""
_RAW_EXIF, _RAW_IPTC, _RAW_XMP = (
    (b"exif", b"EXIF", b"APP1", b"app1"),
    (b"iptc", b"IPTC", b"8bim"),
    (b"xmp",),
)


def png(data: bytes, allowed: int) -> Blocks:
    """The blocks of a PNG file."""
    single: dict[bytes, bytes] = {}
    raw: dict[bytes, bytes] = {}
    facts: dict[tuple[str, str], tuple[str, ...]] = {}
    packet = None
    for name, body in headers.png_chunks(data):
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, text = _png_text(name, body, allowed) or (b"", b"")
            if keyword == _XMP_PNG:
                packet = text
            elif keyword.startswith(b"Raw profile type "):
                raw.setdefault(keyword[17:], _raw_profile(text) or b"")
            elif keyword in _PNG_FACTS and text.strip():
                facts[_PNG_FACTS[keyword]] = (
                    text.decode("utf-8" if name == b"iTXt" else "latin-1", "replace"),
                )
        else:
            single.setdefault(name, body)
    icc = single.get(b"iCCP")
    if icc is not None:
        icc = _inflate(icc[icc.find(b"\0", 0, 80) + 2 :], allowed)
    icc = icc or next((raw[kind] for kind in (b"icc", b"icm") if raw.get(kind)), None)
    block = single.get(b"eXIf") or next((raw[kind] for kind in _RAW_EXIF if raw.get(kind)), None)
    if block is not None and block.startswith(_XMP_JPEG):
        packet, block = packet or block[len(_XMP_JPEG) :], None
    packet = packet or next((raw[kind] for kind in _RAW_XMP if raw.get(kind)), None)
    records = next((raw[kind] for kind in _RAW_IPTC if raw.get(kind)), None)
    if records is not None and records.startswith(b"8BIM"):
        records = iptc.from_resources(records)
    space, declared = _png_space(single)
    return Blocks(
        None if declared else icc,
        block.removeprefix(b"Exif\0\0") if block else None,
        xmp.with_facts(packet, facts),
        records,
        _png_resolution(single.get(b"pHYs", b"")),
        space,
    )


def _png_resolution(body: bytes) -> Resolution | None:
    if len(body) != 9 or body[8] != 1:
        return None
    across, down = struct.unpack(">II", body[:8])
    # whole pixels per metre cannot say 300 per inch exactly; the nearest hundredth can
    found = _per_inch(across, down, 1000)
    return found and (round(found[0], 2), round(found[1], 2))


def _png_space(chunks: dict[bytes, bytes]) -> tuple[Space | None, bool]:
    """The declared space, and whether it goes before a profile (PNG 3, 4.3)."""
    cicp = chunks.get(b"cICP", b"")
    if len(cicp) == 4:
        space = from_code_points(cicp[0], cicp[1])
        if space is not None:
            return space, True
    if b"sRGB" in chunks:
        return None, False
    gamma, places = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    exponent = None
    if len(gamma) == 4 and any(gamma):
        exponent = 100_000 / int.from_bytes(gamma, "big")
    if len(places) != 32:
        return from_gamma(exponent), False
    x = [number / 100_000 for number in struct.unpack(">8I", places)]
    return from_gamma(exponent, ((x[2], x[3]), (x[4], x[5]), (x[6], x[7])), (x[0], x[1])), False


def webp(data: bytes, allowed: int) -> Blocks:
    """The blocks of a WebP file."""
    found: dict[bytes, bytes] = {}
    for name, body in headers.webp_chunks(data):
        if name in (b"ICCP", b"EXIF", b"XMP "):
            found.setdefault(name, body)
    block = found.get(b"EXIF")
    return Blocks(found.get(b"ICCP"), block and block.removeprefix(b"Exif\0\0"), found.get(b"XMP "))


def tiff_file(data: bytes, allowed: int) -> Blocks:
    """The blocks of a TIFF file's first page."""
    page = next(tiff.directories(data))

    def block(tag: int) -> bytes | None:
        try:
            return page.content(tag, allowed + 1)
        except headers.Malformed:  # it lies outside the file; the picture may still be whole
            return None

    records = block(33723)
    if records is not None and records[3:4] == b"\x1c":  # longs of the other byte order
        records = b"".join(records[i : i + 4][::-1] for i in range(0, len(records), 4))
    if not records:
        records = iptc.from_resources(block(34377) or b"")
    found = read_from_tiff(data)
    return Blocks(block(34675), found, block(700), records, exif.resolution(found), _tiff_space(page))


def _tiff_space(page: tiff.Directory) -> Space | None:
    """The space of WhitePoint, PrimaryChromaticities and TransferFunction (TIFF 6, section 20)."""
    places = _rationals(page, 319, 6)
    if places is None:
        return None
    white = _rationals(page, 318, 2) or (0.3127, 0.3290)
    gamma: float | None = _USUAL_GAMMA
    try:
        table = page.numbers(301, 0, 3 * 65536)
    except headers.Malformed:
        table = ()
    bits = max(page.numbers(258, 1))
    length = 2**bits
    if bits in (8, 16) and len(table) in (length, 3 * length):
        middle = table[length // 2 - 1] / 65535
        gamma = math.log(middle) / math.log((length // 2 - 1) / (length - 1)) if 0 < middle < 1 else None
    return from_gamma(gamma, ((places[0], places[1]), (places[2], places[3]), (places[4], places[5])), white)


def _rationals(page: tiff.Directory, tag: int, count: int) -> Any:
    """So many fractions of a field, or None."""
    try:
        content = page.content(tag, 8 * count)
    except headers.Malformed:
        return None
    if content is None or len(content) != 8 * count:
        return None
    numbers = struct.unpack(f"{page.order}{2 * count}I", content)
    return tuple(
        above / below if below else 0.0 for above, below in zip(numbers[::2], numbers[1::2], strict=True)
    )


def avif(data: bytes, allowed: int) -> Blocks:
    """What the boxes of an AVIF or HEIF file say of colour; its decoder gives the rest."""
    found = iso.primary(data)
    if found is None:
        return Blocks()
    space = None
    if found.cicp is not None and found.icc is None:
        space = from_code_points(*found.cicp[:2])
    return Blocks(found.icc, space=space)


def gif(data: bytes, allowed: int) -> Blocks:
    """The XMP packet of a GIF file, where it has one, and its comments."""
    start = data.find(b"\x21\xff\x0bXMP DataXMP")
    stop = data.find(b"\x01\xff\xfe", start)
    packet = data[start + 14 : stop] if 0 <= start < stop else None
    return Blocks(xmp=xmp.with_facts(packet, comments.facts(comments.of_gif(data), allowed)))
