"""What libvips does not read: BMP and TIFF in 8-bit Lab, each by Pillow's one decoder for it."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from tinct.photo.picture import Decoded
from tinct.photo.probe import Header, broken
from tinct.settings import Settings

__all__ = ["decode_bmp", "lab_tiff_to_srgb"]


def decode_bmp(data: bytes, header: Header, limits: Settings) -> Decoded:
    """The photo in BMP bytes that `probe` has accepted.

    Raises
    ------
    BrokenPhotoError
        They are truncated or corrupt.
    """
    from PIL import BmpImagePlugin

    try:
        image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
        if image.size != (header.width, header.height):
            raise ValueError
        gray = image.mode in ("1", "L")
        array = np.asarray(image.convert("RGBA" if image.mode == "RGBA" else "RGB"))
    except Exception:  # Pillow's readers raise whatever their parsing runs into
        raise broken("bmp") from None
    alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    return Decoded(np.ascontiguousarray(array[..., :3]), alpha, gray=gray)


def lab_tiff_to_srgb(data: bytes, header: Header) -> NDArray[np.uint8]:
    """The stored pixels of an 8-bit Lab TIFF as sRGB, (H, W, 3), not yet turned upright.

    Raises
    ------
    BrokenPhotoError
        They are truncated or corrupt.
    """
    from PIL import ImageCms, TiffImagePlugin

    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
        if image.size != (header.width, header.height) or image.mode != "LAB":
            raise ValueError
        transform = ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
        )
        converted = ImageCms.applyTransform(image, transform)
        return np.asarray(converted, np.uint8)
    except Exception:
        raise broken("tiff") from None
