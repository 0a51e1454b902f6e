"""Noise of a clip goes by averaging each thing along its motion, where that brings no change of its own.

Recursive: the cleaned frame before is brought to this one along dense motion and mixed in. What was carried is
believed where its difference from this frame is noise: no more powerful than that, and not shared by neighbours, as
the difference of a wrong motion, a shadow, or a thing that was hidden is. So detail that moves is neither smeared nor
doubled, and a clip without noise stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.planes import Planes
from tinct.imaging.motion import Motion, small_luma
from tinct.imaging.shots import CutFinder

__all__ = ["Cleaner", "noise_of"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_SIDE: Final = 480  # of the luma on which motion is searched
_MOST_AGE: Final = 6.0  # frames that are averaged at most: each step along motion costs a little detail
_WINDOW: Final = 7  # in which differences are judged
_TIMES: Final = 1.1  # the power of two frames' noise: a difference of so much is noise alone
_BIAS: Final = (0.5, 0.3)  # of the noise, and units of luma: what neighbours may share
_FREE: Final = 0.6  # of that, before it counts
_CHROMA_WINDOW: Final = 5
_LEAST_NOISE: Final = 0.3
_BLOCK: Final = 8
_FLAT: Final = 15  # percentile of blocks that show noise alone
_FLATTEST: Final = 1.1  # how much more noise there is than the flattest blocks show
_KEEP_NOISE: Final = 0.9  # of the estimate of the frames before
_CHROMA: Final = np.float32(4.0)  # mean difference of chroma that is believed
_LAPLACE: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def noise_of(luma: Pixels | Array) -> float:
    """Standard deviation of the noise, in units of luma: Immerkaer 1996, of the blocks that have no texture."""
    seen = np.abs(cv2.filter2D(luma, cv2.CV_32F, _LAPLACE))
    size = (max(1, luma.shape[1] // _BLOCK), max(1, luma.shape[0] // _BLOCK))
    blocks = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    return float(np.percentile(blocks, _FLAT)) * float(np.sqrt(np.pi / 2)) / 6 * _FLATTEST


@dataclass
class _Before:
    """The frame before, cleaned."""

    planes: tuple[Array, Array, Array]
    small: Pixels
    age: Array
    """(H, W): frames that each pixel is the mean of."""


class Cleaner:
    """Told each frame of a clip in turn, gives it with less noise.

    Parameters
    ----------
    strength : float
        0 leaves frames as they are, 1 averages all that is alike.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._search: Any = Motion.search()
        self._cut = CutFinder()
        self._before: _Before | None = None
        self._noise: float | None = None
        self.is_cut = True
        """Whether another shot began with the frame that was told last."""

    def __call__(self, planes: Planes) -> tuple[Array, Array, Array]:
        """Luma and chroma, float32 in units of 0..255."""
        own = tuple(plane.astype(np.float32) for plane in (planes.y, planes.u, planes.v))
        y, u, v = own
        self.is_cut = self._cut(planes)
        if self._strength == 0:
            return y, u, v
        small = small_luma(planes.y, _SIDE)
        now = noise_of(planes.y)
        self._noise = now if self._noise is None else _KEEP_NOISE * self._noise + (1 - _KEEP_NOISE) * now
        if self.is_cut or self._before is None:
            self._before = _Before((y, u, v), small, np.ones(y.shape, np.float32))
            return y, u, v
        self._before = self._mixed((y, u, v), small, self._before)
        return self._before.planes

    def _mixed(self, own: tuple[Array, Array, Array], small: Pixels, before: _Before) -> _Before:
        y = own[0]
        height, width = y.shape
        at_x, at_y = Motion(small, before.small, self._search).place(height, width)
        carried = cv2.remap(before.planes[0], at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        age = cv2.remap(
            before.age, at_x, at_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        gap = np.asarray(carried, np.float32) - y
        age = np.minimum(age, _MOST_AGE - 1) * self._believed(gap)
        share = np.asarray(age / (age + 1) * np.float32(self._strength), np.float32)
        chroma = self._chroma(own, before, (at_x, at_y), share)
        return _Before((y + gap * share, *chroma), small, np.asarray(age + 1, np.float32))

    def _believed(self, gap: Array) -> Array:
        """How far a difference is noise and nothing else, 0..1: by its power, and by what neighbours share of it."""
        noise = max(_LEAST_NOISE, self._noise or 0.0)
        window = (_WINDOW, _WINDOW)
        power = np.maximum(cv2.blur(gap * gap, window), np.float32(1e-6))
        alike = np.minimum(np.float32(_TIMES * 2 * noise * noise) / power, 1) ** 2
        shared = np.abs(cv2.blur(gap, window)) / np.float32(noise * _BIAS[0] + _BIAS[1])
        over = np.maximum(shared - np.float32(_FREE), 0)
        return np.asarray(alike * np.exp(-over * over / 2), np.float32)

    def _chroma(
        self, own: tuple[Array, Array, Array], before: _Before, place: tuple[Array, Array], share: Array
    ) -> tuple[Array, Array]:
        height, width = own[1].shape
        half = [
            cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) * np.float32(0.5)
            for one in place
        ]
        small = cv2.resize(share, (width, height), interpolation=cv2.INTER_AREA)
        found = []
        for now, then in zip(own[1:], before.planes[1:], strict=True):
            gap = cv2.remap(then, half[0], half[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) - now
            mean = cv2.blur(np.abs(gap), (_CHROMA_WINDOW, _CHROMA_WINDOW))
            found.append(np.asarray(now + gap * small * np.exp(-((mean / _CHROMA) ** 2)), np.float32))
        return found[0], found[1]
