"""Frames of a clip show the same thing at other places between their pixels: together they hold more than each alone.

Recursive, after Sajjadi et al. 2018 ("Frame-recurrent video super-resolution"), without a network of its own: the
doubled frame before is brought to this one along dense motion and averaged with what this frame alone gives. What was
carried is believed where, made small again, it is what this frame shows; texture may differ by more, as pixels of half
the resolution alias. Then the result is held to the frame (Irani and Peleg 1991, "Improving resolution by image
registration"): made small, it is the frame again, the more exactly the less noise there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.temporal import noise_of
from tinct.imaging.motion import Motion

__all__ = ["Fusion"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_STEPS: Final = (
    12  # of the search's descent, at full resolution and without its refinement, which is done here
)
_STRIDE: Final = 6  # between the patches of 8 pixels that it places
_STEP_WINDOW: Final = 21  # in which one motion is found for all pixels
_STEP_FLAT: Final = 16.0  # squared slope of luma below which a motion stays as it was
_MOST_STEP: Final = 0.5  # pixels
_MOST_AGE: Final = 8.0  # frames that are averaged at most
_GAP: Final = 3.0  # units of luma: a difference that is believed
_TEXTURE: Final = 0.5  # of the texture's deviation: what is believed beyond that
_GAP_WINDOW, _TEXTURE_WINDOW = 3, 5
_STILL: Final = (
    1.5  # how much worse standing still may explain a frame than motion does, as motion follows noise too
)
_HELD: Final = (
    0.7,
    0.7,
)  # shares of the remaining difference from the frame that are given back, one after the other
_SLIGHT: Final = 1.0  # units of luma: a difference that compression makes, blocks in what is flat, stays away
_NOISE: Final = 3.0  # at which half as much is given back
_KEEP_NOISE: Final = 0.9  # of the estimate of the frames before


@dataclass
class _Before:
    doubled: Array
    age: Array
    """(H, W) of the frame: frames that each pixel is the mean of."""
    frame: Pixels


class Fusion:
    """Told each frame of a clip in turn, gives it doubled with what those before it showed.

    Parameters
    ----------
    denoise : float
        0..1; how much of the noise is to go. Where it is to stay, the result is held to the frame all the same.
    """

    def __init__(self, denoise: float) -> None:
        self._denoise = denoise
        self._search: Any = Motion.search()
        self._search.setGradientDescentIterations(_STEPS)
        self._search.setVariationalRefinementIterations(0)
        self._search.setFinestScale(0)
        self._search.setPatchStride(_STRIDE)
        self._before: _Before | None = None
        self._noise = 0.0

    def __call__(self, frame: Pixels, cleaned: Array, doubled: Array, is_cut: bool) -> Array:
        """The doubled frame.

        Parameters
        ----------
        frame : ndarray, (H, W), uint8
            Luma in which motion is searched, cleaned.
        cleaned : ndarray, (H, W), float32
            The same, not rounded, 0..255.
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
        noise = self._noise * self._denoise
        for share in _HELD:
            gap = cleaned - _halved(doubled)
            gap *= (
                gap
                * gap
                / (gap * gap + np.float32(_SLIGHT**2))
                * np.float32(share / (1 + (noise / _NOISE) ** 4))
            )
            doubled = doubled + _to_size(gap, doubled, cv2.INTER_LINEAR)
        self._before = _Before(doubled, age, frame)
        return doubled

    def _mixed(self, frame: Pixels, cleaned: Array, own: Array, before: _Before) -> tuple[Array, Array]:
        motion = Motion(frame, before.frame, self._search)
        _refine(motion, frame, before.frame)
        found = noise_of(motion.settle(_STILL)) / 2**0.5
        self._noise = _KEEP_NOISE * self._noise + (1 - _KEEP_NOISE) * found if self._noise else found
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
    variance = cv2.blur(cleaned * cleaned, window) - cv2.blur(cleaned, window) ** 2
    allowed = np.float32(_GAP) + np.float32(_TEXTURE) * np.sqrt(np.maximum(variance, 0))
    return np.asarray(np.exp(-power / (allowed * allowed)), np.float32)


def _at(values: Array, place: tuple[Array, Array], how: int) -> Array:
    return np.asarray(cv2.remap(values, *place, how, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _halved(values: Array) -> Array:
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _to_size(values: Array, like: Array, how: int) -> Array:
    return np.asarray(cv2.resize(values, like.shape[::-1], interpolation=how), np.float32)
