"""People who fill a small part of a photo are looked at again from near, each in a square of their own."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.crop import Crops
from tinct.imaging.segment import SEEN, both
from tinct.photo.photo import Photo

__all__ = ["nearer", "placed"]

Array = NDArray[np.float32]

_MOST: Final = 4  # regions that are looked at again, the largest first
_LEAST: Final = 0.002  # of the photo; smaller regions are left as they are
_LARGE: Final = 0.65  # of the longer side: such regions the first look has seen well enough
_AROUND: Final = 1.35  # side of the square, of the region's longer side
_SHARE: Final = 0.65  # of the second look in the mean of both
_EDGE: Final = 10  # the second look fades over this part of the square's side


def nearer(probability: Array, photo: Photo) -> Array:
    """The probability (h, w) of people's outlines, with small regions seen again from near."""
    height, width = probability.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(
        (probability > 0.5).astype(np.uint8), connectivity=8
    )
    order = sorted(range(1, count), key=lambda number: -int(stats[number, cv2.CC_STAT_AREA]))[:_MOST]
    made, crops = probability.copy(), Crops(photo)
    step = photo.width / width
    for number in order:
        left, top, across, down, area = (int(value) for value in stats[number])
        if area < _LEAST * height * width or max(across, down) > _LARGE * max(height, width):
            continue
        middle = (np.array([left + across / 2, top + down / 2])) * step - 0.5
        view, to_photo = crops.square(middle, max(across, down) * _AROUND * step, 0.0, SEEN)
        seen, weight = placed(both(view)[1], to_photo, photo, (height, width))
        made += _SHARE * (seen - weight * made)
    return made


def placed(
    seen: Array, to_photo: NDArray[np.float64], photo: Photo, shape: tuple[int, int]
) -> tuple[Array, Array]:
    """What was seen in a square, where it lies in a map of the photo of `shape`, and how much it counts there.

    Returns
    -------
    tuple of ndarray, (h, w), float32
        The first is already weighted; the weight fades to 0 at the edge of the square.
    """
    side = seen.shape[0]
    edge = np.minimum(np.arange(side) + 0.5, np.arange(side)[::-1] + 0.5) / (side / _EDGE)
    weight = np.minimum(np.minimum.outer(edge, edge), 1).astype(np.float32)
    scale = np.array([shape[1] / photo.width, shape[0] / photo.height])
    to_map = np.diag(scale) @ to_photo
    to_map[:, 2] += (scale - 1) / 2
    both = np.dstack([seen * weight, weight])
    laid = cv2.warpAffine(both, to_map, shape[::-1], flags=cv2.INTER_AREA)
    return np.asarray(laid[..., 0], np.float32), np.asarray(laid[..., 1], np.float32)
