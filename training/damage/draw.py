"""Draw what happens to prints and negatives: scratches, hairs, cracks, folds, dust and spots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "VISIBLE", "Kind", "draw"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Kind = Literal["scratch", "hair", "crack", "dust", "spot", "fold"]

KINDS: dict[Kind, int] = {"scratch": 5, "hair": 8, "crack": 2, "dust": 40, "spot": 5, "fold": 2}
"""And how many of each are about as many as a photo of a quarter of a megapixel has that shows no other."""
VISIBLE = 8
"""Levels of 255 by which damage must change a pixel to count: a white scratch in a white sky cannot be seen."""
_FINE = 3  # times the size at which shapes are drawn, so that widths below a pixel exist
_REACH = 5  # pixels of blur
_FLECKED = 24  # pixels over which the strength of a scratch wanders


def draw(
    pixels: Pixels, rng: np.random.Generator, numbers: Mapping[Kind, int] | None = None
) -> tuple[Pixels, Flags]:
    """A damaged copy.

    Parameters
    ----------
    pixels : ndarray, (h, w, 3), uint8
    rng : Generator
        Same state, same damage.
    numbers : mapping, optional
        How many of each kind; otherwise by chance, by the size of the photo, and no fold.

    Returns
    -------
    ndarray, (h, w, 3), uint8
    ndarray, (h, w), bool
        Pixels whose colour the damage changed visibly.
    """
    height, width = pixels.shape[:2]
    out = pixels.astype(np.float32)
    for kind, number in (_by_chance(height * width / 250_000, rng) if numbers is None else numbers).items():
        for _ in range(number):
            if kind == "fold":
                _fold(out, rng)
                continue
            fine = np.zeros((height * _FINE, width * _FINE), np.uint8)
            _SHAPES[kind](fine, rng)
            at = _around(fine)
            cover = fine[at[0].start * _FINE : at[0].stop * _FINE, at[1].start * _FINE : at[1].stop * _FINE]
            size = at[1].stop - at[1].start, at[0].stop - at[0].start
            cover = cv2.resize(cover, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.3, 0.7))
            cover *= _strength(kind, (height, width), rng)[at]
            out[at] += (_ink(kind, pixels, rng) - out[at]) * cover[..., None]
    damaged = np.rint(np.clip(out, 0, 255)).astype(np.uint8)
    change = np.abs(damaged.astype(np.int16) - pixels).max(axis=2)
    return damaged, change >= VISIBLE


def _around(fine: Pixels) -> tuple[slice, slice]:
    """Where something is drawn, and as far around it as the blur reaches; in pixels of the photo."""
    left, top, wide, high = (size / _FINE for size in cv2.boundingRect(fine))
    ends = (top, top + high, fine.shape[0] // _FINE), (left, left + wide, fine.shape[1] // _FINE)
    row, column = (
        slice(min(max(int(a) - _REACH, 0), side - 1), max(min(int(b) + 1 + _REACH, side), 1))
        for a, b, side in ends
    )
    return row, column


def _by_chance(amount: float, rng: np.random.Generator) -> dict[Kind, int]:
    return {
        "scratch": rng.poisson(4 * amount**0.5),
        "hair": rng.poisson(4 * amount),
        "crack": rng.poisson(0.7 * amount**0.5),
        "dust": rng.poisson(30 * amount),
        "spot": rng.poisson(1.5 * amount),
    }


def _strength(kind: Kind, size: tuple[int, int], rng: np.random.Generator) -> Array:
    """How far the ink covers, (h, w): scratches come and go."""
    most = rng.uniform(0.5, 1.0)
    if kind not in ("scratch", "hair"):
        return np.full(size, most, np.float32)
    coarse = rng.normal(size=(size[0] // _FLECKED + 2, size[1] // _FLECKED + 2)).astype(np.float32)
    noise = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(most * (1.1 + 0.35 * noise), 0.15, 1), np.float32)


def _ink(kind: Kind, pixels: Pixels, rng: np.random.Generator) -> Array:
    """Colour (3,) of bared paper, of dirt, or of emulsion that lost a layer."""
    low, high = np.percentile(pixels, (2, 99))
    light = rng.random() < (0.75 if kind in ("scratch", "crack") else 0.5)
    level = rng.uniform(0.85 * high, 255) if light else rng.uniform(0, low + 35)
    tint = rng.normal(0, 5, 3) if rng.random() < 0.8 else rng.normal(0, 18, 3)
    return np.asarray(np.clip(level + tint, 0, 255), np.float32)


def _line(fine: Pixels, points: Array, thick: float) -> None:
    cv2.polylines(fine, [np.rint(points).astype(np.int32)], False, 255, max(1, round(thick * _FINE)))


def _curve(start: Array, angle: float, length: float, bend: float, rng: np.random.Generator) -> Array:
    """Points of a path that wanders; angles in radians."""
    steps = max(4, int(length / (6 * _FINE)))
    turn = np.cumsum(rng.normal(0, bend, steps)) + rng.normal(0, bend) * np.arange(steps)
    way = np.stack([np.cos(angle + turn), np.sin(angle + turn)], axis=1)
    return np.asarray(start + np.cumsum(way, axis=0) * (length / steps), np.float32)


def _anywhere(fine: Pixels, rng: np.random.Generator) -> Array:
    return np.asarray(rng.uniform(0, 1, 2) * (fine.shape[1], fine.shape[0]), np.float32)


def _scratch(fine: Pixels, rng: np.random.Generator) -> None:
    """Long and nearly straight; most run along the film."""
    upright = rng.random() < 0.5
    angle = np.pi / 2 + rng.normal(0, 0.06) if upright else rng.uniform(0, np.pi)
    length = rng.uniform(0.15, 1.1) * max(fine.shape)
    start = _anywhere(fine, rng) - 0.5 * length * np.array([np.cos(angle), np.sin(angle)], np.float32)
    _line(fine, _curve(start, angle, length, 0.004, rng), rng.uniform(0.7, 3.5))


def _hair(fine: Pixels, rng: np.random.Generator) -> None:
    length = rng.uniform(12, 90) * _FINE
    _line(
        fine,
        _curve(_anywhere(fine, rng), rng.uniform(0, 2 * np.pi), length, 0.12, rng),
        rng.uniform(0.7, 2.2),
    )


def _crack(fine: Pixels, rng: np.random.Generator) -> None:
    """A fold or crack: straight at large, jagged at small, with branches."""
    angle, length = rng.uniform(0, np.pi), rng.uniform(0.3, 1.2) * max(fine.shape)
    start = _anywhere(fine, rng) - 0.5 * length * np.array([np.cos(angle), np.sin(angle)], np.float32)
    path = _curve(start, angle, length, 0.01, rng)
    path += rng.normal(0, rng.uniform(0.5, 2.5) * _FINE, path.shape).astype(np.float32)
    thick = rng.uniform(1.2, 4.5)
    for one, two in pairwise(path):
        _line(fine, np.stack([one, two]), thick * rng.uniform(0.5, 1.3))
    for _ in range(rng.poisson(1.5)):
        from_ = path[rng.integers(len(path))]
        branch = _curve(from_, angle + rng.normal(0, 0.8), rng.uniform(0.03, 0.2) * length, 0.1, rng)
        _line(fine, branch, thick * 0.5)


def _dust(fine: Pixels, rng: np.random.Generator) -> None:
    x, y = _anywhere(fine, rng)
    axes = rng.uniform(0.7, 3.0, 2) * _FINE
    ellipse = ((float(x), float(y)), (float(2 * axes[0]), float(2 * axes[1])), float(rng.uniform(0, 180)))
    cv2.ellipse(fine, ellipse, 255, -1)


def _spot(fine: Pixels, rng: np.random.Generator) -> None:
    """A stain with an uneven border."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = rng.uniform(3, 9) * _FINE * (1 + 0.15 * np.cumsum(rng.normal(0, 0.5, 24)) / 3)
    points = _anywhere(fine, rng) + np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    cv2.fillPoly(fine, [np.rint(points).astype(np.int32)], 255)


def _fold(out: Array, rng: np.random.Generator) -> None:
    """In place: straight from side to side, bared along the middle, one flank in its own shadow, the other shining."""
    height, width = out.shape[:2]
    angle = rng.normal(0, 0.1) + (np.pi / 2 if rng.random() < 0.5 else 0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    apart = (x - rng.uniform(0.1, 0.9) * width) * np.float32(np.sin(angle))
    apart -= (y - rng.uniform(0.1, 0.9) * height) * np.float32(np.cos(angle))
    apart += cv2.GaussianBlur(rng.normal(0, 6, (height, width)).astype(np.float32), (0, 0), 4)
    flank = np.exp(-np.abs(apart) / rng.uniform(1.5, 4)) * np.sign(apart) * rng.uniform(8, 30)
    bared = np.exp(-((apart / rng.uniform(0.6, 1.8)) ** 2)) * rng.uniform(0.4, 1)
    out += flank[..., None].astype(np.float32)
    out += (np.float32(rng.uniform(200, 255)) - out) * bared[..., None].astype(np.float32)


_SHAPES: dict[Kind, Callable[[Pixels, np.random.Generator], None]] = {
    "scratch": _scratch,
    "hair": _hair,
    "crack": _crack,
    "dust": _dust,
    "spot": _spot,
}
