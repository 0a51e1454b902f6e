"""Remove what a gain would show: noise, more of it in colour than in light, and the blocks of JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.deblock import deblock
from tinct.imaging.degradation import OF_A_CHANNEL, TO_OPPONENT, condition, opponent
from tinct.imaging.gain import light_of, mean
from tinct.imaging.guided import ramp
from tinct.photo.photo import Pixels

__all__ = ["Smoother", "signal", "smoother"]

Array = NDArray[np.float32]

_BACK: Final = np.linalg.inv(TO_OPPONENT)
_SEEN: Final = 1.0 / 255  # noise that shows, after the gain
_STEPS: Final = 6.0  # times the mean step at the borders of blocks: what may be one
_WITHIN: Final = 0.5  # of that step is noise inside blocks
_LIGHT: Final = (3, 1.6)  # radius of the window; standard deviations of noise that are smoothed
_COLOR: Final = (7, 4.0)
_LIT: Final = (8 / 255, 16 / 255)  # brightness of the brightest windows from which a photo is no lens cap
_WINDOW: Final = 1 / 40  # radius, as a share of the longer side
_LEAST_WINDOW: Final = 3
_ALIKE: Final = 2.0  # pixels across which noise is alike, after demosaicing and JPEG
_ABOVE_NOISE: Final = (2.0, 4.0)  # standard deviations of averaged noise
_LEAST_SPREAD: Final = (0.2 / 255, 0.5 / 255)


@dataclass(frozen=True)
class Smoother:
    """Guided filters of light and colour differences, and borders of blocks made smooth before."""

    noise: float
    """Standard deviation in each channel, as a share of the full range."""
    blocks: float
    """Mean step at the borders of blocks, likewise; 0 where there are none."""

    def __call__(self, rgb: Array, first: int) -> Array:
        """Rows (n, W, 3), of which the first is the photo's row `first`, with less noise."""
        if self.blocks:
            deblock(rgb, first, _STEPS * self.blocks)
        channels = [np.asarray(c, np.float32) for c in cv2.split(opponent(rgb))]
        light = channels[0]
        for k, (radius, many) in enumerate((_LIGHT, _COLOR, _COLOR)):
            softness = (many * self.noise * float(OF_A_CHANNEL[k])) ** 2
            channels[k] = _guided(channels[k], light, radius, softness)
            light = channels[0]
        return np.clip(cv2.transform(cv2.merge(channels), _BACK), 0, 1).astype(np.float32)


def _guided(plane: Array, guide: Array, radius: int, softness: float) -> Array:
    """The guided filter (He, Sun, Tang 2013)."""
    mean_g, mean_p = mean(guide, radius), mean(plane, radius)
    variance = np.maximum(mean(guide * guide, radius) - mean_g * mean_g, 0)
    slope = (mean(guide * plane, radius) - mean_g * mean_p) / (variance + np.float32(softness + 1e-8))
    return mean(slope, radius) * guide + mean(mean_p - slope * mean_g, radius)


def smoother(pixels: Pixels, gain: float) -> Smoother | None:
    """What to do about a photo's noise before a `gain` of its encoded values; None where none would show."""
    found = condition(pixels)
    blocks = found.blocks if found.blocks * gain > _SEEN else 0.0
    noise = float(np.hypot(found.noise, _WITHIN * blocks))
    return Smoother(noise, blocks) if gain > 1.2 and (blocks or noise * gain > _SEEN) else None


def signal(rgb: Array, seen: NDArray[np.bool_]) -> float:
    """How surely a small copy shows anything but noise, 0..1.

    A photo that has some light anywhere does. In one that is next to black, what is left after averaging over windows
    must vary by more than averaged noise does.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1.
    seen : ndarray, (h, w), bool
        Which pixels are judged.
    """
    light = np.asarray(light_of(rgb), np.float32)
    radius = max(_LEAST_WINDOW, round(max(light.shape) * _WINDOW))
    smooth = mean(light, radius)
    lit = ramp(float(np.percentile(smooth[seen], 99)), *_LIT)
    spread = float(smooth[seen].std())
    noise = float((light - smooth)[seen].std()) * _ALIKE / (2 * radius + 1)
    varied = ramp(spread / max(noise, 1e-6), *_ABOVE_NOISE)
    return max(lit, varied * ramp(spread, *_LEAST_SPREAD))
