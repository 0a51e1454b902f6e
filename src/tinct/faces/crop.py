"""Cut a turned square out of a photo, small enough for a network, without stairs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import profile_to_srgb
from tinct.photo.photo import Photo

__all__ = ["square"]

Array = NDArray[np.float64]


def square(
    photo: Photo, centre: Array, side: float, turn: float, pixels: int
) -> tuple[NDArray[np.float32], Array]:
    """A square of a photo, turned and scaled.

    Parameters
    ----------
    photo : Photo
    centre : ndarray, (2,)
        x, y in pixels of the photo, 0 at the centre of the first pixel.
    side : float
        Of the square, in pixels of the photo; at least 8 are taken.
    turn : float
        Radians by which its rows are turned, clockwise.
    pixels : int
        Side of the result.

    Returns
    -------
    tuple of ndarray
        The square, (pixels, pixels, 3) float32 sRGB in 0..1, where it reaches over the photo with the photo's border;
        and the matrix (2, 3) float64 from its pixels to the photo's.
    """
    side = max(side, 8.0)
    reach = side * 0.75  # holds the square at any turn
    low = np.floor(centre - reach).astype(int)
    high = np.ceil(centre + reach).astype(int) + 1
    x0, y0 = np.clip(low, 0, [photo.width - 1, photo.height - 1])
    x1, y1 = np.clip(high, [x0 + 1, y0 + 1], [photo.width, photo.height])
    part = photo.pixels[y0:y1, x0:x1]
    shrink = max(1.0, side / pixels)
    size = (max(1, round((x1 - x0) / shrink)), max(1, round((y1 - y0) / shrink)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA) if shrink > 1 else part
    rgb = np.clip(profile_to_srgb(np.ascontiguousarray(small), photo.icc), 0, 1)
    step = side / pixels
    cos, sin = np.cos(turn) * step, np.sin(turn) * step
    to_photo = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    to_photo[:, 2] = centre - to_photo[:, :2] @ np.full(2, (pixels - 1) / 2)
    factors = np.array([size[0] / (x1 - x0), size[1] / (y1 - y0)])
    to_part = to_photo.copy()
    to_part[:, 2] -= [x0, y0]
    to_part *= factors[:, None]
    to_part[:, 2] += (factors - 1) / 2
    view = cv2.warpAffine(
        rgb,
        to_part,
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(view, np.float32), to_photo
