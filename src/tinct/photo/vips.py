"""libvips, set up once: quiet, without its operation cache, only the loaders that are named."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

logging.getLogger("pyvips").setLevel(logging.CRITICAL)  # its messages may quote file names; ours never do

import pyvips  # noqa: E402

pyvips.block_untrusted_set(True)
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)

__all__ = ["Image", "VipsError", "from_array", "pyvips", "to_array", "with_profile"]

Image = Any  # pyvips has no types of its own
VipsError = pyvips.Error

_FORMATS = {"uint8": "uchar", "uint16": "ushort", "float32": "float"}


def from_array(array: NDArray[np.generic]) -> Image:
    """A vips image over the memory of an (H, W, C) or (H, W) array, without a copy when it is contiguous."""
    array = np.ascontiguousarray(array)
    height, width = array.shape[:2]
    bands = array.shape[2] if array.ndim == 3 else 1
    image = pyvips.Image.new_from_memory(array.data, width, height, bands, _FORMATS[array.dtype.name])
    if array.dtype == np.uint16:
        return image.copy(interpretation="grey16" if bands < 3 else "rgb16")
    return image.copy(interpretation="b-w" if bands < 3 else "srgb")


def to_array(image: Image) -> NDArray[np.generic]:
    """The pixels of a vips image, (H, W, C), over the memory vips wrote them to."""
    kind = {v: k for k, v in _FORMATS.items()}[image.format]
    return np.frombuffer(image.write_to_memory(), kind).reshape(image.height, image.width, image.bands)


def with_profile(image: Image, icc: bytes | None) -> Image:
    """The image with this profile attached, or without any."""
    image = image.copy()
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    elif image.get_typeof("icc-profile-data"):
        image.remove("icc-profile-data")
    return image
