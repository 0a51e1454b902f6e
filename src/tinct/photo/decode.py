"""Bytes to a Photo: probe, decode with the one loader that fits, turn upright, keep profile and EXIF."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tinct.errors import EmptyPhotoError, PhotoError, UnsupportedPhotoError
from tinct.photo.photo import Photo
from tinct.photo.probe import Header, broken, check_bytes, probe
from tinct.settings import Settings, current

__all__ = ["open"]


def _read(source: str | Path | bytes | BinaryIO, limits: Settings) -> bytes:
    """The bytes of a source, never more than the limit and one."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if not isinstance(source, (str, Path)):
        return source.read(limits.max_photo_bytes + 1)
    path = Path(source)
    try:
        check_bytes(path.stat().st_size, limits)
        return path.read_bytes()
    except OSError as error:
        raise UnsupportedPhotoError(
            f"{path.name}: cannot be read ({error.strerror}); name a photo file"
        ) from None


def open(source: str | Path | bytes | BinaryIO, *, settings: Settings | None = None) -> Photo:
    """Read a photo."""
    limits = settings or current()
    data = _read(source, limits)
    header = probe(data, limits)
    return _decode(data, header)


def _decode(data: bytes, header: Header) -> Photo:
    from tinct.photo.vips import VipsError, pyvips, to_array

    load = {
        "jpeg": pyvips.Image.jpegload_buffer,
        "png": pyvips.Image.pngload_buffer,
        "webp": pyvips.Image.webpload_buffer,
        "tiff": pyvips.Image.tiffload_buffer,
        "gif": pyvips.Image.gifload_buffer,
    }[header.format]
    try:
        image = load(data, access="sequential", fail_on="truncated")
        icc = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
        if image.interpretation not in ("srgb", "rgb16", "b-w", "grey16"):
            image = (
                image.colourspace("srgb") if image.interpretation != "cmyk" else image.icc_transform("srgb")
            )
            icc = None
        exif = image.get("exif-data") if image.get_typeof("exif-data") else None
        orientation = image.get("orientation") if image.get_typeof("orientation") else 1
        if orientation != 1:
            image = image.copy_memory().autorot()
        array = to_array(image)
    except VipsError:
        raise broken(header.format) from None
    gray = array.shape[2] < 3
    if gray:
        icc = None
    alpha = np.ascontiguousarray(array[..., -1]) if array.shape[2] in (2, 4) else None
    pixels = np.repeat(array[..., :1], 3, axis=2) if gray else np.ascontiguousarray(array[..., :3])
    return Photo(pixels, alpha, icc, exif, header.format, gray)
