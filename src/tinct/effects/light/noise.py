"""Remove the noise that a gain would show: before the gain, more of it in colour than in light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.degradation import OF_A_CHANNEL, TO_OPPONENT, condition, opponent
from tinct.imaging.gain import mean
from tinct.photo.photo import Pixels

__all__ = ["Smoother", "smoother"]

Array = NDArray[np.float32]

_BACK: Final = np.linalg.inv(TO_OPPONENT)
_SEEN: Final = 1.0 / 255  # noise that shows, after the gain
_LIGHT: Final = (3, 1.6)  # radius of the window; standard deviations of noise that are smoothed
_COLOR: Final = (7, 4.0)


@dataclass(frozen=True)
class Smoother:
    """Guided filters of light and colour differences."""

    noise: float
    """Standard deviation in each channel, as a share of the full range."""

    def __call__(self, rgb: Array) -> Array:
        """Rows (n, W, 3) with less noise."""
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
    noise = condition(pixels).noise
    return Smoother(noise) if noise * gain > _SEEN and gain > 1.2 else None
