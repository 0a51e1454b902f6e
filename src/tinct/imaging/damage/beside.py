"""How a mark differs from what is beside it, and what the whole photo is like.

Damage lies over the photo: what is behind it goes on as if it were not there. A joint between stones, a mast or a
whisker follows edges of the photo, has its colours, or is one of many alike in one part of it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["OF_PLACE", "of_place"]

Array = NDArray[np.float32]
Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEAR, _FAR = 3.0, 10.0  # pixels, standard deviations of what is taken for a mark's background
_SURE, _DOUBTED = 2.0, -1.0  # log-odds of the network by which a photo is described
_FIRM = 3.0  # and from which a pixel is
_CELLS = 8  # along each side of a photo: marks in few cells are of one thing in it
_SIZE = 250_000  # pixels to which counts refer
OF_PLACE = (
    *("stands_out", "apart", "rough", "rough_far", "slope", "apart_by_slope", "apart_by_rough"),
    *("light", "uneven", "light_of_range", "chroma", "more_chroma", "tint", "seen", "firm"),
    *("long", "wide", "upright", "bright", "from_rim"),
    *("marks", "spread", "roughness", "range", "colours", "seen_sure", "seen_doubted"),
)
"""What `of_place` tells of each mark."""


def of_place(of: NDArray[np.int32], lab: Array, odds: Array, seen: Array) -> Array:
    """Describe marks.

    Parameters
    ----------
    of : ndarray, (h, w), int32
        The number of the mark that a pixel belongs to, from 1; 0 where there is none. At least one mark.
    lab : ndarray, (h, w, 3), float32
        CIELAB.
    odds, seen : ndarray, (h, w), float32
        Log-odds of damage, and what the network alone says.

    Returns
    -------
    ndarray, (n, len(OF_PLACE)), float32
    """
    inside = np.flatnonzero(of)
    which = np.asarray(of.ravel()[inside], np.int64) - 1
    count = int(which.max()) + 1
    area: Numbers = np.bincount(which, minlength=count).astype(np.float64)

    def mean(values: NDArray[np.floating]) -> Numbers:
        return np.asarray(np.bincount(which, values.ravel()[inside], count) / area)

    light = np.ascontiguousarray(lab[..., 0])
    behind = _Behind(of)
    near, rough = behind.of(light, _NEAR)
    far_rough = behind.of(light, _FAR)[1]
    apart = light - near
    slope = mean(np.hypot(cv2.Scharr(near, cv2.CV_32F, 1, 0), cv2.Scharr(near, cv2.CV_32F, 0, 1)) / 32)
    standing, distance, roughness = mean(apart), mean(np.abs(apart)), mean(far_rough)
    level = mean(light)
    low, high = np.percentile(light, (2, 98))
    tones = max(float(high - low), 1.0)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    tints = [mean(lab[..., k] - behind.of(np.ascontiguousarray(lab[..., k]), _NEAR)[0]) for k in (1, 2)]
    about = [
        *(standing, distance, mean(rough), roughness, slope),
        *(distance / (slope + 0.3), distance / (roughness + 1)),
        *(level, np.sqrt(np.maximum(mean(light * light) - level * level, 0)), (level - low) / tones),
        *(mean(chroma), mean(chroma - behind.of(chroma, _NEAR)[0]), np.hypot(*tints)),
        *(mean((seen > 0).astype(np.float32)), mean((odds > _FIRM).astype(np.float32))),
    ]
    rows, columns = np.divmod(inside, of.shape[1])
    shape, middles = _shape(rows, columns, which, area)
    height, width = of.shape
    rim = np.minimum.reduce([middles[0], middles[1], height - 1 - middles[0], width - 1 - middles[1]])
    about += [*shape, np.sign(standing), np.log1p(np.maximum(rim, 0))]
    whole = [
        np.log1p(count * _SIZE / of.size),
        _spread(middles[0] / height, middles[1] / width),
        *(float(far_rough.mean()), tones, float(chroma.mean())),
        *(np.log(float((seen > least).mean()) + 1e-5) for least in (_SURE, _DOUBTED)),
    ]
    return np.stack([*about, *(np.full(count, one) for one in whole)], axis=1).astype(np.float32)


class _Behind:
    """What a photo is like without its marks and their rims."""

    def __init__(self, of: NDArray[np.int32]) -> None:
        marked = cv2.dilate((of > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
        self._free = np.asarray(1 - marked, np.float32)
        self._weights: dict[float, Array] = {}

    def of(self, values: Array, width: float) -> tuple[Array, Array]:
        """Mean and standard deviation (h, w) of what is sound around each pixel (normalised convolution)."""
        mean = self._mean(values, width)
        square = self._mean(values * values, width)
        return mean, np.sqrt(np.maximum(square - mean * mean, 0))

    def _mean(self, values: Array, width: float) -> Array:
        if width not in self._weights:
            self._weights[width] = np.asarray(cv2.GaussianBlur(self._free, (0, 0), width), np.float32)
        weight = self._weights[width]
        total = np.asarray(cv2.GaussianBlur(values * self._free, (0, 0), width), np.float32)
        return np.asarray(np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), values), np.float32)


def _shape(rows: Ints, columns: Ints, which: Ints, area: Numbers) -> tuple[list[Numbers], list[Numbers]]:
    """Length and width by second moments, and how upright; and the middles (n,), row and column."""

    def mean(values: Numbers) -> Numbers:
        return np.asarray(np.bincount(which, values, len(area)) / area)

    y, x = mean(rows.astype(np.float64)), mean(columns.astype(np.float64))
    down, right = rows - y[which], columns - x[which]
    yy, xx, xy = mean(down * down), mean(right * right), mean(down * right)
    apart = np.sqrt((yy - xx) ** 2 + 4 * xy * xy)
    long, wide = (np.sqrt(np.maximum((yy + xx + sign * apart) / 2, 0)) for sign in (1, -1))
    upright = np.abs(np.sin(np.arctan2(2 * xy, xx - yy) / 2))
    return [np.log(long + 0.5), np.log(wide + 0.3), upright], [y, x]


def _spread(down: Numbers, right: Numbers) -> float:
    """In how many cells of a photo there are marks, by how many there would be if they fell anywhere."""
    held = len(np.unique((down * _CELLS).astype(np.int64) * _CELLS + (right * _CELLS).astype(np.int64)))
    cells = _CELLS * _CELLS
    return float(held / (cells * (1 - (1 - 1 / cells) ** len(down))))
