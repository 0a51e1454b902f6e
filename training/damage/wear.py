"""Damage that ``training.damage.draw`` leaves out, for training alone: what real prints and films have besides.

Tramlines of film, torn paper, nets of cracks, clusters of dust and mould, soft scratches of one layer, creases, and
layers that came off. The figures are measured with ``draw``; these keep a network from knowing its marks alone.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.damage.crease import creased, flaked

__all__ = ["wear"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]


def wear(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A copy (h, w, 3) with one or two kinds of such damage."""
    out = pixels.astype(np.float32)
    for number in rng.permutation(len(_KINDS))[: rng.integers(1, 3)]:
        _KINDS[number](out, rng)
    return np.rint(np.clip(out, 0, 255)).astype(np.uint8)


def _cover(out: Array, cover: Array, ink: Array) -> None:
    """In place: colour (3,) where `cover` (h, w), 0..1, says so."""
    out += (ink - out) * np.clip(cover, 0, 1)[..., None]


def _ink(out: Array, light: bool, rng: np.random.Generator) -> Array:
    low, high = np.percentile(out, (2, 98))
    level = rng.uniform(0.9 * high, 255) if light else rng.uniform(0, low + 40)
    return np.asarray(np.clip(level + rng.normal(0, 6, 3), 0, 255), np.float32)


def _noise(size: tuple[int, int], apart: int, rng: np.random.Generator) -> Array:
    """Smooth noise (h, w) of unit spread that wanders over `apart` pixels."""
    coarse = rng.normal(size=(size[0] // apart + 3, size[1] // apart + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _tramlines(out: Array, rng: np.random.Generator) -> None:
    """Scratches along the film, from edge to edge, faint, one or several side by side."""
    height, width = out.shape[:2]
    upright = rng.random() < 0.75
    long, across = (height, width) if upright else (width, height)
    way = np.arange(long, dtype=np.float32)
    middle = rng.uniform(0, across) + rng.normal(0, 0.01) * way + 1.5 * _noise((1, long), 80, rng)[0]
    ink, most = _ink(out, rng.random() < 0.6, rng), rng.uniform(0.2, 0.9)
    cover = np.zeros((long, across), np.float32)
    for _ in range(rng.integers(1, 4)):
        wide = rng.uniform(0.4, 1.6)
        apart = np.arange(across, dtype=np.float32) - (middle + rng.uniform(-12, 12))[:, None]
        there = np.clip(0.8 + 0.6 * _noise((1, long), 30, rng)[0], 0, 1)[:, None]
        cover = np.maximum(cover, most * there * np.exp(-((apart / wide) ** 2)))
    _cover(out, cover if upright else cover.T, ink)


def _torn(out: Array, rng: np.random.Generator) -> None:
    """A tear from an edge inwards: bared fibre of changing width, with a shadow along one side."""
    height, width = out.shape[:2]
    turned = rng.integers(4)
    seen = np.rot90(out, turned)
    length = int(rng.uniform(0.2, 1.0) * seen.shape[1])
    way = np.arange(length)
    path = rng.uniform(0.1, 0.9) * seen.shape[0] + 10 * _noise((1, length), 40, rng)[0]
    path += rng.uniform(-0.4, 0.4) * way + 1.5 * _noise((1, length), 5, rng)[0]
    wide = rng.uniform(0.8, 4) * np.clip(1 + 0.6 * _noise((1, length), 12, rng)[0], 0.2, 3)
    wide *= np.linspace(1, rng.uniform(0.2, 1), length)
    rows = np.arange(seen.shape[0], dtype=np.float32)[:, None]
    apart = np.abs(rows - path)
    cover = np.clip(wide - apart + 0.5, 0, 1).astype(np.float32)
    shade = np.zeros(seen.shape[:2], np.float32)
    below = rows - path - wide
    shade[:, :length] = np.where(below > 0, np.exp(-np.maximum(below, 0) / 2.5), 0) * rng.uniform(0, 40)
    fibre = np.zeros(seen.shape[:2], np.float32)
    fibre[:, :length] = cv2.GaussianBlur(cover, (0, 0), 0.5) * rng.uniform(0.8, 1)
    seen -= shade[..., None]
    tone = rng.uniform(190, 255) + 10 * _noise((height, width), 4, rng)
    tone = np.rot90(tone, turned)
    seen += (tone[..., None] - seen) * fibre[..., None]


def _cracked(out: Array, rng: np.random.Generator) -> None:
    """A net of fine cracks, as lacquer and gelatine have: borders between cells."""
    height, width = out.shape[:2]
    part = int(rng.uniform(60, 220))
    top, left = rng.integers(max(height - part, 1)), rng.integers(max(width - part, 1))
    view = out[top : top + part, left : left + part]
    seeds = rng.uniform(0, 1, (int(rng.integers(4, 14)), 2)) * view.shape[:2]
    y, x = np.mgrid[: view.shape[0], : view.shape[1]].astype(np.float32)
    y, x = y + 5 * _noise(view.shape[:2], 14, rng), x + 5 * _noise(view.shape[:2], 14, rng)
    near = np.sort([np.hypot(y - r, x - c) for r, c in seeds], axis=0)[:2]
    wide = rng.uniform(0.6, 1.6)
    cover = np.exp(-(((near[1] - near[0]) / (1.4 * wide)) ** 2)) * rng.uniform(0.4, 1)
    cover *= np.clip(0.6 + _noise(view.shape[:2], 25, rng), 0, 1)
    _cover(view, cover.astype(np.float32), _ink(out, rng.random() < 0.5, rng))


def _cluster(out: Array, rng: np.random.Generator) -> None:
    """Much dust or mould in one place: soft or sharp grains of one ink."""
    height, width = out.shape[:2]
    spread = rng.uniform(10, 60)
    middle = rng.uniform(0, 1, 2) * (width, height)
    cover = np.zeros((height, width), np.float32)
    for _ in range(rng.integers(8, 50)):
        x, y = (middle + rng.normal(0, spread, 2)).tolist()
        axes = (2 * rng.uniform(0.6, 2.6, 2)).tolist()
        cv2.ellipse(cover, ((x, y), axes, float(rng.uniform(0, 180))), 1.0, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.5, 1.4)) * rng.uniform(0.4, 1)
    _cover(out, np.asarray(cover, np.float32), _ink(out, rng.random() < 0.5, rng))


def _shaved(out: Array, rng: np.random.Generator) -> None:
    """Soft scratches of one layer: they lighten, darken or tint, and let the photo through."""
    height, width = out.shape[:2]
    shift = rng.choice((-1, 1)) * rng.uniform(12, 60) * (1 + 0.5 * rng.normal(0, 1, 3))
    for _ in range(rng.integers(1, 6)):
        start, angle = rng.uniform(0, 1, 2) * (width, height), rng.uniform(0, 2 * np.pi)
        length, steps = rng.uniform(20, 260), 24
        turn = angle + np.cumsum(rng.normal(0, 0.03, steps))
        points = start + np.cumsum(np.stack([np.cos(turn), np.sin(turn)], 1) * (length / steps), axis=0)
        cover = np.zeros((height, width), np.uint8)
        cv2.polylines(
            cover, [np.rint(points * 8).astype(np.int32)], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 3
        )
        soft = cv2.GaussianBlur(cover.astype(np.float32) / 255, (0, 0), rng.uniform(0.3, 1.2))
        there = np.clip(0.9 + 0.5 * _noise((height, width), 24, rng), 0, 1)
        out += (soft * there)[..., None] * shift.astype(np.float32)


_KINDS: tuple[Callable[[Array, np.random.Generator], None], ...] = (
    _tramlines,
    _torn,
    _cracked,
    _cluster,
    _shaved,
    creased,
    creased,  # the commonest of prints
    creased,
    flaked,
)
