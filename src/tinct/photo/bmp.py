"""BMP, by Pillow's one decoder for it."""

from __future__ import annotations

import io

import numpy as np

from tinct.photo.photo import Photo
from tinct.photo.probe import Header, broken

__all__ = ["decode_bmp"]


def decode_bmp(data: bytes, header: Header) -> Photo:
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
    return Photo(np.ascontiguousarray(array[..., :3]), alpha, format="bmp", gray=gray)
