"""Draw what happens to prints and negatives: scratches, hairs, cracks, folds, dust and spots."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["VISIBLE", "draw"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

VISIBLE = 8
"""Levels of 255 by which damage must change a pixel to count: a white scratch in a white sky cannot be seen."""
_FINE = 3  # times the size at which shapes are drawn, so that widths below a pixel exist
_FLECKED = 24  # pixels over which the strength of a scratch wanders


def draw(pixels: Pixels, rng: np.random.Generator) -> tuple[Pixels, Flags]:
    """A damaged copy.

    Parameters
    ----------
    pixels : ndarray, (h, w, 3), uint8
    rng : Generator
        Same state, same damage.

    Returns
    -------
    ndarray, (h, w, 3), uint8
    ndarray, (h, w), bool
        Pixels whose colour the damage changed visibly.
    """
    height, width = pixels.shape[:2]
    amount = height * width / 250_000
    kinds = {
        _scratch: rng.poisson(4 * amount**0.5),
        _hair: rng.poisson(4 * amount),
        _crack: rng.poisson(0.7 * amount**0.5),
        _dust: rng.poisson(30 * amount),
        _spot: rng.poisson(1.5 * amount),
    }
    out = pixels.astype(np.float32)
    for kind, number in kinds.items():
        for _ in range(number):
            fine = np.zeros((height * _FINE, width * _FINE), np.uint8)
            kind(fine, rng)
            cover = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.3, 0.7))
            cover *= _strength(kind, (height, width), rng)
            out += (_ink(kind, pixels, rng) - out) * cover[..., None]
    damaged = np.rint(np.clip(out, 0, 255)).astype(np.uint8)
    change = np.abs(damaged.astype(np.int16) - pixels).max(axis=2)
    return damaged, change >= VISIBLE


def _strength(kind: object, size: tuple[int, int], rng: np.random.Generator) -> Array:
    """How far the ink covers, (h, w): scratches come and go."""
    most = rng.uniform(0.5, 1.0)
    if kind not in (_scratch, _hair):
        return np.full(size, most, np.float32)
    coarse = rng.normal(size=(size[0] // _FLECKED + 2, size[1] // _FLECKED + 2)).astype(np.float32)
    noise = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(most * (1.1 + 0.35 * noise), 0.15, 1), np.float32)


def _ink(kind: object, pixels: Pixels, rng: np.random.Generator) -> Array:
    """Colour (3,) of bared paper, of dirt, or of emulsion that lost a layer."""
    low, high = np.percentile(pixels, (2, 99))
    light = rng.random() < (0.75 if kind in (_scratch, _crack) else 0.5)
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
