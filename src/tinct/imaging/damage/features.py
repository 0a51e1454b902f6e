"""What tells damage from the photo: numbers for each pixel that stands out against what surrounds it.

Damage is brighter or darker than smoothed copies of its place, at one of several scales; it differs from both of its
sides alike, keeps its tone along a line, is as white as paper or as dark as dirt, and has little colour of its own.
Bright and dark damage are described alike: darkness is brightness upside down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Candidates", "Ints", "candidates", "line_means"]

Array = NDArray[np.float32]
Ints = NDArray[np.int64]

_SIZES = (3, 5, 9, 15, 25)  # pixels; what is thinner stands out
_MOST = 40.0  # L*; what stands out more is no more certain
_LEAST = 3.0  # L* by which a candidate stands out
_RELATIVE = 1.3  # times the usual of its place by which it does
_ANGLES = 12
_LENGTHS = (13, 37)  # pixels of the lines along which is summed
_CAP = 10.0  # L*; one bright pixel does not make a line
_ASIDE = (3, 6, 10)  # pixels to each side of a line
_ALONG = (4, 9, 16, 26)  # pixels to each end


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pixels that stand out, and what is known of them."""

    rows: Ints
    """(n,)."""
    columns: Ints
    """(n,)."""
    features: Array
    """(n, 48)."""


def candidates(lab: Array, sign: int) -> Candidates:
    """Describe what stands out.

    Parameters
    ----------
    lab : ndarray, (h, w, 3), float32
        CIELAB.
    sign : int
        1 looks for bright damage, -1 for dark.

    Returns
    -------
    Candidates
    """
    light = np.ascontiguousarray(lab[..., 0] if sign > 0 else 100 - lab[..., 0])
    scene = _Scene(light, lab)
    usual = scene.usual
    strong = np.maximum(scene.standing[3], scene.standing[4])
    rows, columns = np.nonzero((strong > _LEAST) & (strong > _RELATIVE * usual))
    return Candidates(rows, columns, scene.describe(rows, columns, sign))


class _Scene:
    """Maps of one photo, looked at for what is bright."""

    def __init__(self, light: Array, lab: Array) -> None:
        self.light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.6), np.float32)
        self.lab = lab
        self.standing = [_standing(self.light, size) for size in _SIZES]
        self.sunken = [_standing(-self.light, size) for size in _SIZES[2:4]]
        self.usual = _usual(self.standing[3])
        self.rough = _usual(self.standing[0], 21)
        self.low, self.high = np.percentile(self.light, (2, 98))
        net = np.clip(self.standing[2], 0, _CAP) - np.clip(self.sunken[0], 0, _CAP)
        self.lines, self.angles = line_means(net, _LENGTHS)
        self.means = [cv2.blur(self.light, (size, size)) for size in (15, 61)]
        squares = [cv2.blur(self.light * self.light, (size, size)) for size in (15, 61)]
        self.spreads = [
            np.sqrt(np.maximum(square - mean * mean, 0))
            for square, mean in zip(squares, self.means, strict=True)
        ]
        self.chroma = np.hypot(lab[..., 1], lab[..., 2])
        self.around: Array = np.asarray(cv2.blur(self.chroma, (21, 21)), np.float32)
        self.hue = [cv2.blur(np.ascontiguousarray(lab[..., k]), (21, 21)) for k in (1, 2)]
        busy = (self.standing[3] > 5).astype(np.float32)
        self.busy: Array = np.asarray(cv2.blur(busy, (61, 61)), np.float32)
        self.sharp: Array = np.abs(np.asarray(cv2.Laplacian(self.light, cv2.CV_32F, ksize=1), np.float32))
        self.sharpness: Array = np.asarray(cv2.blur(self.sharp, (61, 61)), np.float32)

    def describe(self, rows: Ints, columns: Ints, sign: int) -> Array:
        at = rows, columns
        here = self.light[at]
        usual, rough = self.usual[at] + 0.5, self.rough[at] + 0.3
        out: list[Array] = []
        for standing in self.standing:
            out += [standing[at], np.log(standing[at] + 0.1) - np.log(usual)]
        out += [sunken[at] for sunken in self.sunken]
        out += [usual, rough, self.standing[1][at] / rough]
        for line in self.lines:
            out += [line[at], line[at] / usual]
        out += self._across(rows, columns, here)
        out += self._along(rows, columns)
        span = np.float32(max(self.high - self.low, 1))
        out += [here, (here - self.low) / span, np.full(len(rows), span / 100, np.float32)]
        for mean, spread in zip(self.means, self.spreads, strict=True):
            out += [here - mean[at], spread[at], (here - mean[at]) / (spread[at] + 1)]
        own = np.hypot(self.lab[..., 1][at] - self.hue[0][at], self.lab[..., 2][at] - self.hue[1][at])
        out += [self.chroma[at], self.around[at], own, self.around[at] - self.chroma[at]]
        out += [self.busy[at], self.sharp[at], self.sharpness[at]]
        out += [np.full(len(rows), sign, np.float32)]
        out += [np.full(len(rows), value, np.float32) for value in (self.busy.mean(), self.sharpness.mean())]
        return np.stack(out, axis=1).astype(np.float32)

    def _across(self, rows: Ints, columns: Ints, here: Array) -> list[Array]:
        """How far a pixel lies above each side of the line that it would be on."""
        angle = self.angles[rows, columns] * np.float32(np.pi / _ANGLES)
        down, right = np.cos(angle), -np.sin(angle)  # across the line
        out = []
        for step in _ASIDE:
            one, two = (
                _at(self.light, rows + side * step * down, columns + side * step * right) for side in (1, -1)
            )
            out += [here - np.maximum(one, two), here - np.minimum(one, two)]
        return out

    def _along(self, rows: Ints, columns: Ints) -> list[Array]:
        """How far what lies along that line stands out."""
        angle = self.angles[rows, columns] * np.float32(np.pi / _ANGLES)
        down, right = np.sin(angle), np.cos(angle)
        wide = np.asarray(cv2.dilate(self.standing[2], np.ones((3, 3), np.uint8)), np.float32)
        ends = [
            _at(wide, rows + side * step * down, columns + side * step * right)
            for step in _ALONG
            for side in (1, -1)
        ]
        both = np.stack(ends)  # (8, n)
        ordered = np.sort(both, axis=0)
        return [ordered[k] for k in (0, 2, 4, 7)]


def _at(picture: Array, rows: Array, columns: Array) -> Array:
    r = np.clip(np.rint(rows), 0, picture.shape[0] - 1).astype(np.intp)
    c = np.clip(np.rint(columns), 0, picture.shape[1] - 1).astype(np.intp)
    return np.asarray(picture[r, c])


def _standing(light: Array, size: int) -> Array:
    """How far each pixel stands above its place without what is thinner than `size`: the white top-hat."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    out = light - cv2.morphologyEx(light, cv2.MORPH_OPEN, disc)
    return np.asarray(np.clip(out, 0, _MOST), np.float32)


def _usual(standing: Array, window: int = 41) -> Array:
    """The median around each pixel."""
    fine = np.rint(standing * np.float32(6)).astype(np.uint8)  # 40 L* of 240
    return np.asarray(cv2.medianBlur(fine, window), np.float32) / np.float32(6)


def line_means(net: Array, lengths: Sequence[int]) -> tuple[list[Array], NDArray[np.uint8]]:
    """Highest mean along lines through each pixel, by length, and the angle of the first in steps from level."""
    best = [np.full(net.shape, -np.inf, np.float32) for _ in lengths]
    angles = np.zeros(net.shape, np.uint8)
    for number in range(_ANGLES):
        for which, length in enumerate(lengths):
            mean = cv2.filter2D(net, cv2.CV_32F, _segment(length, np.pi * number / _ANGLES))
            if which == 0:
                angles[mean > best[0]] = number
            np.maximum(best[which], mean, out=best[which])
    return best, angles


def _segment(length: int, angle: float) -> Array:
    """A line through the middle of a square, its sum 1; angles turn from level downwards."""
    kernel = np.zeros((length, length), np.uint8)
    half = (length - 1) / 2
    x, y = half * np.cos(angle), half * np.sin(angle)
    ends = [(round(16 * (half + s * x)), round(16 * (half + s * y))) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 255, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / np.float32(kernel.sum()), np.float32)
