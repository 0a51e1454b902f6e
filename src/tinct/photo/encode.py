"""A Photo to bytes: what may be written, with which metadata, and where."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from tinct.atomic import writing
from tinct.errors import OutputError, ParameterError
from tinct.photo import formats, iptc, provenance, xmp
from tinct.photo.credentials import signatory
from tinct.photo.exif_edit import with_color_space, with_resolution, with_size, without_gps
from tinct.photo.formats import Format
from tinct.photo.icc import is_adobe_rgb, is_srgb
from tinct.photo.metadata import Blocks
from tinct.photo.picture import Picture
from tinct.settings import current

__all__ = ["Metadata", "encode", "save"]

Metadata = Literal["all", "no-gps", "none"]


def encode(photo: Picture, format: str, *, quality: int = 92, metadata: Metadata = "no-gps") -> bytes:
    """Encode a photo.

    The profile is embedded. 16-bit photos stay so in PNG and TIFF, keep 10 bits in HEIC and AVIF, and are
    rounded to 8 bits in JPEG and WebP. JPEG has no opacity: the photo is laid on white. A photo that was
    gray and still is gets one channel in JPEG, PNG and TIFF.

    Parameters
    ----------
    photo : Photo
    format : str
        A format that is written, by any usual name: ``jpeg png webp tiff heif avif``, ``jpg``, ``tif``, ``heic``.
    quality : int
        1..100 for JPEG, WebP, HEIC and AVIF; from 90 on JPEG, HEIC and AVIF keep full chroma resolution. PNG
        and TIFF are lossless.
    metadata : {'no-gps', 'all', 'none'}
        Exif, XMP and IPTC without where the photo was taken; with that; or nothing of them. Profile and
        resolution are always kept, and so is a note that a model made the pixels.

    Returns
    -------
    bytes

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    OutputError
        The format cannot hold a photo of this size.
    UnsupportedPhotoError
        ``heif`` without pillow-heif installed.
    """
    row = _check(photo, format, quality, metadata)
    file = io.BytesIO()
    _write(photo, row, file, quality, metadata)
    return _signed(photo, row, file.getvalue())


def save(
    photo: Picture,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int = 92,
    metadata: Metadata = "no-gps",
    overwrite: bool = True,
) -> Path:
    """Write a photo to a file.

    The file appears whole or not at all: it is written under another name beside its place and then renamed.

    Parameters
    ----------
    photo : Photo
    path : str or Path
        Its ending chooses the format unless `format` does.
    format, quality, metadata
        As `encode`.
    overwrite : bool
        Whether a file of that name may be replaced.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ParameterError, UnsupportedPhotoError
        As `encode`, or the ending names no format.
    OutputError
        The file is there and may not be replaced, or cannot be written.
    """
    path = Path(path)
    meant = formats.of_path(path)
    kind = format or (meant.name if meant is not None else None)
    if kind is None:
        endings = (ending for row in formats.FORMATS if row.writable for ending in row.endings)
        raise ParameterError("path", path.name, f"a name that ends in {' '.join(endings)}, or a format")
    row = _check(photo, kind, quality, metadata)
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    try:
        with writing(path, overwrite=overwrite) as file:
            if provenance.invented(photo) is not None:
                file.write(encode(photo, row.name, quality=quality, metadata=metadata))
            else:
                _write(photo, row, file, quality, metadata)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise OutputError(f"{path.name}: cannot be written ({reason}); choose another place") from None
    return path


def _signed(photo: Picture, row: Format, data: bytes) -> bytes:
    """The file, signed by whom the settings name where a model made the pixels."""
    kind = provenance.invented(photo)
    who = None if kind is None else signatory(current())
    return (
        data if kind is None or who is None or not who.signs(row.name) else who.signed(data, row.name, kind)
    )


def _exists(path: Path) -> OutputError:
    return OutputError(f"{path.name}: is there already; choose another name or allow overwriting")


def _check(photo: Picture, format: str, quality: int, metadata: str) -> Format:
    """The row of a format that can hold the photo."""
    row = formats.named(format)
    if row is None or not row.writable:
        raise ParameterError("format", format, ", ".join(formats.WRITABLE))
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise ParameterError("quality", quality, "a whole number 1 to 100")
    if metadata not in get_args(Metadata):
        raise ParameterError("metadata", metadata, ", ".join(get_args(Metadata)))
    row.check_installed()
    if row.longest is not None and max(photo.width, photo.height) > row.longest:
        raise OutputError(
            f"the photo is {photo.width} x {photo.height}; allowed in {row.name}: sides up to {row.longest} "
            "pixels; choose png or tiff"
        )
    return row


def _write(photo: Picture, row: Format, file: BinaryIO, quality: int, metadata: Metadata) -> None:
    """Encode into an open, empty file."""
    writer = row.function(row.writer) if row.writer is not None else None
    assert writer is not None
    writer(photo, file, quality, _beside(photo, row, metadata))


def _beside(photo: Picture, row: Format, metadata: Metadata) -> Blocks:
    """What is written beside the pixels."""
    if metadata == "none":
        return Blocks(photo.icc, xmp=provenance.kept(photo.xmp), resolution=photo.resolution)
    block, packet, records = photo.exif, photo.xmp, photo.iptc
    if metadata == "no-gps":
        block, packet, records = without_gps(block), xmp.without_place(packet), iptc.without_place(records)
    if "iptc" not in row.carries:
        packet = xmp.with_facts(packet, iptc.facts(records))
    srgb = photo.icc is None or is_srgb(photo.icc)
    block = with_color_space(block, srgb=srgb, adobe=not srgb and is_adobe_rgb(photo.icc))
    block = with_size(block, photo.width, photo.height)
    block = with_resolution(block, photo.resolution, add="resolution" not in row.carries)
    return Blocks(photo.icc, block, packet, records, photo.resolution)
