"""A part of a photo, given as a grey picture of its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.given import PhotoLike, as_photo
from tinct.photo.photo import Photo

__all__ = ["region"]


def region(photo: Photo, mask: PhotoLike, field: str = "mask") -> NDArray[np.uint8]:
    """How much of each pixel belongs to a region.

    Parameters
    ----------
    photo : Photo
    mask : photo, path, PIL image or array
        Of the same size, grey: white is in, black is out, grey between them mixes. Its opacity counts as laid on black.
    field : str
        Name for the error.

    Returns
    -------
    ndarray, (H, W), uint8
        255 is in.

    Raises
    ------
    ParameterError
        It has another size.
    """
    given = as_photo(mask, field)
    if (given.width, given.height) != (photo.width, photo.height):
        wanted = f"{photo.width}x{photo.height}, the size of the photo; scale the mask to it"
        raise ParameterError(field, f"{given.width}x{given.height}", wanted)
    green = _bytes(given.pixels[..., 1])
    if given.alpha is None:
        return green
    opacity = _bytes(given.alpha).astype(np.uint16)
    return np.asarray((green * opacity + 127) // 255, np.uint8)


def _bytes(levels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.asarray(levels if levels.dtype == np.uint8 else levels >> 8, np.uint8)
