"""What libvips does not read: TIFF in 8-bit Lab, by Pillow's one decoder for it."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from tinct.photo.probe import Header, broken

__all__ = ["lab_tiff_to_srgb"]


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
