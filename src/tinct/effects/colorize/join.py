"""Join coarse chroma to full-size luminance: along edges, in strips, and without touching luminance.

Two steps. Cells are first spread over a middle size by joint bilateral upsampling (Kopf et al. 2007), where cells that
straddle an edge count little. From there on the fast guided filter (He and Sun 2015) writes chroma as a local line in
lightness, so that the full-size photo's own edges place the colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.effects.colorize.luminance import Luminance, encode, to_linear
from tinct.imaging.strips import by_strips
from tinct.imaging.threads import single_threaded
from tinct.imaging.tone import RealColor
from tinct.photo.color import profile_to_srgb, srgb_to_lab
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import resize

__all__ = ["MIDDLE", "Join", "spread"]

Array = NDArray[np.float32]

MIDDLE = 512  # longer side at which edges are found
_REACH = 2  # cells to each side
_EDGE = 7.0  # L* by which a cell may differ before it stops counting
_UNLIKE = np.float32(0.5**0.5 / _EDGE)
_STRADDLE = 6.0  # standard deviation of L* inside a cell before it stops counting
_WINDOW = 7  # of the guided filter, in pixels of the middle size
_FLAT = 30.0  # variance of L* below which the guided filter smooths
_STRIP = 1 << 17  # pixels a thread works on at once; its planes stay in the cache
_THREADS = 4


def spread(chroma: Array, light: Array) -> Array:
    """Joint bilateral upsampling.

    Parameters
    ----------
    chroma : ndarray, (h, w, 2), float32
        a*, b* of cells.
    light : ndarray, (H, W), float32
        L* of the middle size.

    Returns
    -------
    ndarray, (H, W, 2), float32
    """
    import cv2

    height, width = light.shape
    near_y, far_y = _taps(height, chroma.shape[0])
    near_x, far_x = _taps(width, chroma.shape[1])
    around = [(_REACH, _REACH)] * 2 + [(0, 0)]
    cells = np.pad(_cells(chroma, light), around, mode="edge")  # (h + 4, w + 4, 4)
    scaled = light * _UNLIKE
    total, weights = np.zeros((2, height, width), np.float32), np.full((height, width), 1e-12, np.float32)
    for column, distance_x in zip(near_x, far_x, strict=True):
        wide = cells[:, column]  # (h + 4, W, 4)
        wide[..., 1] -= distance_x
        planes = np.ascontiguousarray(wide.transpose(2, 0, 1))
        for row, distance_y in zip(near_y, far_y, strict=True):
            unlike, weight, *found = planes[:, row]  # each (H, W)
            unlike -= scaled
            unlike *= unlike
            weight -= unlike
            weight -= distance_y[:, None]
            np.exp(weight, out=weight)
            weights += weight
            for sum_of, plane in zip(total, found, strict=True):
                plane *= weight
                sum_of += plane
    plain = np.asarray(cv2.resize(chroma, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    sure = weights / (weights + np.float32(1e-4))  # the plain mean stands in where no cell looks alike
    total *= sure / weights
    out: Array = total.transpose(1, 2, 0) + plain.reshape(height, width, 2) * (1 - sure)[..., None]
    return np.ascontiguousarray(out)


def _cells(chroma: Array, light: Array) -> Array:
    """L* scaled by `_UNLIKE`, the logarithm of trust, a* and b* of each cell: (h, w, 4)."""
    size = (chroma.shape[0], chroma.shape[1])
    mean = resize(light, size)
    variance = np.maximum(resize(light * light, size) - mean * mean, 0)
    trust = np.log(np.exp(-variance / (2 * _STRADDLE**2)) + np.float32(1e-3))
    return np.dstack([mean * _UNLIKE, trust, chroma]).astype(np.float32)


def _taps(size: int, cells: int) -> tuple[list[NDArray[np.intp]], list[Array]]:
    """For each tap: the padded cell (size,) of every pixel of a side, and half its squared distance (size,)."""
    place = (np.arange(size) + 0.5) * (cells / size) - 0.5
    nearest = np.rint(place).astype(np.intp)
    steps = range(-_REACH, _REACH + 1)
    return (
        [nearest + step + _REACH for step in steps],
        [((nearest + step - place) ** 2 / 2).astype(np.float32) for step in steps],
    )


def _box(x: Array) -> Array:
    import cv2

    return np.asarray(cv2.blur(x, (_WINDOW, _WINDOW), borderType=cv2.BORDER_REFLECT), np.float32)


@dataclass(frozen=True, eq=False)
class Join:
    """Chroma as a local line in L*: ab = slope * L + offset, held inside what is found nearby."""

    maps: Array
    """(8, h, w): slopes of a*, b*, offsets, the smallest a*, b* nearby, and the largest."""

    @classmethod
    def fit(cls, chroma: Array, light: Array) -> Join:
        """From chroma (h, w, 2) and L* (h, w) of the middle size."""
        import cv2

        mean_l, mean_c = _box(light), _box(chroma).reshape(chroma.shape)
        variance = np.maximum(_box(light * light) - mean_l * mean_l, 0)
        together = _box(chroma * light[..., None]).reshape(chroma.shape) - mean_c * mean_l[..., None]
        slope = together / (variance + np.float32(_FLAT))[..., None]
        offset = mean_c - slope * mean_l[..., None]
        lines = _box(np.concatenate([slope, offset], axis=-1))
        around = np.ones((5, 5), np.uint8)
        low, high = (
            np.asarray(f(chroma, around), np.float32).reshape(chroma.shape) for f in (cv2.erode, cv2.dilate)
        )
        stacked = np.concatenate([lines, low, high], axis=-1)
        return cls(np.ascontiguousarray(stacked.transpose(2, 0, 1)))

    def chroma(self, light: Array, top: int, full: tuple[int, int]) -> tuple[Array, Array]:
        """a* and b* (n, W) for the rows of `light` (n, W) that begin at `top` in a photo of size `full`."""
        maps = _rows(self.maps, top, len(light), full)  # (8, n, W)
        planes = []
        for k in (0, 1):
            plane = maps[k]
            plane *= light
            plane += maps[2 + k]
            np.maximum(plane, maps[4 + k], out=plane)
            np.minimum(plane, maps[6 + k], out=plane)
            planes.append(plane)
        return planes[0], planes[1]

    def apply(self, photo: Photo, *, strength: float, keep: bool, real: RealColor | None = None) -> Pixels:
        """Full-size pixels in the photo's own profile and depth.

        Parameters
        ----------
        photo : Photo
        strength : float
            Share of the new chroma, 0..1.
        keep : bool
            The rest is the photo's own chroma; else it is grey.
        real : RealColor, optional
            Where the photo has colour of its own, that stays.
        """
        out = np.empty_like(photo.pixels)

        def work(top: int, bottom: int) -> None:
            strip = photo.pixels[top:bottom]
            luminance = Luminance.of(strip, photo.icc)
            a, b = self.chroma(luminance.light, top, (photo.height, photo.width))
            own = None
            if real is not None or (keep and strength < 1):
                own = srgb_to_lab(profile_to_srgb(strip, photo.icc))
            if strength < 1:
                rest = own if keep and own is not None else np.zeros((1, 1, 3), np.float32)
                a, b = (
                    new * np.float32(strength) + rest[..., k] * np.float32(1 - strength)
                    for k, new in ((1, a), (2, b))
                )
            if real is not None and own is not None:
                share = real.share(own)
                a, b = (new + share * (own[..., k] - new) for k, new in ((1, a), (2, b)))
            encode(to_linear(luminance, a, b), photo.icc, out[top:bottom])

        single_threaded(by_strips)(work, (photo.height, photo.width), _STRIP, _THREADS)
        return out


def _rows(grids: Array, top: int, count: int, full: tuple[int, int]) -> Array:
    """Rows `top`.. of `grids` (m, h, w), brought linearly to the size `full`: (m, count, W)."""
    import cv2

    m, h, w = grids.shape
    y = np.clip((np.arange(top, top + count) + 0.5) * (h / full[0]) - 0.5, 0, h - 1)
    first, last = int(y[0]), min(int(y[-1]) + 2, h)
    band = grids[:, first:last].reshape(-1, w)
    wide = np.asarray(cv2.resize(band, (full[1], len(band)), interpolation=cv2.INTER_LINEAR), np.float32)
    share = np.maximum(0, 1 - np.abs(y[:, None] - np.arange(first, last))).astype(np.float32)  # (count, rows)
    out: Array = share @ wide.reshape(m, last - first, full[1])
    return out
