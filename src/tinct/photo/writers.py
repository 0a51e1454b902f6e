"""The writers of libvips' formats: a photo, a file, a quality and what stands beside the pixels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from tinct.errors import OutputError
from tinct.photo import containers, exif_edit, formats
from tinct.photo.exif_tiff import append_to_tiff
from tinct.photo.metadata import Blocks
from tinct.photo.picture import Picture
from tinct.photo.vips import Image, VipsError, from_array, pyvips, with_profile

__all__ = ["avif", "jpeg", "png", "tiff", "webp"]

_KEEP_NONE, _KEEP_EXIF, _KEEP_XMP, _KEEP_ICC = 0, 1, 2, 8  # libvips' flags
_MM_PER_INCH = 25.4
_IPTC_TAG = 33723
_FULL_CHROMA = 90  # from this quality on, colours keep the resolution of lightness


def jpeg(photo: Picture, file: BinaryIO, quality: int, blocks: Blocks) -> None:
    """JPEG, on white where the photo is not opaque."""
    with _stream(file, "jpeg") as (sink, target):
        (sink.at, sink.to), sink.block = containers.JPEG_HEAD, containers.jpeg_segments(blocks)
        image, _ = _image(photo, "jpeg", blocks)
        image.jpegsave_target(target, Q=quality, subsample_mode=_subsampling(quality), keep=_KEEP_NONE)


def png(photo: Picture, file: BinaryIO, quality: int, blocks: Blocks) -> None:
    """PNG; lossless, so that the quality does not matter."""
    with _stream(file, "png") as (sink, target):
        (sink.at, sink.to), sink.block = containers.PNG_HEAD, containers.png_chunks(blocks)
        image, _ = _image(photo, "png", blocks)
        image.pngsave_target(target, compression=2, filter="sub", keep=_KEEP_NONE)


def webp(photo: Picture, file: BinaryIO, quality: int, blocks: Blocks) -> None:
    """WebP, lossy."""
    with _stream(file, "webp"):
        image, keep = _image(photo, "webp", blocks)
        data = bytes(image.webpsave_buffer(Q=quality, effort=2, keep=keep))
        if blocks.exif:
            alpha = image.bands == 4
            data = containers.webp_with_exif(data, blocks.exif, image.width, image.height, alpha=alpha)
        file.write(data)


def tiff(photo: Picture, file: BinaryIO, quality: int, blocks: Blocks) -> None:
    """TIFF by deflate; lossless, so that the quality does not matter."""
    with _stream(file, "tiff") as (sink, target):
        target.on_read(sink.file.read)
        target.on_seek(sink.file.seek)
        image, keep = _image(photo, "tiff", blocks)
        across, down = blocks.resolution or (1.0, 1.0)
        image = image.copy(xres=across / _MM_PER_INCH, yres=down / _MM_PER_INCH)
        raw = image.width * image.height * image.bands * (1 if image.format == "uchar" else 2)
        big = raw > 2**32 - 2**26  # classic TIFF ends at 4 GiB
        image.tiffsave_target(
            target,
            compression="deflate",
            level=2,
            predictor="horizontal",
            bigtiff=big,
            resunit="inch",
            keep=keep,
        )
        if not big:
            more = ((_IPTC_TAG, 7, len(blocks.iptc), blocks.iptc),) if blocks.iptc else ()
            append_to_tiff(file, blocks.exif, resolution=blocks.resolution is not None, more=more)


def avif(photo: Picture, file: BinaryIO, quality: int, blocks: Blocks) -> None:
    """AVIF; 16-bit photos keep 10 bits."""
    with _stream(file, "avif"):
        image, keep = _image(photo, "avif", blocks)
        if blocks.exif:
            image.set_type(pyvips.GValue.blob_type, "exif-data", b"Exif\0\0" + blocks.exif)
            keep |= _KEEP_EXIF
        data = image.heifsave_buffer(
            compression="av1",
            Q=quality,
            effort=1,
            bitdepth=8 if image.format == "uchar" else 10,
            subsample_mode=_subsampling(quality),
            keep=keep,
        )
        file.write(exif_edit.corrected(data, blocks.exif) if blocks.exif else data)


@contextlib.contextmanager
def _stream(file: BinaryIO, name: str) -> Iterator[tuple[containers.Splicer, Any]]:
    """A sink over a file, and libvips' target that writes into it; failures become ours."""
    sink = containers.Splicer(file)
    target = pyvips.TargetCustom()
    target.on_write(sink.write)
    try:
        yield sink, target
        sink.finish()
    except VipsError:
        if sink.error is not None:
            raise sink.error from None
        raise OutputError(f"the photo could not be encoded as {name}; choose another format") from None


def _image(photo: Picture, name: str, blocks: Blocks) -> tuple[Image, int]:
    """The photo as a vips image over the same memory, in the bands and depth of the format.

    With its profile and XMP; and the flags of what libvips shall write beside the pixels.
    """
    row = formats.get(name)
    image = from_array(photo.pixels)
    if 1 in row.channels and _is_gray(photo):
        image = image.extract_band(0).copy(interpretation="b-w" if photo.depth == 8 else "grey16")
    if photo.alpha is not None:
        image = image.bandjoin(from_array(photo.alpha))
        if 4 not in row.channels:
            image = image.flatten(background=255 if photo.depth == 8 else 65535)
    if photo.depth == 16 and max(row.depths) == 8:
        levels = (np.arange(65536, dtype=np.uint32) + 128) // 257  # the nearest of 256
        gray = image.bands < 3
        image = image.maplut(from_array(levels.astype(np.uint8)[None, :, None]))
        image = image.copy(interpretation="b-w" if gray else "srgb")
    image = with_profile(image, blocks.icc)
    if blocks.xmp is None:
        return image, _KEEP_ICC
    image.set_type(pyvips.GValue.blob_type, "xmp-data", blocks.xmp)
    return image, _KEEP_ICC | _KEEP_XMP


def _is_gray(photo: Picture) -> bool:
    """Whether one channel holds all colours of the photo, and its profile allows that."""
    if not photo.gray or photo.icc is not None:
        return False
    p = photo.pixels
    rows = range(0, p.shape[0], 256)
    return all((p[y : y + 256, :, :1] == p[y : y + 256, :, 1:]).all() for y in rows)


def _subsampling(quality: int) -> str:
    return "off" if quality >= _FULL_CHROMA else "on"
