"""Chroma that a clip was given, made steady: averaged along motion, where the clip shows the same thing.

A map that makes dull colours vivid makes their noise vivid too, though it is the same map for every frame. So what
frames were given is averaged with what those before were given there; luma, and so the drawing, stays as it is. It is
recursive, so a frame at a time is held. Both frames are compared where they come from: to equal colours equal colours
were given, whatever things they are on, and noise is told from a change by what neighbours share of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.planes import Planes
from tinct.imaging.motion import Motion, small_luma

__all__ = ["Steady"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_SIDE: Final = 480  # of the luma on which motion is searched
_MOST_AGE: Final = 8.0  # frames that are averaged at most: each step along motion costs a little detail
_WINDOW: Final = (7, 7)  # of chroma, in which differences are judged
# Units of luma and chroma of the clip that neighbours may share
_SHARED: Final = np.array([6, 3, 3], np.float32)
_GIVEN: Final = np.array([8, 8], np.float32)  # and of what it was given, which is livelier
_UNCHANGED: Final = np.float32(1.0)  # units of chroma: what was changed by less is rather the clip's own


@dataclass
class _Before:
    small: Pixels
    own: Array
    """(h, w, 3) luma and chroma of the clip."""
    given: Array
    """(h, w, 2) chroma that it was given, steady."""
    age: Array
    """(h, w): frames that each place is the mean of."""


class Steady:
    """Told each frame of a clip in turn, and what was made of it, gives that with steady chroma."""

    def __init__(self) -> None:
        self._search: Any = Motion.search()
        self._before: _Before | None = None

    def __call__(self, source: Planes, made: Planes, *, begins: bool = False) -> Planes:
        """The planes `made` of a frame, with steady chroma.

        Parameters
        ----------
        source : Planes
            The frame.
        made : Planes
            What it became.
        begins : bool
            It is the first of its shot: nothing is taken from the frame before.
        """
        small = small_luma(source.y, _SIDE)
        given = np.dstack([made.u, made.v]).astype(np.float32)
        size = (given.shape[1], given.shape[0])
        luma = cv2.resize(source.y, size, interpolation=cv2.INTER_AREA)
        own = np.dstack([luma, source.u, source.v]).astype(np.float32)
        before = None if begins else self._before
        age = np.zeros(own.shape[:2], np.float32)
        steady = given
        if before is not None:
            steady, age = self._mixed(small, own, given, before)
        self._before = _Before(small, own, steady, age + 1)
        if before is None:
            return made
        u, v = (np.rint(np.clip(steady[..., k], 0, 255)).astype(np.uint8) for k in (0, 1))
        return Planes(made.y, u, v)

    def _mixed(self, small: Pixels, own: Array, given: Array, before: _Before) -> tuple[Array, Array]:
        """Chroma (h, w, 2), and how many frames it is the mean of beside this one (h, w)."""
        height, width = own.shape[:2]
        motion = Motion(small, before.small, self._search)
        x, y = motion.place(height, width)
        old_own, old_given = (_moved(one, x, y) for one in (before.own, before.given))
        age = cv2.remap(before.age, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        same = _alike(old_own - own, _SHARED) * _alike(old_given - given, _GIVEN)
        age = np.minimum(age, np.float32(_MOST_AGE - 1)) * same
        changed = cv2.blur(np.abs(given - own[..., 1:]).max(axis=-1), _WINDOW)
        share = age / (age + 1) * np.minimum(changed / _UNCHANGED, 1)
        return np.asarray(given + (old_given - given) * share[..., None], np.float32), np.asarray(
            age, np.float32
        )


def _moved(values: Array, x: Array, y: Array) -> Array:
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _alike(gap: Array, limits: Array) -> Array:
    """How far a difference (h, w, c) is noise, 0..1: neighbours share none of that."""
    shared = (np.abs(cv2.blur(gap, _WINDOW)) / limits).max(axis=-1)
    return np.asarray(np.exp(-shared * shared), np.float32)
