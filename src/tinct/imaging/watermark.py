"""An invisible sign in a photo that says it was altered, which survives JPEG and resizing, and a test for it.

Spread spectrum (Cox, Kilian, Leighton, Shamoon 1997, "Secure spread spectrum watermarking for multimedia"): a fixed row
of signs, one for each of some thousand frequencies of the luma on a grid of `_SIDE` x `_SIDE`, is added to what the
photo has there. The grid spans the photo whatever its size, so scaling does not move it; the frequencies are low enough
to survive half the size and JPEG, and high enough not to be seen as clouds. What the photo has there by itself is
measured first and only the rest is added (Malvar, Florencio 2003, "Improved spread spectrum"), so that every photo is
marked equally well and none more than it takes.

The test correlates the same signs with the frequencies. For a photo that knows nothing of the signs the figure has
variance 1 and exceeds t with probability exp(-t^2 / 2) at most (Hoeffding 1963), whatever the photo shows.

It is a sign, not a proof: the signs are public, who wants to can remove it or put it elsewhere, and cutting off a part
of the photo hides it.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.given import PhotoLike, as_photo
from tinct.photo.photo import Photo

__all__ = ["LEAST", "Mark", "find_mark", "marked"]

Array = NDArray[np.float32]

LEAST: Final = 6.0
"""Strength from which on a photo counts as marked: others reach it once in 65 million."""
_WANTED: Final = 14.0  # strength of a fresh mark
_MOST: Final = 3.0  # levels of 255 by which a mark may change luma, root mean square
_LEAST_CHANGE: Final = 0.8  # the same at least: what is fainter, JPEG rounds away
_SIDE: Final = 512  # of the grid
_BAND: Final = (24.0, 150.0)  # half waves across the grid
_RING: Final = 4.0  # half waves over which frequencies are of one strength
_CLIPPED: Final = 3.0  # times its ring's strength; louder ones count no more
_NOISE: Final = 6 / 255  # of a frequency, as JPEG makes it; fainter ones count less
_CALM: Final = 0.02  # spread of luma around a place at which a mark is as strong as on average
_STRIP: Final = 512  # rows that are changed at a time


@dataclass(frozen=True)
class Mark:
    """Whether a photo carries the sign."""

    found: bool
    strength: float
    """In standard deviations of photos without it; from `LEAST` on it was found."""


def find_mark(photo: PhotoLike) -> Mark:
    """Look for the invisible sign that :func:`tinct.swap` writes with ``mark="invisible"``.

    A photo without it passes for one that has it once in 65 million at most. One that has it is told also after it was
    halved and saved as JPEG, but not after a part was cut off.
    """
    found = _strength(_luma(as_photo(photo)))
    return Mark(found >= LEAST, found)


def marked(photo: Photo) -> Photo:
    """The photo with the sign in it: luma changes by `_MOST` levels of 255 at most, root mean square.

    Very restless pictures take less of it than is wanted; :func:`find_mark` tells.
    """
    luma = _luma(photo)
    field = _pattern() * _shares(luma)
    field /= max(float(np.sqrt((field**2).mean())), 1e-6)  # now of 1, root mean square
    most, step = _MOST / 255, 0.1 / 255
    amount = _LEAST_CHANGE / 255 * max(1.0, _SIDE / min(photo.width, photo.height))
    while amount < most and _strength(luma + np.float32(amount) * field) < _WANTED:
        amount += step
    return _added(photo, np.float32(amount) * field)


def _added(photo: Photo, field: Array) -> Photo:
    """The photo with a change of its luma, 0..1, on the grid."""
    out = photo.pixels.copy()
    full = np.float32(np.iinfo(out.dtype).max)
    whole = np.asarray(
        cv2.resize(field, (photo.width, photo.height), interpolation=cv2.INTER_CUBIC), np.float32
    )
    for top in range(0, photo.height, _STRIP):
        rows = out[top : top + _STRIP]
        change = whole[top : top + _STRIP, :, None] * full
        rows[:] = np.clip(np.rint(rows.astype(np.float32) + change), 0, full).astype(out.dtype)
    return photo.with_pixels(out)


def _luma(photo: Photo) -> Array:
    """The grid: luma 0..1, (_SIDE, _SIDE)."""
    small = photo.proxy(2 * _SIDE)
    method = cv2.INTER_AREA if min(small.shape[:2]) >= _SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small.mean(axis=-1), (_SIDE, _SIDE), interpolation=method), np.float32)


def _strength(luma: Array) -> float:
    rows, columns, rings, signs = _frequencies()
    found = cv2.dct(luma)[rows, columns]
    power = np.bincount(rings, found.astype(np.float64) ** 2) / np.maximum(np.bincount(rings), 1)
    even = np.clip(found / np.sqrt(power + _NOISE**2)[rings], -_CLIPPED, _CLIPPED)
    return float((even * signs).sum() / max(float(np.sqrt((even**2).sum())), 1e-9))


@functools.cache
def _frequencies() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Array]:
    """Row and column of each frequency in the transform, its ring, and its sign."""
    y, x = np.mgrid[:_SIDE, :_SIDE]
    radius = np.hypot(x, y)
    rows, columns = np.nonzero((radius >= _BAND[0]) & (radius < _BAND[1]))
    rings = ((radius[rows, columns] - _BAND[0]) / _RING).astype(np.int64)
    bits = np.frombuffer(hashlib.shake_256(b"tinct: faces swapped").digest(len(rows) // 8 + 1), np.uint8)
    signs = np.unpackbits(bits)[: len(rows)].astype(np.float32) * 2 - 1
    return rows, columns, rings, signs


@functools.cache
def _pattern() -> Array:
    """The sum of all signed waves, (_SIDE, _SIDE); higher frequencies weaker, as they are in photos."""
    rows, columns, _, signs = _frequencies()
    waves = np.zeros((_SIDE, _SIDE), np.float32)
    waves[rows, columns] = signs / np.hypot(rows, columns).astype(np.float32)
    return np.asarray(cv2.idct(waves), np.float32)


def _shares(luma: Array) -> Array:
    """How much of the mark each place takes: more where the photo is restless, for there nobody sees it."""
    mean, square = (cv2.blur(values, (9, 9)) for values in (luma, luma**2))
    spread = np.sqrt(np.maximum(np.asarray(square) - np.asarray(mean) ** 2, 0))
    # Calm places stay so beside edges
    inner = cv2.erode(spread.astype(np.float32), np.ones((13, 13), np.uint8))
    return np.asarray(np.clip(0.3 + 0.7 * cv2.GaussianBlur(inner, (0, 0), 4) / _CALM, 0.3, 2.5), np.float32)
