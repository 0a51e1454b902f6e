"""Strands of hair: gathered into locks, lit, and drawn as coverage of pixels.

References
----------
Kajiya and Kay 1989, "Rendering fur with three dimensional textures" (how a thin cylinder reflects light).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.space import Head

__all__ = ["drawn", "gathered", "lightness"]

Array = NDArray[np.float64]
Picture = NDArray[np.float32]

_STEP: Final = 0.9  # pixels between samples of a strand
# Neighbouring strands of one lightness: finer than a pixel, single strands would average to grey
_STREAKS: Final = 260
# Weight of shading against differences between strands: more makes a band across a fair fringe
_SHADED: Final = 0.6
_AT_ONCE: Final = 1500  # strands


def gathered(
    strands: Array, locks: int, pull: float, mess: float, rng: np.random.Generator
) -> tuple[Array, NDArray[np.intp]]:
    """Strands pulled together towards their tips, each a little out of order.

    Parameters
    ----------
    strands : ndarray, (n, k, 3)
    locks : int
        How many locks they form.
    pull : float
        How close they come at the tips, 0..1.
    mess : float
        Disorder, in widths of the face.

    Returns
    -------
    strands, lock of each strand
    """
    count, steps, _ = strands.shape
    along = np.linspace(0, 1, steps)[None, :, None]
    guides = rng.choice(count, min(locks, count), replace=False)
    key = np.concatenate([strands[:, 0], strands[:, steps // 2] * 0.8, strands[:, -1] * 0.6], axis=1)
    lock = np.empty(count, np.intp)
    for start in range(0, count, _AT_ONCE):
        away = ((key[start : start + _AT_ONCE, None] - key[guides][None]) ** 2).sum(axis=-1)
        lock[start : start + _AT_ONCE] = away.argmin(axis=1)
    pulled = strands + (strands[guides][lock] - strands) * (pull * along**1.3)
    knots = rng.normal(0, 1, (count, 5, 3))
    place = np.linspace(0, 4, steps)
    low = np.minimum(place.astype(int), 3)
    share = (place - low)[None, :, None]
    noise = knots[:, low] * (1 - share) + knots[:, low + 1] * share
    return pulled + noise * mess * (0.25 + along), lock


def lightness(
    head: Head, strands: Array, lock: NDArray[np.intp], light: Array, streak: float, rng: np.random.Generator
) -> Array:
    """How light each place of each strand is among all of them: its rank, (n, k), 0..1.

    Parameters
    ----------
    light : ndarray, (3,)
        Direction towards the light, as the camera sees it.
    streak : float
        How much locks and strands differ.
    """
    tangent = head.facing(np.gradient(strands, axis=1))
    light = light / np.linalg.norm(light)
    half = light + np.array([0.0, 0.0, -1.0])
    half = half / np.linalg.norm(half)
    shift = rng.normal(0, 0.05, (len(strands), 1))
    diffuse = np.sqrt(np.clip(1 - (tangent @ light) ** 2, 0, 1))
    along = tangent @ half
    shine = np.sqrt(np.clip(1 - (along + 0.06 + shift) ** 2, 0, 1)) ** 60
    glow = np.sqrt(np.clip(1 - (along - 0.10 + shift) ** 2, 0, 1)) ** 14
    away = strands - head.middle
    away[..., 1] = np.minimum(away[..., 1], 0.12 * head.radii[1])
    normal = head.facing(away / head.radii**2)
    lit = np.clip(0.5 + 0.5 * (normal @ light), 0, 1)
    facing = np.clip(-normal[..., 2] * 0.5 + 0.6, 0, 1)
    level = (
        _SHADED
        * (0.10 + 0.30 * diffuse * lit + 0.16 * lit + (0.30 * shine + 0.22 * glow) * lit)
        * (0.55 + 0.45 * facing)
    )
    key = np.column_stack([strands[:, 0], strands[:, strands.shape[1] // 2] * 0.8])
    waves = np.sin(key @ rng.normal(0, 9.0, (6, 10)) + rng.uniform(0, 6.28, 10)).mean(axis=1) * 1.1
    level = level + waves[:, None] * streak * 1.6
    level = level + rng.normal(0, streak, int(lock.max()) + 1)[lock][:, None] * 0.9
    level = level + rng.normal(0, streak * 0.7, (len(strands), 1))
    beside = strands[:, 0, 0].argsort().argsort() * _STREAKS // len(strands)
    level = level + rng.normal(0, streak, _STREAKS)[beside][:, None] * 0.8
    order = np.sort(level[::7].ravel())
    rank = np.searchsorted(order, level.ravel()).reshape(level.shape) / len(order)
    return np.asarray(np.clip(0.88 * rank + 0.12 * level, 0, 0.999))


def drawn(
    shape: tuple[int, int],
    paths: Array,
    colors: Picture,
    widths: Array,
    depth: Array,
    *,
    layers: int = 10,
    opacity: float = 0.95,
    root: float = 0.03,
    taper: float = 0.35,
) -> tuple[Picture, Picture]:
    """Draw strands from back to front.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the picture.
    paths : ndarray, (n, k, 2)
        In pixels.
    colors : ndarray, (n, k, 3), float32
        Linear light.
    widths : ndarray, (n,)
        Pixels.
    depth : ndarray, (n,)
        Larger is nearer.
    layers : int
        How many depths are told apart; each shades what lies below it.
    opacity : float
        Most that one layer covers.
    root, taper : float
        Shares of a strand over which it grows from nothing and ends in a point.

    Returns
    -------
    light, coverage : ndarray, (h, w, 3) and (h, w), float32
        Light is multiplied by coverage.
    """
    height, width = shape
    out, covered = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    count, steps, _ = paths.shape
    longest = float(np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(axis=1).max())
    samples = max(steps, int(longest / _STEP))
    at = np.linspace(0, steps - 1 - 1e-6, samples)
    low, share = at.astype(int), (at - at.astype(int))[None, :, None]
    along = at / (steps - 1)
    profile = np.clip(np.minimum((1 - along) / taper, 1), 0, 1) ** 0.7
    profile = profile * np.clip(along / root, 0.0 if root > 0.05 else 0.3, 1)
    layer = np.minimum((depth.argsort().argsort() * layers) // max(count, 1), layers - 1)
    for number in range(layers):
        chosen = np.flatnonzero(layer == number)
        if not len(chosen):
            continue
        sums = np.zeros((height * width, 4), np.float64)
        for start in range(0, len(chosen), _AT_ONCE):
            some = chosen[start : start + _AT_ONCE]
            place = paths[some][:, low] * (1 - share) + paths[some][:, low + 1] * share
            color = colors[some][:, low] * (1 - share) + colors[some][:, low + 1] * share
            length = np.linalg.norm(np.diff(place, axis=1, append=place[:, -1:]), axis=2)
            area = widths[some][:, None] * profile[None] * length
            _splat(sums, shape, place.reshape(-1, 2), color.reshape(-1, 3), area.ravel())
        planes = sums.reshape(height, width, 4)
        cover = np.asarray(opacity * (1 - np.exp(-1.1 * planes[..., 3])), np.float32)
        light = (planes[..., :3] / np.maximum(planes[..., 3:], 1e-5)).astype(np.float32)
        shade = 1 - 0.30 * np.roll(cv2.GaussianBlur(cover, (0, 0), max(1.0, width / 420)), 1, axis=0)
        out *= shade[..., None]
        out = out * (1 - cover[..., None]) + light * cover[..., None]
        covered = covered * (1 - cover) + cover
    return out, covered


def _splat(sums: Array, shape: tuple[int, int], places: Array, colors: Array, areas: Array) -> None:
    """Add samples to the four pixels around each, by their nearness."""
    height, width = shape
    column, row = np.floor(places[:, 0]).astype(np.intp), np.floor(places[:, 1]).astype(np.intp)
    right, down = places[:, 0] - column, places[:, 1] - row
    for across, below in ((0, 0), (1, 0), (0, 1), (1, 1)):
        x, y = column + across, row + below
        weight = (right if across else 1 - right) * (down if below else 1 - down) * areas
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (weight > 0)
        index, part = (y * width + x)[inside], weight[inside]
        for channel in range(3):
            sums[:, channel] += np.bincount(index, part * colors[inside, channel], height * width)
        sums[:, 3] += np.bincount(index, part, height * width)
