"""Noise of a clip goes by averaging each thing along its motion, where that brings no change of its own.

Recursive: the cleaned frame before is brought to this one along dense motion and mixed in, as a Kalman filter would
(Kalman 1960; for pictures Dubois and Sabri 1984). Each is believed by its variance: this frame's is its noise; that
of what was carried is by how much both differ beyond that noise, around each pixel, as where the motion is wrong, a
shadow passes, a thing was hidden, or detail is too fine to be carried. So detail that moves is neither smeared nor
doubled, and a clip without noise stays as it is.

The first frames of a shot have none before them: they are averaged backwards first, over a few of those that follow.

What was not averaged there is not lost: a network may look at the frame itself, at what was carried and at the next
frame, and knows how much noise is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.planes import Planes
from tinct.imaging.motion import Motion, small_luma
from tinct.imaging.shots import CutFinder

__all__ = ["AHEAD", "Cleaned", "Cleaner", "noise_of"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

AHEAD: Final = 6
"""Frames that are held and looked at before the first of a shot is cleaned; eight did no better where things move."""
_SIDE: Final = 480  # of the luma on which motion is searched
_MOST_AGE: Final = 8.0  # frames that are averaged at most: each step along motion costs a little detail
_STILL: Final = 1.1  # how much worse standing still may explain a frame than motion does
_WINDOW: Final = 7  # in which differences, and what neighbours share of them, are judged
_SHARED: Final = 0.5  # of the noise: what neighbours may share, as of a shadow
_CHANCE: Final = 0.7  # of the noise's variance: what differences may exceed it by, where nothing is drawn
_DRAWN: Final = 2.0  # times the noise's variance: drawing that halves that
_MOST_DOUBT: Final = 4.0  # what more of it multiplies the variance by, at most, as a power of e
_STORED: Final = 1.25  # noise beside what frames differ by, as compression carries some of it along
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


@dataclass(frozen=True)
class Cleaned:
    """A frame with less noise, and what was known of it; float32, in units of 0..255."""

    planes: tuple[Array, Array, Array]
    """Luma (H, W) and chroma (h, w)."""
    views: Array
    """(4, H, W): how far luma as it came, as the frames before have it and as the next one has it differ from the
    cleaned luma, each along motion, and the deviation of the noise that is left."""

    @property
    def seen(self) -> Array:
        """Luma and views (5, H, W)."""
        return np.concatenate([self.planes[0][None], self.views])


@dataclass
class _Before:
    """The frame before, cleaned."""

    planes: tuple[Array, Array, Array]
    small: Pixels
    age: Array
    """(H, W): frames whose noise it has after averaging."""


class Cleaner:
    """Told each frame of a clip in turn, and some of those after it, gives it with less noise.

    Parameters
    ----------
    strength : float
        0 leaves frames as they are, 1 averages all that is alike.
    noise : float, optional
        Standard deviation of the noise, in units of luma; measured by default.
    """

    def __init__(self, strength: float, noise: float | None = None) -> None:
        self._strength, self._known = strength, noise
        self._search: Any = Motion.search()
        self._cut = CutFinder()
        self._before: _Before | None = None
        self._next: tuple[bool, Pixels] | None = None
        """Whether another shot begins with the next frame, and its small luma."""
        self._noise: tuple[float, float] | None = None
        """What frames show of it by themselves, and what they differ by."""
        self.is_cut = True
        """Whether another shot began with the frame that was told last."""

    def __call__(self, planes: Planes, after: Planes | None = None, ahead: Sequence[Planes] = ()) -> Cleaned:
        """The frame, cleaned.

        Parameters
        ----------
        planes : Planes
            The frame.
        after : Planes, optional
            The next one, which `Cleaned.views` then show.
        ahead : sequence of Planes
            What follows, `AHEAD` frames or fewer, of which the first frames of a shot are averaged too.
        """
        own = tuple(plane.astype(np.float32) for plane in (planes.y, planes.u, planes.v))
        y, u, v = own
        self.is_cut, small = self._next or self._glance(planes)
        if self.is_cut and self._strength:
            self._before = self._backwards(ahead)
        self._next = None if after is None else self._glance(after)
        if self._strength == 0:
            return Cleaned((y, u, v), np.zeros((4, *y.shape), np.float32))
        if self._before is None:
            noise = noise_of(y) if self._known is None else self._known
            self._before = _Before((y, u, v), small, np.ones(y.shape, np.float32))
            views = [np.zeros_like(y), np.zeros_like(y), np.zeros_like(y), np.full_like(y, noise)]
        else:
            views = self._mixed((y, u, v), small, self._before)
        cleaned = self._before.planes
        if after is not None and self._next is not None and not self._next[0]:
            views[2] = self._ahead(small, self._next[1], after.y) - cleaned[0]
        else:
            views[2] = views[0]
        return Cleaned(cleaned, np.stack(views) * np.float32(self._strength))

    def _backwards(self, ahead: Sequence[Planes]) -> _Before | None:
        """What those frames ahead that are of this shot make of the second of it, the last one first."""
        cut, some = deepcopy(self._cut), Cleaner(self._strength, self._known)
        shot = list(takewhile(lambda planes: not cut(planes), ahead))
        for planes in reversed(shot):
            some._next = False, small_luma(planes.y, _SIDE)  # one shot, whichever way it runs
            some(planes)
        self._noise = some._noise or self._noise
        return some._before

    def _glance(self, planes: Planes) -> tuple[bool, Pixels]:
        return self._cut(planes), small_luma(planes.y, _SIDE)

    def _ahead(self, small: Pixels, after: Pixels, luma: Pixels) -> Array:
        """The next frame's luma, brought to this one."""
        motion = Motion(small, after, self._search)
        motion.settle(_STILL)
        place = motion.place(*luma.shape)
        return np.asarray(
            cv2.remap(luma.astype(np.float32), *place, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )

    def _mixed(self, own: tuple[Array, Array, Array], small: Pixels, before: _Before) -> list[Array]:
        y = own[0]
        height, width = y.shape
        motion = Motion(small, before.small, self._search)
        motion.settle(_STILL)
        at_x, at_y = motion.place(height, width)
        moved = cv2.remap(before.planes[0], at_x, at_y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
        carried: Array = np.asarray(moved, np.float32)
        kept = cv2.remap(
            before.age, at_x, at_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        age: Array = np.asarray(np.minimum(kept, _MOST_AGE), np.float32)
        gap = carried - y
        noise = self._known or self._measured(y, gap, age)
        share = _share(carried, gap, age, noise)
        mixed = share * np.float32(self._strength)
        chroma = self._chroma(own, before, (at_x, at_y), mixed)
        self._before = _Before((y + gap * mixed, *chroma), small, np.asarray(1 / (1 - mixed), np.float32))
        return [-gap * mixed, gap * (1 - mixed), np.zeros_like(y), np.float32(noise) * np.sqrt(1 - mixed)]

    def _measured(self, y: Array, gap: Array, age: Array) -> float:
        """Standard deviation of the noise: no more than a frame shows, texture and all, nor than frames differ by."""
        differ = noise_of(gap) / float(np.sqrt(1 + 1 / max(1.0, float(age.mean())))) * _STORED
        now = noise_of(y), differ
        before = self._noise or now
        shown, differ = (_KEEP_NOISE * a + (1 - _KEEP_NOISE) * b for a, b in zip(before, now, strict=True))
        self._noise = shown, differ
        return max(_LEAST_NOISE, min(self._noise))

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


def _share(carried: Array, gap: Array, age: Array, noise: float) -> Array:
    """Of what was carried (H, W), 0 to less than 1: by its variance and by the noise."""
    window = (_WINDOW, _WINDOW)
    variance = np.float32(noise * noise)
    least = variance / np.maximum(age, np.float32(1e-3))
    mean = cv2.blur(carried, window)
    drawn = np.maximum(cv2.blur(carried * carried, window) - mean * mean - variance / np.maximum(age, 1), 0)
    chance = variance * np.float32(_CHANCE) / (1 + drawn / (variance * np.float32(_DRAWN)))
    own = least + np.maximum(cv2.blur(gap * gap, window) - variance - least - chance, 0)
    over = np.maximum(np.abs(cv2.blur(gap, window)) / np.float32(noise * _SHARED) - 1, 0)
    own *= np.exp(np.minimum(over * over / 2, np.float32(_MOST_DOUBT)))
    return np.asarray(variance / (variance + own), np.float32)
