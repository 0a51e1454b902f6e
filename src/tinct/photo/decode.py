"""Bytes to a Photo: probe, decode with the one loader that fits, turn upright, keep profile and metadata."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from tinct.errors import ParameterError, PhotoMissingError, UnsupportedPhotoError
from tinct.photo import exif, formats, spaces, tiff
from tinct.photo import icc as profiles
from tinct.photo.headers import Malformed, webp_chunks
from tinct.photo.jpeg_repair import Repaired, repaired
from tinct.photo.metadata import Blocks, check_blocks
from tinct.photo.photo import Photo
from tinct.photo.picture import Decoded, Pixels
from tinct.photo.png_repair import repaired as png_repaired
from tinct.photo.probe import Header, broken, check, check_bytes, probe
from tinct.settings import Settings, current

if TYPE_CHECKING:
    from tinct.photo.vips import Image

__all__ = ["open", "photo_of"]


def open(source: str | os.PathLike[str] | bytes | BinaryIO, *, settings: Settings | None = None) -> Photo:
    """Read a photo.

    The content decides the format, whatever the name says. Orientation is applied once, here. RGB pixels stay
    in the photo's own space, described by a profile; CMYK, gray and Lab are converted to sRGB.

    Parameters
    ----------
    source : path, bytes or binary file
        A path, the encoded bytes, or an open file, which is read from where it stands to its end.
    settings : Settings, optional
        The limits; those of this process by default.

    Returns
    -------
    Photo

    Raises
    ------
    EmptyPhotoError, UnsupportedPhotoError, BrokenPhotoError, PhotoLimitError
        See :mod:`tinct.errors`; no other error comes from the content.
    PhotoMissingError
        There is no such file; it is a `FileNotFoundError` too.
    ParameterError
        `source` is of another type.
    """
    limits = settings or current()
    data = _read(source, limits)
    header = probe(data, limits)
    row = formats.get(header.format)
    row.check_installed()
    decode = row.function(row.loader) if ":" in row.loader else _by_vips
    try:
        found: Decoded = decode(data, header, limits)
    except Malformed:
        raise broken(row.name) from None
    return photo_of(found, row.name)


def photo_of(found: Decoded, format: str) -> Photo:
    """The photo that a loader found in a file of some format."""
    pixels, icc = _in_known_space(found)
    upright = found.blocks.upright()
    return Photo(
        pixels,
        found.alpha,
        icc,
        upright.exif,
        format=format,
        gray=found.gray,
        xmp=upright.xmp,
        iptc=upright.iptc,
        resolution=upright.resolution,
    )


def _in_known_space(found: Decoded) -> tuple[Pixels, bytes | None]:
    """The pixels and the profile that describes them; None for sRGB.

    A profile goes before what the container declares, and that before Exif.
    """
    if found.icc is not None:
        profiles.check_range(found.icc)
        return found.pixels, found.icc
    space = found.blocks.space
    if space is None and exif.is_adobe_rgb(found.blocks.exif):
        space = spaces.ADOBE_RGB
    if found.converted or space is None or space.is_srgb:
        return found.pixels, None
    if space.has_srgb_primaries or found.gray:
        return spaces.to_srgb_curve(found.pixels, space), None
    try:
        icc = spaces.profile_of(space)
    except (ArithmeticError, ValueError, struct.error):  # primaries that no profile can hold
        return found.pixels, None
    return found.pixels, icc if profiles.usable(icc) else None


def _read(source: str | os.PathLike[str] | bytes | BinaryIO, limits: Settings) -> bytes:
    """The bytes of a source, never more than the limit and one."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        check_bytes(memoryview(source).nbytes, limits)
        return bytes(source)
    if hasattr(source, "read"):
        return _read_file(cast(BinaryIO, source), limits.max_photo_bytes + 1)
    if not isinstance(source, (str, os.PathLike)):
        raise ParameterError(
            "source", type(source).__name__, "a path, bytes or a file opened for reading bytes"
        )
    name = os.fsdecode(source)
    path = Path(name)
    try:
        check_bytes(path.stat().st_size, limits)
        return path.read_bytes()
    except FileNotFoundError:
        raise PhotoMissingError(f"{path.name or path}: there is no such file; {_where(name)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise UnsupportedPhotoError(
            f"{path.name or path}: cannot be read ({reason.lower()}); name a photo file that is there"
        ) from None


def _where(source: str) -> str:
    """What to do about a file that is not there."""
    if source.lower().startswith(("http://", "https://")):
        return "addresses are not fetched here: download the photo, or send its bytes"
    return "check its name" if os.path.isabs(source) else "check its name, and the folder you are in"


def _read_file(file: BinaryIO, most: int) -> bytes:
    """All that is left of an open file, up to `most` bytes; some give less at a time than they are asked for."""
    parts: list[bytes] = []
    left = most
    while left > 0:
        part = file.read(left)
        if not isinstance(part, bytes):
            raise ParameterError(
                "source", "a file of text", "a file opened for reading bytes: open(path, 'rb')"
            )
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _by_vips(
    data: bytes,
    header: Header,
    limits: Settings,
    *,
    strict: bool = True,
    mended: bool = False,
    turn: int | None = None,
) -> Decoded:
    """Decode by libvips, in strips; `data` must outlive the images made from it."""
    from tinct.photo import vips
    from tinct.photo.source import collect, to_working_space

    row = formats.get(header.format)
    blocks: Blocks = Blocks()
    if row.blocks is not None:
        blocks = check_blocks(row.function(row.blocks)(data, limits.max_metadata_bytes), limits)
    turn = blocks.orientation if turn is None else turn
    if header.format == "tiff" and not mended and not tiff.starts_with_its_picture(data):
        plain = tiff.plain(data) or data
        return replace(_by_vips(plain, header, limits, mended=True, turn=turn), blocks=blocks)
    if header.format == "webp":
        data = _with_true_size(data)
    try:
        if header.mode == "lab" and header.depth == 8:
            from tinct.photo.pillow import lab_tiff_to_srgb

            image = vips.from_array(lab_tiff_to_srgb(data, header))
        else:
            image = vips.load(data, row.loader, strict=strict)
        _compare(image, header, limits)
        if header.format == "avif":
            turn = 1  # its decoder has turned it already
            icc, block, packet = (
                vips.field(image, f"{name}-data") for name in ("icc-profile", "exif", "xmp")
            )
            block = block and block.removeprefix(b"Exif\0\0")
            blocks = check_blocks(replace(blocks, icc=icc or blocks.icc, exif=block, xmp=packet), limits)
        image, icc, converted = to_working_space(image, header, blocks.icc)
        pixels, alpha = collect(image, turn)
    except vips.VipsError as error:
        if header.format == "jpeg" and strict:
            better = None if mended else repaired(data)
            if better is not None:
                return _by_repair(better, header, limits)
            if vips.is_harmless(error):
                return _by_vips(data, header, limits, strict=False)
        if header.format == "png" and not mended:
            packed_anew = png_repaired(data)
            if packed_anew is not None:
                return _by_vips(packed_anew, header, limits, mended=True)
        if header.format == "tiff" and not mended:
            layout = tiff.plain(data)
            if layout is not None:
                return replace(_by_vips(layout, header, limits, mended=True, turn=turn), blocks=blocks)
        raise broken(header.format) from None
    if header.window is not None:
        alpha = _uncovered(pixels, alpha, header.window)
    gray = header.mode == "gray"
    return Decoded(pixels, alpha, gray=gray, icc=icc, converted=converted, blocks=blocks)


def _with_true_size(data: bytes) -> bytes:
    """A RIFF file that says where it ends, and ends there."""
    end = 12 + sum(8 + len(body) + (len(body) & 1) for _, body in webp_chunks(data))
    if int.from_bytes(data[4:8], "little") + 8 == min(end, len(data)):
        return data
    return data[:4] + (end - 8).to_bytes(4, "little") + data[8:end].ljust(end - 8, b"\0")


def _by_repair(better: Repaired, header: Header, limits: Settings) -> Decoded:
    """A JPEG that breaks a rule, unless pixels are missing."""
    found = _by_vips(better.data, header, limits, mended=True)
    if better.other is not None:
        other = _by_vips(better.other, header, limits, strict=False)
        if not np.array_equal(found.pixels, other.pixels):
            raise broken("jpeg")
    return found


def _uncovered(pixels: Pixels, alpha: Pixels | None, window: tuple[int, int, int, int]) -> Pixels | None:
    """The opacity of a canvas that the picture may not cover: none beside it."""
    left, top, width, height = window
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return alpha
    found = np.zeros(pixels.shape[:2], pixels.dtype)
    inside = (slice(top, top + height), slice(left, left + width))
    found[inside] = np.iinfo(pixels.dtype).max if alpha is None else alpha[inside]
    return found


def _compare(image: Image, header: Header, limits: Settings) -> None:
    """Refuse a picture that its decoder sees in another size than its header said."""
    if (image.width, image.height) == (header.width, header.height):
        return
    if header.format != "avif":  # there the largest of several pictures was named, before it was turned
        raise broken(header.format)
    check(replace(header, width=image.width, height=image.height), limits)
