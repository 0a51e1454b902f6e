"""Fading and yellowing: how a print's tones have shrunk and tinted, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.strips import by_strips
from tinct.imaging.tone import Tone, tone_of
from tinct.photo.color import lab_to_srgb, profile_to_srgb, srgb_to_lab, srgb_to_profile
from tinct.photo.photo import Photo, Pixels

__all__ = ["Levels", "levels_of"]

Array = NDArray[np.float32]

_BLACK, _WHITE = 0.02, 0.97  # sRGB values to which the ends are brought
_ENDS = (0.5, 99.5)  # percentiles that are a photo's ends
_LEAST = 0.06  # by which tones must have shrunk for it to be fading
_MOST = 1.8  # gain; a print that lost more has too much grain for it
# Hues, in degrees, of yellowed and sepia prints; other tints were meant, as a cyanotype's
_WARM = (15.0, 125.0)
_STRIP = 1 << 17  # pixels that a thread works on at once


@dataclass(frozen=True, eq=False)
class Levels:
    """The way back: ``(value - low) * gain + black`` of each channel, without tint where the photo is of one ink."""

    tone: Tone
    low: Array
    """(3,) sRGB values that become black."""
    gain: Array
    """(3,)."""
    yellowed: bool
    """Whether the photo has the one tint of sepia or old paper."""

    @property
    def faded(self) -> bool:
        """Whether tones have shrunk."""
        return bool((self.gain > 1 / (1 - _LEAST)).any())

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return self.faded or self.tone == "toned"

    def apply(self, photo: Photo) -> Pixels:
        """Pixels (H, W, 3) of the photo with its tones brought back."""
        out = np.empty_like(photo.pixels)
        top = np.float32(np.iinfo(out.dtype).max)

        def strip(first: int, last: int) -> None:
            seen = profile_to_srgb(photo.pixels[first:last], photo.icc)
            if self.tone != "color":
                lab = srgb_to_lab(seen)
                lab[..., 1:] = 0
                seen = lab_to_srgb(lab)
            seen = (seen - self.low) * self.gain + np.float32(_BLACK)
            made = srgb_to_profile(np.clip(seen, 0, 1), photo.icc)
            out[first:last] = np.rint(np.clip(made, 0, 1) * top)

        by_strips(strip, (photo.height, photo.width), _STRIP)
        return out


def levels_of(rgb: Array, sound: NDArray[np.bool_]) -> Levels:
    """Judge a proxy.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1.
    sound : ndarray, (h, w), bool
        Pixels that show the photo and no damage.
    """
    lab = srgb_to_lab(rgb)
    tone = tone_of(lab)
    seen = rgb[sound] if sound.any() else rgb.reshape(-1, 3)
    if tone != "color":
        light = srgb_to_lab(seen)
        light[:, 1:] = 0
        seen = lab_to_srgb(light)
    low, high = (np.asarray(ends, np.float32) for ends in np.percentile(seen, _ENDS, axis=0))
    gain = (np.float32(_WHITE - _BLACK) / np.maximum(high - low, 1e-3)).clip(1, _MOST)
    # where the gain is bounded, or was not needed, the middle of the tones stays where it is
    middle = (low + high) / 2
    centred = middle + (np.float32(_BLACK) - middle.clip(0.35, 0.6)) / gain
    reached = (high - low) * gain > np.float32(0.98 * (_WHITE - _BLACK))
    low = np.where(reached, low, centred)
    low = np.where(gain <= 1 / (1 - _LEAST), np.float32(_BLACK), low)
    gain = np.where(gain <= 1 / (1 - _LEAST), np.float32(1), gain)
    return Levels(tone, low.astype(np.float32), gain.astype(np.float32), tone == "toned" and _warm(lab))


def _warm(lab: Array) -> bool:
    mean = lab[..., 1:].reshape(-1, 2).mean(axis=0)
    return bool(_WARM[0] < np.degrees(np.arctan2(mean[1], mean[0])) < _WARM[1])
