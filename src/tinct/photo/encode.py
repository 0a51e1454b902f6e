"""A Photo to bytes: the only encoder, where depth, profile and metadata are decided."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import numpy as np

from tinct.errors import OutputError, ParameterError
from tinct.photo import containers
from tinct.photo.exif import with_size, without_gps
from tinct.photo.exif_tiff import append_to_tiff
from tinct.photo.photo import Photo

__all__ = ["FORMATS", "SUFFIXES", "Metadata", "encode", "format_of", "save"]

Metadata = Literal["all", "no-gps", "none"]
FORMATS = ("jpeg", "png", "webp", "tiff", "heif", "avif")
SUFFIXES = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".png": "png",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".heic": "heif",
    ".heif": "heif",
    ".avif": "avif",
}

_LONGEST = {"jpeg": 65_500, "webp": 16_383, "heif": 16_384, "avif": 16_384}  # pixels a side
_KEEP_XMP, _KEEP_ICC = 2, 8  # libvips' flags


def format_of(path: str | Path) -> str | None:
    """The format that a file name's ending asks for, or None."""
    return SUFFIXES.get(Path(path).suffix.lower())


def encode(photo: Photo, format: str, *, quality: int = 92, metadata: Metadata = "no-gps") -> bytes:
    """Encode a photo.

    The profile is embedded. 16-bit photos stay so in PNG and TIFF, keep 10 bits in HEIC and AVIF, and are
    rounded to 8 bits in JPEG and WebP. JPEG has no opacity: the photo is laid on white. A photo that was
    gray and still is gets one channel in JPEG, PNG and TIFF.

    Parameters
    ----------
    photo : Photo
    format : str
        ``jpeg png webp tiff heif avif``.
    quality : int
        1..100 for JPEG, WebP, HEIC and AVIF; from 90 on JPEG, HEIC and AVIF keep full chroma resolution. PNG
        and TIFF are lossless.
    metadata : {'no-gps', 'all', 'none'}
        Exif without its position; Exif with it, and XMP; or neither. The profile is always kept.

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
    _check(photo, format, quality, metadata)
    file = io.BytesIO()
    _write(photo, format, file, quality, metadata)
    return file.getvalue()


def save(
    photo: Photo,
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
    kind = format or format_of(path)
    if kind is None:
        raise ParameterError("path", path.name, f"a name that ends in {' '.join(SUFFIXES)}, or a format")
    _check(photo, kind, quality, metadata)
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    temporary = path.with_name(f".tinct-{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("x+b") as file:
            _write(photo, kind, file, quality, metadata)
        _move(temporary, path, overwrite)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise OutputError(f"{path.name}: cannot be written ({reason}); choose another place") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return path


def _exists(path: Path) -> OutputError:
    return OutputError(f"{path.name}: is there already; choose another name or allow overwriting")


def _move(temporary: Path, path: Path, overwrite: bool) -> None:
    """Give a finished file its name."""
    if overwrite:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path)  # unlike a rename, this refuses an existing name
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without links
        os.rename(temporary, path)


def _check(photo: Photo, format: str, quality: int, metadata: str) -> None:
    if format not in FORMATS:
        raise ParameterError("format", format, ", ".join(FORMATS))
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise ParameterError("quality", quality, "a whole number 1 to 100")
    if metadata not in get_args(Metadata):
        raise ParameterError("metadata", metadata, ", ".join(get_args(Metadata)))
    longest = _LONGEST.get(format)
    if longest is not None and max(photo.width, photo.height) > longest:
        raise OutputError(
            f"the photo is {photo.width} x {photo.height}; allowed in {format}: sides up to {longest} "
            "pixels; choose png or tiff"
        )


def _write(photo: Photo, format: str, file: BinaryIO, quality: int, metadata: Metadata) -> None:
    """Encode into an open, empty file."""
    exif = None if metadata == "none" else photo.exif if metadata == "all" else without_gps(photo.exif)
    exif = with_size(exif, photo.width, photo.height)
    xmp = photo.xmp if metadata == "all" else None
    if format == "heif":
        from tinct.photo.heif import encode_heif

        encode_heif(photo, file, quality=quality, exif=exif, xmp=xmp)
        return
    from tinct.photo.vips import VipsError

    sink = containers.Splicer(file)
    try:
        image = _image(photo, format)
        if format == "png":
            _write_png(image, sink, exif, xmp)
        else:
            image, keep = _with_xmp(image, xmp)
            _WRITERS[format](image, sink, quality, exif, keep)
    except VipsError:
        if sink.error is not None:
            raise sink.error from None
        raise OutputError(f"the photo could not be encoded as {format}; choose another format") from None


def _image(photo: Photo, format: str) -> Any:
    """The photo as a vips image over the same memory, in the bands and depth of the format."""
    from tinct.photo.vips import from_array, with_profile

    alpha = None if photo.alpha is None else from_array(photo.alpha)
    image = from_array(photo.pixels)
    if _is_gray(photo, format):
        image = image.extract_band(0).copy(interpretation="b-w" if photo.depth == 8 else "grey16")
    if alpha is not None:
        image = image.bandjoin(alpha)
        if format == "jpeg":
            image = image.flatten(background=255 if photo.depth == 8 else 65535)
    if photo.depth == 16 and format in ("jpeg", "webp"):
        levels = (np.arange(65536, dtype=np.uint32) + 128) // 257  # the nearest of 256
        gray = image.bands < 3
        image = image.maplut(from_array(levels.astype(np.uint8)[None, :, None]))
        image = image.copy(interpretation="b-w" if gray else "srgb")
    return with_profile(image, photo.icc)


def _with_xmp(image: Any, xmp: bytes | None) -> tuple[Any, int]:
    """The image with its XMP attached, and the flags of what libvips shall write beside the pixels."""
    from tinct.photo.vips import pyvips

    if xmp is None:
        return image, _KEEP_ICC
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "xmp-data", xmp)
    return image, _KEEP_ICC | _KEEP_XMP


def _is_gray(photo: Photo, format: str) -> bool:
    """Whether one channel holds the whole photo and the format and profile allow it."""
    if not photo.gray or photo.icc is not None or format not in ("jpeg", "png", "tiff"):
        return False
    p = photo.pixels
    rows = range(0, p.shape[0], 256)
    return all((p[y : y + 256, :, :1] == p[y : y + 256, :, 1:]).all() for y in rows)


def _target(sink: containers.Splicer) -> Any:
    from tinct.photo.vips import pyvips

    target = pyvips.TargetCustom()
    target.on_write(sink.write)
    return target


def _write_jpeg(image: Any, sink: containers.Splicer, quality: int, exif: bytes | None, keep: int) -> None:
    sink.at, sink.block = containers.JPEG_EXIF_AT, containers.jpeg_exif(exif) if exif else b""
    subsample = "off" if quality >= 90 else "on"
    image.jpegsave_target(_target(sink), Q=quality, subsample_mode=subsample, keep=keep)


def _write_png(image: Any, sink: containers.Splicer, exif: bytes | None, xmp: bytes | None) -> None:
    sink.at = containers.PNG_EXIF_AT
    sink.block = (containers.png_exif(exif) if exif else b"") + (containers.png_xmp(xmp) if xmp else b"")
    image.pngsave_target(_target(sink), compression=2, filter="sub", keep=_KEEP_ICC)


def _write_webp(image: Any, sink: containers.Splicer, quality: int, exif: bytes | None, keep: int) -> None:
    data = bytes(image.webpsave_buffer(Q=quality, effort=2, keep=keep))
    if exif:
        data = containers.webp_with_exif(data, exif, image.width, image.height, alpha=image.bands == 4)
    sink.file.write(data)


def _write_tiff(image: Any, sink: containers.Splicer, quality: int, exif: bytes | None, keep: int) -> None:
    target = _target(sink)
    target.on_read(sink.file.read)
    target.on_seek(sink.file.seek)
    raw = image.width * image.height * image.bands * (1 if image.format == "uchar" else 2)
    big = raw > 2**32 - 2**26  # classic TIFF ends at 4 GiB
    image.tiffsave_target(
        target, compression="deflate", level=2, predictor="horizontal", bigtiff=big, keep=keep
    )
    if exif and not big:
        append_to_tiff(sink.file, exif)


def _write_avif(image: Any, sink: containers.Splicer, quality: int, exif: bytes | None, keep: int) -> None:
    from tinct.photo.vips import pyvips

    if exif:
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "exif-data", b"Exif\0\0" + exif)
        keep |= 1
    image.heifsave_target(
        _target(sink),
        compression="av1",
        Q=quality,
        effort=1,
        bitdepth=8 if image.format == "uchar" else 10,
        subsample_mode="off" if quality >= 90 else "on",
        keep=keep,
    )


_WRITERS = {
    "jpeg": _write_jpeg,
    "webp": _write_webp,
    "tiff": _write_tiff,
    "avif": _write_avif,
}
