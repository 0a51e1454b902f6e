"""libvips, set up once: quiet, without its operation cache, and only the loaders that are named."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

logging.getLogger("pyvips").setLevel(logging.CRITICAL)  # its messages may quote a file; ours never do

import pyvips  # noqa: E402

pyvips.block_untrusted_set(True)
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)

__all__ = [
    "Image",
    "VipsError",
    "dtype_of",
    "fetcher",
    "field",
    "from_array",
    "is_harmless",
    "load",
    "pyvips",
    "to_array",
    "with_profile",
]

Image = Any  # pyvips has no types of its own
VipsError: type[Exception] = pyvips.Error

_FORMATS = {"uint8": "uchar", "uint16": "ushort", "float32": "float"}
_DTYPES = {name: np.dtype(dtype) for dtype, name in _FORMATS.items()}


def load(data: bytes, operation: str, *, strict: bool = True) -> Image:
    """Open encoded bytes with one of libvips' loaders; pixels are decoded later, once, from top to bottom.

    The bytes are not copied: they must outlive the image. Missing data are an error, never gray filler; in JPEG
    that takes the strict mode, in which libjpeg's every warning is an error.
    """
    fail_on = "warning" if strict and operation == "jpegload_source" else "error"
    source = pyvips.Source.new_from_memory(data)
    return getattr(pyvips.Image, operation)(source, access="sequential", fail_on=fail_on)


def is_harmless(error: Exception) -> bool:
    """Whether strict loading stopped at what leaves the picture whole.

    Stray bytes between segments, or scans of a progressive picture in an unusual order.
    """
    return any(words in str(error) for words in ("extraneous bytes", "Inconsistent progression"))


def field(image: Image, name: str) -> bytes | None:
    """A block of metadata that the loader found, or None."""
    return bytes(image.get(name)) if image.get_typeof(name) else None


def dtype_of(image: Image) -> np.dtype[Any]:
    """The array type that holds the image's samples."""
    return _DTYPES[image.format]


def from_array(array: NDArray[Any]) -> Image:
    """A vips image over the memory of an (H, W, C) or (H, W) array, without a copy when it is contiguous."""
    array = np.ascontiguousarray(array)
    height, width = array.shape[:2]
    bands = array.shape[2] if array.ndim == 3 else 1
    image = pyvips.Image.new_from_memory(array.data, width, height, bands, _FORMATS[array.dtype.name])
    if array.dtype == np.uint16:
        return image.copy(interpretation="grey16" if bands < 3 else "rgb16")
    return image.copy(interpretation="b-w" if bands < 3 else "srgb")


def to_array(image: Image) -> NDArray[Any]:
    """All pixels of a vips image, (H, W, C).

    Written into NumPy's memory: its pages are larger than those of libvips, and a sixth of a JPEG's decoding is saved.
    """
    pixels = np.empty((image.height, image.width, image.bands), dtype_of(image))
    image.write(
        pyvips.Image.new_from_memory(pixels.data, image.width, image.height, image.bands, image.format)
    )
    return pixels


def fetcher(image: Image) -> Callable[[int, int], NDArray[Any]]:
    """A function (top, rows) that gives strips, (rows, W, C), to be called from top to bottom."""
    region = pyvips.Region.new(image)

    def fetch(top: int, rows: int) -> NDArray[Any]:
        data = region.fetch(0, top, image.width, rows)
        return np.frombuffer(data, dtype_of(image)).reshape(rows, image.width, image.bands)

    return fetch


def with_profile(image: Image, icc: bytes | None) -> Image:
    """The image with this profile attached, or without any."""
    image = image.copy()
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    elif image.get_typeof("icc-profile-data"):
        image.remove("icc-profile-data")
    return image
