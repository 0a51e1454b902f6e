"""A Photo to bytes: the only encoder, where depth, profile and metadata are decided."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tinct.errors import OutputError, ParameterError
from tinct.photo.photo import Photo

__all__ = ["FORMATS", "Metadata", "encode", "format_of", "save"]

Metadata = Literal["all", "no-gps", "none"]
FORMATS = ("jpeg", "png", "webp", "tiff", "heif", "avif")

_SUFFIXES = {".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".png": "png", ".webp": "webp", ".tif": "tiff",
             ".tiff": "tiff", ".heic": "heif", ".heif": "heif", ".avif": "avif"}  # fmt: skip


def format_of(path: str | Path) -> str | None:
    """The format that a file name's ending asks for, or None."""
    return _SUFFIXES.get(Path(path).suffix.lower())


def encode(photo: Photo, format: str, *, quality: int = 92, metadata: Metadata = "no-gps") -> bytes:
    """Encode a photo."""
    from tinct.photo.vips import from_array, with_profile

    if format not in FORMATS:
        raise ParameterError("format", format, ", ".join(FORMATS))
    pixels = photo.pixels
    if format in ("jpeg", "webp") and photo.depth == 16:
        pixels = ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    image = from_array(pixels)
    if photo.alpha is not None and format != "jpeg":
        alpha = photo.alpha
        if alpha.dtype != pixels.dtype:
            alpha = ((alpha.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        image = image.bandjoin(from_array(alpha))
    image = with_profile(image, photo.icc)
    out: Any
    if format == "jpeg":
        out = image.jpegsave_buffer(Q=quality, subsample_mode="off" if quality >= 90 else "on", keep="icc")
    elif format == "png":
        out = image.pngsave_buffer(compression=2, filter="sub", keep="icc")
    elif format == "webp":
        out = image.webpsave_buffer(Q=quality, keep="icc")
    elif format == "tiff":
        out = image.tiffsave_buffer(compression="deflate", predictor="horizontal", keep="icc")
    else:
        out = image.heifsave_buffer(Q=quality, compression="av1", keep="icc")
    return bytes(out)


def save(
    photo: Photo,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int = 92,
    metadata: Metadata = "no-gps",
    overwrite: bool = True,
) -> Path:
    """Write a photo to a file: a temporary one beside it, then renamed."""
    path = Path(path)
    kind = format or format_of(path)
    if kind is None:
        raise ParameterError("path", path.name, f"a name that ends in one of {', '.join(_SUFFIXES)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path.name} is there already; choose another name or allow overwriting")
    data = encode(photo, kind, quality=quality, metadata=metadata)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tinct-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)
    return path
