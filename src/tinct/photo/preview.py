"""A small copy of a photo in sRGB, for eyes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from tinct.photo.resize import shrink

if TYPE_CHECKING:
    from tinct.photo.photo import Photo

__all__ = ["png", "preview"]


def preview(photo: Photo, side: int) -> Photo:
    """A copy whose longer side is at most `side`: 8 bits, sRGB, without metadata."""
    from tinct.photo.color import profile_to_srgb
    from tinct.photo.photo import Photo

    photo = photo.without_hidden_colors()
    colors = np.clip(profile_to_srgb(shrink(photo.pixels, side), photo.icc), 0, 1)
    alpha = photo.alpha
    if alpha is not None:
        small = shrink(alpha, side)
        alpha = small if small.dtype == np.uint8 else np.asarray(np.rint(small / np.float32(257)), np.uint8)
    return Photo(np.asarray(np.rint(colors * 255), np.uint8), alpha, gray=photo.gray)


def png(photo: Photo, side: int) -> bytes:
    """The same as the bytes of a PNG file."""
    from tinct.photo.pil import to_pil

    file = io.BytesIO()
    to_pil(preview(photo, side)).save(file, "PNG")
    return file.getvalue()
