"""Remove noise and JPEG blocks: shrink what is small in the cosine transform of every 8 x 8 window.

A window sees noise spread over all its waves, and what is drawn gathered in few; small waves are therefore shrunk, by
Breiman's garrote, which drops the smallest and leaves the large as they are.
Every pixel is the mean of what all windows around it say, which is what makes the steps between blocks go.

After Yu and Sapiro 2011, "DCT image denoising: a simple and effective image denoising algorithm", and Nosratinia 2001,
"Enhancement of JPEG-compressed images by re-application of JPEG".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.degradation import OF_A_CHANNEL, TO_OPPONENT, Condition, opponent
from tinct.imaging.threads import single_threaded

__all__ = ["Cleaner", "cleaner"]

Array = NDArray[np.float32]

_SIZE = 8
_STRIDE = 2
_BACK = np.linalg.inv(TO_OPPONENT)

# Thresholds that come close to the original on photos with noise added or compressed as JPEG; that of light is lower
# than the closest, because grain of films and papers would go too.
_OF_NOISE = (1.8, 2.5, 2.5)
_OF_BLOCKS = (2.6, 3.8, 3.8)
_CLEAN_NOISE = 1.5 / 255  # found in clean photos, of their finest texture
_CLEAN_NOISE_GRAY = 3.0 / 255
_CLEAN_BLOCKS = 0.3 / 255
_MOST_BLOCKS = 10 / 255


def _basis() -> Array:
    """The two-dimensional cosine transform of flattened windows: (64, 64), orthonormal."""
    one = cv2.dct(np.eye(_SIZE, dtype=np.float32), flags=cv2.DCT_ROWS).T  # rows are waves
    return np.kron(one, one).astype(np.float32)


_BASIS = _basis()


@dataclass(frozen=True)
class Cleaner:
    """Thresholds for light and colour differences, as shares of the full range; 0 leaves a channel alone."""

    thresholds: tuple[float, float, float]

    @single_threaded
    def apply(self, rgb: Array) -> Array:
        """Clean a window of a photo (h, w, 3), float32, 0..1."""
        if not any(self.thresholds) or min(rgb.shape[:2]) < _SIZE:
            return rgb
        channels = cv2.split(opponent(rgb))
        cleaned = [
            _shrunk(np.asarray(c, np.float32), t) if t else c
            for c, t in zip(channels, self.thresholds, strict=True)
        ]
        return np.clip(cv2.transform(cv2.merge(cleaned), _BACK), 0, 1).astype(np.float32)


def _shrunk(plane: Array, threshold: float) -> Array:
    """One channel (h, w)."""
    height, width = plane.shape
    total = np.zeros_like(plane)
    weights = np.zeros_like(plane)
    squared = np.float32(threshold * threshold)
    columns = np.unique([*range(0, width - _SIZE + 1, _STRIDE), width - _SIZE])
    for top in np.unique([*range(0, height - _SIZE + 1, _STRIDE), height - _SIZE]):
        strip = np.lib.stride_tricks.sliding_window_view(plane[top : top + _SIZE], _SIZE, axis=1)[:, columns]
        flat = strip.transpose(1, 0, 2).reshape(-1, _SIZE * _SIZE)
        waves = flat @ _BASIS.T
        kept = np.square(waves)  # becomes 1 - threshold^2 / wave^2, or 0
        np.maximum(kept, squared, out=kept)
        np.divide(-squared, kept, out=kept)
        kept += 1
        kept[:, 0] = 1
        waves *= kept
        trust = 1 / kept.sum(axis=1)
        found = ((waves @ _BASIS) * trust[:, None]).reshape(-1, _SIZE, _SIZE)
        for k in range(_SIZE):
            total[top : top + _SIZE, columns + k] += found[:, :, k].T
            weights[top : top + _SIZE, columns + k] += trust
    return total / weights


def cleaner(state: Condition, strength: float | None) -> Cleaner:
    """What to do about a photo's condition.

    Parameters
    ----------
    state : Condition
    strength : float, optional
        0..1, from nothing to twice what the estimate asks for; None does what it asks for, and nothing to photos
        that are nearly clean.
    """
    if strength is None:
        noise = _above(state.noise, _CLEAN_NOISE_GRAY if state.gray else _CLEAN_NOISE)
        blocks = state.blocks if state.blocks > _CLEAN_BLOCKS else 0.0
    else:
        noise = 2 * strength * state.noise
        blocks = 2 * strength * state.blocks
    blocks = min(blocks, _MOST_BLOCKS)
    shares = np.array([1, 0, 0]) if state.gray else OF_A_CHANNEL
    light, *colors = (
        max(noise * float(share) * of_noise, blocks * of_blocks)
        for share, of_noise, of_blocks in zip(shares, _OF_NOISE, _OF_BLOCKS, strict=True)
    )
    return Cleaner((light, colors[0], colors[1]))


def _above(level: float, floor: float) -> float:
    """What noise of `level` has beyond that of `floor`: variances subtract."""
    return math.sqrt(max(0.0, level * level - floor * floor))
