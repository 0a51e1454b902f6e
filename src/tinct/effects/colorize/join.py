"""Join coarse chroma to full-size luminance: along edges, in strips, and without touching luminance.

Two steps. Cells are first spread over a middle size by joint bilateral upsampling (Kopf et al. 2007), where cells that
straddle an edge count little. From there on the fast guided filter (He and Sun 2015) writes chroma as a local line in
lightness, so that the full-size photo's own edges place the colours.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.effects.colorize.light import Luminance, encode, to_linear
from tinct.effects.threads import cores
from tinct.photo.color import profile_to_srgb, srgb_to_lab
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import resize

__all__ = ["MIDDLE", "Join", "spread"]

Array = NDArray[np.float32]

MIDDLE = 512  # longer side at which edges are found
_REACH = 2  # cells to each side
_EDGE = 7.0  # L* by which a cell may differ before it stops counting
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

    rows, columns = chroma.shape[:2]
    height, width = light.shape
    mean = resize(light, (rows, columns))
    variance = np.maximum(resize(light * light, (rows, columns)) - mean * mean, 0)
    cells = np.empty((rows, columns, 4), np.float32)  # L*, trust, a*, b*
    cells[..., 0] = mean
    cells[..., 1] = np.exp(-variance / (2 * _STRADDLE**2)) + np.float32(1e-3)
    cells[..., 2:] = chroma
    near_y, far_y = _taps(height, rows)
    near_x, far_x = _taps(width, columns)
    total = np.zeros((height, width, 2), np.float32)
    weights = np.full((height, width, 1), 1e-12, np.float32)
    for row, share_y in zip(near_y, far_y, strict=True):
        band = cells[row]  # (H, w, 4)
        for column, share_x in zip(near_x, far_x, strict=True):
            there = band[:, column]  # (H, W, 4)
            unlike = (light - there[..., 0]) * np.float32(1 / _EDGE)
            weight = there[..., 1] * np.exp(unlike * unlike * np.float32(-0.5)) * share_y[:, None] * share_x
            total += weight[..., None] * there[..., 2:]
            weights += weight[..., None]
    plain = np.asarray(cv2.resize(chroma, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    sure = weights / (weights + np.float32(1e-4))  # the plain mean stands in where no cell looks alike
    out: Array = (sure * total / weights + (1 - sure) * plain.reshape(total.shape)).astype(np.float32)
    return out


def _taps(size: int, cells: int) -> tuple[list[NDArray[np.intp]], list[Array]]:
    """For each tap: the cell (size,) of every pixel of a side, and its share by distance (size,)."""
    place = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(cells / size) - np.float32(0.5)
    nearest = np.rint(place)
    steps = range(-_REACH, _REACH + 1)
    index = [np.clip(nearest + step, 0, cells - 1).astype(np.intp) for step in steps]
    share = [np.exp(-((nearest + step - place) ** 2) / 2).astype(np.float32) for step in steps]
    return index, share


def _box(x: Array) -> Array:
    import cv2

    return np.asarray(cv2.blur(x, (_WINDOW, _WINDOW), borderType=cv2.BORDER_REFLECT), np.float32)


@dataclass(frozen=True, eq=False)
class Join:
    """Chroma as a local line in L*: ab = slope * L + offset, held inside what is found nearby."""

    maps: list[Array]
    """8 x (h, w): slopes of a*, b*, offsets, the smallest a*, b* nearby, and the largest."""

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
        return cls([np.ascontiguousarray(stacked[..., k]) for k in range(8)])

    def chroma(self, light: Array, top: int, full: tuple[int, int]) -> tuple[Array, Array]:
        """a* and b* (n, W) for the rows of `light` (n, W) that begin at `top` in a photo of size `full`."""
        maps = _rows(self.maps, top, len(light), full)  # 8 x (n, W)
        planes = []
        for k in (0, 1):
            plane = maps[k] * light
            plane += maps[2 + k]
            np.maximum(plane, maps[4 + k], out=plane)
            np.minimum(plane, maps[6 + k], out=plane)
            planes.append(plane)
        return planes[0], planes[1]

    def apply(self, photo: Photo, *, strength: float, keep: bool) -> Pixels:
        """Full-size pixels in the photo's own profile and depth.

        Parameters
        ----------
        photo : Photo
        strength : float
            Share of the new chroma, 0..1.
        keep : bool
            The rest is the photo's own chroma; else it is grey.
        """
        out = np.empty_like(photo.pixels)
        step = max(1, _STRIP // photo.width)

        def work(top: int) -> None:
            strip = photo.pixels[top : top + step]
            luminance = Luminance.of(strip, photo.icc)
            a, b = self.chroma(luminance.light, top, (photo.height, photo.width))
            if strength < 1:
                own = (
                    srgb_to_lab(profile_to_srgb(strip, photo.icc))
                    if keep
                    else np.zeros((1, 1, 3), np.float32)
                )
                a, b = (
                    new * np.float32(strength) + own[..., k] * np.float32(1 - strength)
                    for k, new in ((1, a), (2, b))
                )
            encode(to_linear(luminance, a, b), photo.icc, out[top : top + step])

        with ThreadPoolExecutor(min(_THREADS, cores())) as pool:
            for _ in pool.map(work, range(0, photo.height, step)):
                pass
        return out


def _rows(grids: list[Array], top: int, count: int, full: tuple[int, int]) -> list[Array]:
    """Rows `top`.. of each of `grids` (h, w), brought linearly to the size `full`."""
    import cv2

    h = len(grids[0])
    y = np.clip((np.arange(top, top + count, dtype=np.float32) + 0.5) * (h / full[0]) - 0.5, 0, h - 1)
    above = y.astype(int)
    first, last = int(above[0]), min(int(above[-1]) + 2, h)
    below = np.minimum(above + 1, h - 1) - first
    share = (y - above).astype(np.float32)[:, None]
    out = []
    for grid in grids:
        wide = cv2.resize(grid[first:last], (full[1], last - first), interpolation=cv2.INTER_LINEAR)
        wide = np.asarray(wide, np.float32).reshape(last - first, full[1])
        rows = wide[below]
        rows -= wide[above - first]
        rows *= share
        rows += wide[above - first]
        out.append(rows)
    return out
