"""Frames of a clip show the same thing at other places between their pixels: together they hold more than each alone.

Recursive, after Sajjadi et al. 2018 ("Frame-recurrent video super-resolution"), without a network of its own: the
doubled frame before is brought to this one along dense motion and averaged with what this frame alone gives. What was
carried is believed where, made small again, it is what this frame shows; texture may differ by more, as pixels of half
the resolution alias. Then the result is held to the frame (Irani and Peleg 1991, "Improving resolution by image
registration"): made small, it is the frame again, but for what the noise that is left in it explains around each pixel
(Wiener 1949).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.motion import Motion

__all__ = ["Fusion"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

# Of the search's descent, at full resolution and without its refinement, which is done here
_STEPS: Final = 12
_STRIDE: Final = 6  # between the patches of 8 pixels that it places
_STEP_WINDOW: Final = 21  # in which one motion is found for all pixels
_STEP_FLAT: Final = 16.0  # squared slope of luma below which a motion stays as it was
_MOST_STEP: Final = 0.5  # pixels
_MOST_AGE: Final = 8.0  # frames that are averaged at most
_GAP: Final = 3.0  # units of luma: a difference that is believed
_TEXTURE: Final = 0.5  # of the texture's deviation: what is believed beyond that
_GAP_WINDOW, _TEXTURE_WINDOW = 3, 5
# How much worse standing still may explain a frame than motion does, as motion follows noise too
_STILL: Final = 1.5
_HELD: Final = 2  # times that the remaining difference from the frame is given back
_NOISE_WINDOW: Final = 5  # in which that is compared with the noise
_DRAWN: Final = 5.0  # times the noise's variance: drawing in which doubling leaves half of that
_SLIGHT: Final = 1.0  # units of luma: a difference that compression makes, blocks in what is flat, stays away


@dataclass
class _Before:
    doubled: Array
    age: Array
    """(H, W) of the frame: frames that each pixel is the mean of."""
    frame: Pixels


class Fusion:
    """Told each frame of a clip in turn, gives it doubled with what those before it showed."""

    def __init__(self) -> None:
        self._search: Any = Motion.search()
        self._search.setGradientDescentIterations(_STEPS)
        self._search.setVariationalRefinementIterations(0)
        self._search.setFinestScale(0)
        self._search.setPatchStride(_STRIDE)
        self._before: _Before | None = None

    def __call__(self, frame: Pixels, cleaned: Array, noise: Array, doubled: Array, is_cut: bool) -> Array:
        """The doubled frame.

        Parameters
        ----------
        frame : ndarray, (H, W), uint8
            Luma in which motion is searched, cleaned.
        cleaned : ndarray, (H, W), float32
            The same, not rounded, 0..255.
        noise : ndarray, (H, W), float32
            Standard deviation of the noise that is left in it and is to go.
        doubled : ndarray, (2 H, 2 W), float32
            What that alone gives.
        is_cut : bool
            Whether another shot begins here.

        Returns
        -------
        ndarray, (2 H, 2 W), float32
            About 0..255; not cut.
        """
        age = np.ones(frame.shape, np.float32)
        if self._before is not None and not is_cut:
            doubled, age = self._mixed(frame, cleaned, doubled, self._before)
        held = None
        for _ in range(_HELD):
            gap = cleaned - _halved(doubled)
            held = _not_noise(gap, cleaned, noise) if held is None else held
            gap *= held * (gap * gap / (gap * gap + np.float32(_SLIGHT**2)))
            doubled = doubled + _to_size(gap, doubled, cv2.INTER_LINEAR)
        self._before = _Before(doubled, age, frame)
        return doubled

    def _mixed(self, frame: Pixels, cleaned: Array, own: Array, before: _Before) -> tuple[Array, Array]:
        motion = Motion(frame, before.frame, self._search)
        _refine(motion, frame, before.frame)
        motion.settle(_STILL)
        carried = _at(before.doubled, motion.place(*own.shape), cv2.INTER_LANCZOS4)
        age = _at(before.age, motion.place(*frame.shape), cv2.INTER_LINEAR)
        age = np.minimum(age, np.float32(_MOST_AGE - 1)) * _believed(_halved(carried), cleaned)
        share = _to_size(age / (age + 1), own, cv2.INTER_LINEAR)
        return own + (carried - own) * share, age + 1


def _refine(motion: Motion, now: Pixels, then: Pixels) -> None:
    """One step of Lucas and Kanade 1981 at full resolution: what the coarser search leaves is less than a pixel."""
    seen = now.astype(np.float32)
    moved = _at(then.astype(np.float32), motion.place(*now.shape), cv2.INTER_CUBIC)
    middle = (seen + moved) / 2
    dx = cv2.Sobel(middle, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    dy = cv2.Sobel(middle, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    gap = moved - seen
    xx, xy, yy, xg, yg = (
        cv2.blur(one, (_STEP_WINDOW, _STEP_WINDOW)) for one in (dx * dx, dx * dy, dy * dy, dx * gap, dy * gap)
    )
    xx, yy = xx + np.float32(_STEP_FLAT), yy + np.float32(_STEP_FLAT)
    whole = xx * yy - xy * xy
    step = np.stack([(xy * yg - yy * xg) / whole, (xy * xg - xx * yg) / whole], axis=-1)
    motion.flow += np.clip(step, -_MOST_STEP, _MOST_STEP)


def _believed(carried: Array, cleaned: Array) -> Array:
    """How far what was carried is what is seen: (H, W), 0..1."""
    gap = carried - cleaned
    power = cv2.blur(gap * gap, (_GAP_WINDOW, _GAP_WINDOW))
    window = (_TEXTURE_WINDOW, _TEXTURE_WINDOW)
    allowed = np.float32(_GAP) + np.float32(_TEXTURE) * np.sqrt(np.maximum(_variance(cleaned, window), 0))
    return np.asarray(np.exp(-power / (allowed * allowed)), np.float32)


def _not_noise(gap: Array, cleaned: Array, noise: Array) -> Array:
    """How far differences are more than the noise that doubling took away: (H, W), 0..1."""
    window = (_NOISE_WINDOW, _NOISE_WINDOW)
    variance = cv2.blur(noise * noise, window) + np.float32(1e-3)
    drawn = np.maximum(_variance(cleaned, window) - variance, 0)
    taken = variance / (1 + drawn / (np.float32(_DRAWN) * variance))
    power = cv2.blur(gap * gap, window) + np.float32(1e-3)
    return np.asarray(np.maximum(1 - taken / power, 0), np.float32)


def _variance(values: Array, window: tuple[int, int]) -> Array:
    return np.asarray(cv2.blur(values * values, window) - cv2.blur(values, window) ** 2, np.float32)


def _at(values: Array, place: tuple[Array, Array], how: int) -> Array:
    return np.asarray(cv2.remap(values, *place, how, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _halved(values: Array) -> Array:
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _to_size(values: Array, like: Array, how: int) -> Array:
    return np.asarray(cv2.resize(values, like.shape[::-1], interpolation=how), np.float32)
