"""Carry what an engine did to a small photo over to the photo at full size.

The change is written as a gain of each channel, and the gain, at each place of the small photo, as a line in the light
of the pixels there. The full-size photo's own light then places the gain along its own edges. This is the fast guided
filter (He and Sun 2015) used for joint upsampling, as in bilateral guided upsampling (Chen et al. 2016).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.strips import by_strips, rows_of
from tinct.photo.photo import Photo

__all__ = ["GainField", "light_of", "mean"]

Array = NDArray[np.float32]
Prepare = Callable[[Array, int], Array]

_LIGHT: Final = np.array([[0.299, 0.587, 0.114]], np.float32)
_FLOOR: Final = np.float32(0.02)  # added before gains are taken: black has none
_RADIUS: Final = 1 / 40  # of the window, as a share of the longer side
_SOFTNESS: Final = 1e-3  # variance of light below which the gain is smoothed rather than fitted
_PREPARED: Final = np.float32(np.log(1.2))  # logarithm of the gain from which pixels are prepared wholly
_STRIP: Final = 1 << 18  # pixels a thread works on at once
_HALO: Final = 16  # rows beside a strip, for filters that look around
_THREADS: Final = 4


def light_of(rgb: Array) -> Array:
    """Luma (h, w) of encoded colours (h, w, 3)."""
    return np.asarray(cv2.transform(rgb, _LIGHT), np.float32).reshape(rgb.shape[:2])


def mean(plane: NDArray[np.floating[Any]], radius: int) -> Array:
    """Mean over a square window of ``2 radius + 1`` pixels; of every channel of (h, w) or (h, w, c)."""
    window = (2 * radius + 1, 2 * radius + 1)
    out = cv2.blur(plane, window, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(out, np.float32).reshape(plane.shape)


@dataclass(frozen=True, eq=False)
class GainField:
    """Logarithms of gains as lines in light.

    Parameters
    ----------
    lines : ndarray, (h, w, 6), float32
        Slopes for red, green and blue, and offsets.
    low, high : ndarray, (3,), float32
        Smallest and largest gain found on the small photo; none beyond is applied.
    """

    lines: Array
    low: Array
    high: Array

    @classmethod
    def fit(cls, source: Array, target: Array) -> GainField:
        """From a small photo before and after, both (h, w, 3), encoded, 0..1."""
        gain = np.log((target + _FLOOR) / (source + _FLOOR)).astype(np.float32)
        light = light_of(source)
        radius = max(2, round(max(light.shape) * _RADIUS))
        mean_light, mean_gain = mean(light, radius), mean(gain, radius)
        variance = mean(light * light, radius) - mean_light * mean_light
        together = mean(gain * light[..., None], radius) - mean_gain * mean_light[..., None]
        slope = together / (np.maximum(variance, 0) + np.float32(_SOFTNESS))[..., None]
        lines = mean(np.concatenate([slope, mean_gain - slope * mean_light[..., None]], axis=-1), radius)
        low, high = (np.percentile(gain, p, axis=(0, 1)).astype(np.float32) for p in (0.5, 99.5))
        return cls(lines, low, high)

    def gains(self, light: Array, top: int, height: int) -> Array:
        """Logarithms of gains (n, W, 3) for rows of luma (n, W) that begin at `top` of a photo `height` high."""
        count, width = light.shape
        planes = [rows_of(self.lines[..., at : at + 3], top, count, (height, width)) for at in (0, 3)]
        gain = planes[0] * light[..., None] + planes[1]
        return np.asarray(np.clip(gain, self.low, self.high), np.float32)

    def apply(self, photo: Photo, strength: float = 1.0, prepare: Prepare | None = None) -> Photo:
        """Brighten, darken and tint a photo at full size, in strips.

        Parameters
        ----------
        photo : Photo
            8 or 16 bit; the result has its depth, profile, alpha and metadata.
        strength : float
            Share of the change, 0..1; 0 returns the photo itself.
        prepare : callable, optional
            Applied to rows (n, W, 3), encoded, 0..1, and the number of the first, before the gains; it may look 16
            rows around. What it does counts where there is a gain.
        """
        if strength == 0:
            return photo
        most = np.float32(np.iinfo(photo.pixels.dtype).max)
        out = np.empty_like(photo.pixels)

        def work(top: int, bottom: int) -> None:
            first, last = max(top - _HALO, 0), min(bottom + _HALO, photo.height)
            seen = photo.pixels[first:last].astype(np.float32) / most
            inside = slice(top - first, bottom - first)
            smooth = (seen if prepare is None else prepare(seen.copy(), first))[inside]
            gain = self.gains(light_of(smooth), top, photo.height)
            if prepare is None:
                seen = smooth
            else:  # what gains nothing keeps its grain
                share = np.clip(gain.max(axis=-1, keepdims=True) / _PREPARED, 0, 1)
                seen = seen[inside] + (smooth - seen[inside]) * share
            made = (seen + _FLOOR) * np.exp(gain * np.float32(strength)) - _FLOOR
            out[top:bottom] = np.clip(made, 0, 1) * most + np.float32(0.5)

        by_strips(work, (photo.height, photo.width), _STRIP, _THREADS)
        return replace(photo, pixels=out, gray=False)
