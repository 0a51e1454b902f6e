"""Cut turned squares out of a photo, small enough for a network, without stairs."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import profile_to_srgb
from tinct.photo.photo import Photo
from tinct.photo.picture import Pixels

__all__ = ["Crops", "square"]

Array = NDArray[np.float64]


class Crops:
    """Squares and small copies of one photo, which many networks want to see from near and far.

    Each is made from the smallest of a row of copies, each half as large as the one before, that still has more pixels
    than are wanted; a copy is made when it is first needed. Safe to share between threads.
    """

    def __init__(self, photo: Photo) -> None:
        self.photo = photo
        self._copies = [photo.pixels]
        self._lock = threading.Lock()

    def proxy(self, side: int) -> NDArray[np.float32]:
        """A small copy; see :meth:`tinct.photo.photo.Photo.proxy`."""
        copy, _ = self._copy(max(self.photo.width, self.photo.height) / side)
        return (
            self.photo.proxy(side)
            if copy is self.photo.pixels
            else Photo(copy, icc=self.photo.icc).proxy(side)
        )

    def square(
        self, centre: Array, side: float, turn: float, pixels: int
    ) -> tuple[NDArray[np.float32], Array]:
        """A square of the photo, turned and scaled.

        Parameters
        ----------
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
            The square, (pixels, pixels, 3) float32 sRGB in 0..1, where it reaches over the photo with the photo's
            border; and the matrix (2, 3) float64 from its pixels to the photo's.
        """
        side = max(side, 8.0)
        step = side / pixels
        cos, sin = np.cos(turn) * step, np.sin(turn) * step
        to_photo = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
        to_photo[:, 2] = centre - to_photo[:, :2] @ np.full(2, (pixels - 1) / 2)
        copy, times = self._copy(step)
        to_copy = to_photo / times
        to_copy[:, 2] += (1 / times - 1) / 2
        reach = side / times * 0.75  # holds the square at any turn
        middle = (centre + 0.5) / times - 0.5
        part, to_part = _shrunk(copy, middle, reach, max(1.0, step / times), to_copy)
        rgb = np.clip(profile_to_srgb(np.ascontiguousarray(part), self.photo.icc), 0, 1)
        view = cv2.warpAffine(
            rgb,
            to_part,
            (pixels, pixels),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(view, np.float32), to_photo

    def _copy(self, shrink: float) -> tuple[Pixels, int]:
        """The copy from which what is `shrink` times smaller is made, and how much smaller than the photo it is."""
        halvings = max(0, int(np.floor(np.log2(max(shrink, 1.0)))))
        with self._lock:
            while len(self._copies) <= halvings and min(self._copies[-1].shape[:2]) >= 4:
                height, width = (length // 2 for length in self._copies[-1].shape[:2])
                even = self._copies[-1][: 2 * height, : 2 * width]
                half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
                self._copies.append(half)  # type: ignore[arg-type]
            number = min(halvings, len(self._copies) - 1)
            return self._copies[number], 2**number


def square(
    photo: Photo, centre: Array, side: float, turn: float, pixels: int
) -> tuple[NDArray[np.float32], Array]:
    """One square of a photo; see :meth:`Crops.square`."""
    return Crops(photo).square(centre, side, turn, pixels)


def _shrunk(copy: Pixels, middle: Array, reach: float, shrink: float, to_copy: Array) -> tuple[Pixels, Array]:
    """The part of a copy within `reach` of `middle`, `shrink` times smaller; and the matrix to it."""
    height, width = copy.shape[:2]
    low, high = np.floor(middle - reach).astype(int), np.ceil(middle + reach).astype(int) + 1
    x0, y0 = np.clip(low, 0, [width - 1, height - 1])
    x1, y1 = np.clip(high, [x0 + 1, y0 + 1], [width, height])
    size = (max(1, round((x1 - x0) / shrink)), max(1, round((y1 - y0) / shrink)))
    part = copy[y0:y1, x0:x1]
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA) if shrink > 1 else part
    factors = np.array([size[0] / (x1 - x0), size[1] / (y1 - y0)])
    to_part = to_copy.copy()
    to_part[:, 2] -= [x0, y0]
    to_part *= factors[:, None]
    to_part[:, 2] += (factors - 1) / 2
    return small, to_part  # type: ignore[return-value]
