"""Creases of paper prints and lacquer: jagged paths that branch, with bared fibre of changing width and relief beside.

What old prints of families show most, and straight folds and scratches do not: a crease wanders, forks, breaks off and
goes on, flakes where it bends; beside it paper shines on one side and lies in its own shadow on the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["creased", "flaked"]

Array = NDArray[np.float32]

_FINE = 3  # times the size at which paths are drawn
_FIBRE = 9.0  # levels, standard deviation, of bared paper
_DEEPEST = 2  # branches of branches


def creased(out: Array, rng: np.random.Generator) -> None:
    """In place, sRGB (h, w, 3) of 0..255: creases with bared paper, or fine cracks of one layer without relief."""
    height, width = out.shape[:2]
    fine = rng.random() < 0.35
    cover = np.zeros((height * _FINE, width * _FINE), np.uint8)
    number = int(rng.integers(2, 16) if fine else rng.integers(2, 9))
    thick = rng.uniform(0.35, 0.8) if fine else rng.uniform(0.5, 2.4)
    for _ in range(number):
        _path(cover, thick * rng.uniform(0.7, 1.3), fine, rng)
    bared = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    bared = cv2.GaussianBlur(bared, (0, 0), rng.uniform(0.3, 0.8))
    whole = bared.copy()
    # where nothing broke off, only the relief shows
    wander = _noise((height, width), int(rng.integers(12, 60)), rng)
    bared *= np.clip(rng.uniform(0.3, 1.3) + 0.8 * wander, 0, 1) * rng.uniform(0.5, 1)
    if not fine:
        _relief(out, whole, rng)
    _lay(out, bared, light=rng.random() < (0.4 if fine else 0.85), rng=rng)


def flaked(out: Array, rng: np.random.Generator) -> None:
    """In place: a layer that came off in ragged islands, of one tone."""
    height, width = out.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    reach = rng.uniform(6, 40, 2)
    apart = ((x - rng.uniform(0, width)) / reach[0]) ** 2 + ((y - rng.uniform(0, height)) / reach[1]) ** 2
    rough = sum(
        weight * _noise((height, width), size, rng) for weight, size in ((0.7, 14), (0.6, 6), (0.4, 3))
    )
    cover = np.clip(2 * (rough - 0.8 * apart + rng.uniform(-0.3, 0.7)), 0, 1).astype(np.float32)
    cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.3, 0.7)) * np.float32(rng.uniform(0.6, 1))
    _lay(out, np.asarray(cover, np.float32), light=rng.random() < 0.5, rng=rng)


def _path(cover: NDArray[np.uint8], thick: float, fine: bool, rng: np.random.Generator) -> None:
    size = np.array(cover.shape[::-1], np.float32)
    start = rng.uniform(0, 1, 2) * size
    if rng.random() < 0.5:  # from an edge
        side = int(rng.integers(2))
        start[side] = size[side] * rng.integers(2)
    toward = rng.uniform(0.2, 0.8, 2) * size - start
    angle = float(np.arctan2(toward[1], toward[0]) + rng.normal(0, 0.4))
    length = rng.uniform(0.1, 1.1) * float(size.max())
    for points, wide in _branches(start, angle, length, thick, 0.02 if fine else 0.06, 0, rng):
        for one, two, here in zip(points[:-1], points[1:], wide, strict=False):
            ends = np.rint(np.stack([one, two]) * 8).astype(np.int32)
            cv2.polylines(cover, [ends], False, 255, max(1, round(here * _FINE)), cv2.LINE_AA, 3)


def _branches(
    start: Array, angle: float, length: float, thick: float, bend: float, depth: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Points (n, 2) of a path and its widths (n,), and those of what forks off."""
    steps = max(6, int(length / (3 * _FINE)))
    turn = angle + np.cumsum(rng.normal(0, bend, steps)) + 6 * bend * rng.normal(0, 1, steps)
    way = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points = start + np.cumsum(way, axis=0) * (length / steps)
    points += rng.normal(0, 0.35 * _FINE, points.shape) if depth or bend > 0.03 else 0
    wide = thick * np.exp(0.45 * _noise((1, steps), 9, rng)[0] + 0.3 * rng.normal(0, 1, steps))
    wide *= np.linspace(1, rng.uniform(0.3, 1), steps)
    flakes = rng.random(steps) < 0.02
    wide = np.where(flakes, wide * rng.uniform(1.5, 3, steps), wide)
    yield points.astype(np.float32), wide.astype(np.float32)
    if depth >= _DEEPEST:
        return
    for _ in range(rng.poisson(1.6 if depth == 0 else 0.7)):
        at = int(rng.integers(steps))
        aside = float(turn[at] + rng.choice((-1, 1)) * rng.uniform(0.3, 1.4))
        part = rng.uniform(0.08, 0.45) * length
        yield from _branches(points[at], aside, part, 0.75 * thick, bend, depth + 1, rng)


def _relief(out: Array, whole: Array, rng: np.random.Generator) -> None:
    """In place: light from one side over the swollen paper beside a crease."""
    soft = cv2.GaussianBlur(whole, (0, 0), rng.uniform(1.0, 3.0))
    down, right = rng.normal(0, 1.5, 2)
    move = np.array([[1, 0, right], [0, 1, down]], np.float32)
    shine = soft - cv2.warpAffine(soft, move, whole.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    out += np.clip(shine * rng.uniform(20, 120), -25, 25)[..., None]


def _lay(out: Array, cover: Array, light: bool, rng: np.random.Generator) -> None:
    """In place: bared paper, or what lies below a dark layer, with its own roughness."""
    low, high = np.percentile(out, (2, 98))
    level = rng.uniform(0.8 * high, min(1.1 * high, 255)) if light else rng.uniform(0.3 * low, low + 30)
    warm = rng.uniform(0, 30) if light and rng.random() < 0.5 else 0
    tone = level + _FIBRE * _noise(cover.shape, 2, rng)
    ink = np.stack([tone, tone - 0.3 * warm, tone - warm], axis=2)
    out += (np.clip(ink, 0, 255) - out) * np.clip(cover, 0, 1)[..., None]


def _noise(size: tuple[int, int], apart: int, rng: np.random.Generator) -> Array:
    """Smooth noise (h, w) of unit spread that wanders over `apart` pixels."""
    coarse = rng.normal(size=(size[0] // apart + 3, size[1] // apart + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
