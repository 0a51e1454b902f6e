"""Backdrops that are drawn by rule, at any size: studio walls, skies, the sea, paper, and lights out of focus.

All are linear light, (h, w, 3), float32, 0..1, and the same for the same size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.palette import from_hex
from tinct.photo.color import linear_to_srgb, srgb_to_linear
from tinct.photo.photo import Photo

__all__ = ["Scene", "picture", "render"]

Array = NDArray[np.float32]
Scene = Literal[
    "studio_white", "studio_grey", "studio_dark", "studio_blue", "studio_rose",
    "nature_meadow", "nature_forest", "nature_cherryblossom", "nature_autumn",
    "sky_day", "sky_dusk", "sky_night", "sea_calm",
    "city_night", "festive_gold", "paper_warm",
]  # fmt: skip
"""Names of the backdrops."""

_SIDE: Final = 1200  # longer side at which one is drawn; more would not be seen, as all are soft
_PREVIEW: Final = (240, 320)


def render(scene: Scene, size: tuple[int, int]) -> Array:
    """A backdrop of the shape of `size` (h, w), at most `_SIDE` pixels long, sRGB-encoded, 0..1."""
    scale = min(1.0, _SIDE / max(size))
    height, width = (max(8, round(side * scale)) for side in size)
    rng = np.random.default_rng(zlib.crc32(scene.encode()))
    return np.clip(linear_to_srgb(np.clip(_SCENES[scene](height, width, rng), 0, 1)), 0, 1).astype(np.float32)


def picture(scene: Scene | None) -> Photo | None:
    """A small picture of a backdrop, for lists to choose from; None for none."""
    if scene is None:
        return None
    return Photo(np.rint(render(scene, _PREVIEW) * 255).astype(np.uint8))


# -- kinds of backdrops ----------------------------------------------------------------------------


def _colors(*names: str) -> Array:
    return srgb_to_linear(from_hex(names))


def _vertical(height: int, width: int, *names: str) -> Array:
    """Colours from top to bottom."""
    stops, at = _colors(*names), np.linspace(0, 1, height)
    places = np.linspace(0, 1, len(stops))
    column = np.stack([np.interp(at, places, stops[:, channel]) for channel in range(3)], axis=-1)
    return np.repeat(column[:, None].astype(np.float32), width, axis=1)


def _noise(height: int, width: int, rng: np.random.Generator, scale: float, stretch: float = 1.0) -> Array:
    """Smooth noise, (h, w), 0..1: octaves of random grids, the largest of `scale` of the longer side."""
    total, weight = np.zeros((height, width), np.float32), 0.0
    for octave in range(5):
        step = scale * max(height, width) / 2**octave
        grid = rng.random((max(2, round(height / step * stretch) + 2), max(2, round(width / step) + 2)))
        part = np.asarray(
            cv2.resize(grid.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC), np.float32
        )
        total, weight = total + part / 2**octave, weight + 1 / 2**octave
    found = total / np.float32(weight)
    return np.asarray((found - found.min()) / max(float(np.ptp(found)), 1e-6), np.float32)


def _studio(name: str) -> Callable[..., Array]:
    """A wall that a lamp lights from above its middle."""

    def drawn(height: int, width: int, rng: np.random.Generator) -> Array:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        away = ((x / width - 0.5) / 0.75) ** 2 + ((y / height - 0.38) / 0.8) ** 2
        light = 0.45 + 0.75 * np.exp(-1.6 * away) + 0.02 * (_noise(height, width, rng, 0.3) - 0.5)
        return np.asarray(_colors(name)[0] * light[..., None], np.float32)

    return drawn


def _sky(*names: str, clouds: float = 0.0, stars: float = 0.0) -> Callable[..., Array]:
    def drawn(height: int, width: int, rng: np.random.Generator) -> Array:
        air = _vertical(height, width, *names)
        cover = np.clip((_noise(height, width, rng, 0.5, 2.0) - 0.45) * 2.2, 0, 1) * np.float32(clouds)
        air = air + cover[..., None] * (np.float32(0.95) - air)
        if stars:
            lit = (rng.random((height, width)) < stars) * rng.random((height, width))
            air = air + 2 * cv2.GaussianBlur(lit.astype(np.float32), (0, 0), 0.7)[..., None]
        return np.asarray(air, np.float32)

    return drawn


def _sea(height: int, width: int, rng: np.random.Generator) -> Array:
    horizon = round(height * 0.45)
    sky = _sky("#6fa9dc", "#dcecf7", clouds=0.5)(horizon, width, rng)
    water = _vertical(height - horizon, width, "#7fb0c9", "#1f5f86")
    waves = _noise(height - horizon, width, rng, 0.25, 9.0)[..., None] - 0.5
    return np.concatenate([sky, np.clip(water * (1 + 0.7 * waves), 0, 1)])


def _paper(height: int, width: int, rng: np.random.Generator) -> Array:
    grain = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 0.8)
    tone = 1 + 0.05 * grain + 0.10 * (_noise(height, width, rng, 0.6) - 0.5)
    return np.asarray(_colors("#efe3cd")[0] * tone[..., None], np.float32)


def _disc(radius: float) -> Array:
    """A disc with soft rim, 0..1, in a square of odd side."""
    reach, blur = round(radius * 1.3) + 3, max(0.6, radius * 0.08)
    square = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    cv2.circle(square, (reach, reach), max(2, round(radius)), 1.0, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(square, (0, 0), blur), np.float32)


def _lights(*ground: str, discs: tuple[str, ...], number: int, strength: float) -> Callable[..., Array]:
    """Discs of light out of focus over a soft ground."""

    def drawn(height: int, width: int, rng: np.random.Generator) -> Array:
        out = _vertical(height, width, *ground) * (0.6 + 0.8 * _noise(height, width, rng, 0.4)[..., None])
        colors, longer = _colors(*discs), max(height, width)
        for _ in range(number):
            x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height))
            radius = longer * float(rng.uniform(0.015, 0.06))
            share = np.float32(strength * rng.uniform(0.3, 1)) * _disc(radius)
            reach = share.shape[0] // 2
            top, left = max(0, reach - y), max(0, reach - x)
            part = out[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
            share = share[top : top + part.shape[0], left : left + part.shape[1], None]
            part += share * (colors[rng.integers(len(colors))] - np.float32(0.3) * part)
        return out

    return drawn


_SCENES: Final[Mapping[str, Callable[[int, int, np.random.Generator], Array]]] = {
    "studio_white": _studio("#fbfaf7"),
    "studio_grey": _studio("#b9bcc0"),
    "studio_dark": _studio("#4a4d52"),
    "studio_blue": _studio("#7f9fc4"),
    "studio_rose": _studio("#e3b5ba"),
    "nature_meadow": _lights(
        "#cfe3c0", "#6f9a4a", "#4d7a35", discs=("#e8f3b8", "#f6f6d8", "#a5cf6c"), number=60, strength=0.5
    ),
    "nature_forest": _lights(
        "#a9c48c", "#3e5f36", "#20381f", discs=("#d7e8a4", "#8fb86a", "#f4f0c8"), number=50, strength=0.35
    ),
    "nature_cherryblossom": _lights(
        "#f6e4ea", "#efc9d6", "#d9b3a9", discs=("#fbd3e1", "#fff1f5", "#f2a9c3"), number=90, strength=0.6
    ),
    "nature_autumn": _lights(
        "#e8cf9a", "#c27a32", "#6f3d1c", discs=("#f7d36a", "#e8913a", "#c9502a"), number=70, strength=0.5
    ),
    "sky_day": _sky("#4f92d6", "#a9d0f0", "#e4f1fa", clouds=0.8),
    "sky_dusk": _sky("#31416f", "#a5637f", "#f0a067", "#f9d9a0", clouds=0.25),
    "sky_night": _sky("#060a1e", "#14224a", "#2b3d6b", stars=0.002),
    "sea_calm": _sea,
    "city_night": _lights(
        "#0b1020",
        "#1b2340",
        "#2b2740",
        discs=("#ffcf7a", "#ff8a5c", "#7ac7ff", "#ff6fa8"),
        number=80,
        strength=0.8,
    ),
    "festive_gold": _lights(
        "#5a3b12", "#8a611f", "#3d260b", discs=("#ffe3a0", "#ffd06a", "#fff3cf"), number=110, strength=0.7
    ),
    "paper_warm": _paper,
}
assert set(_SCENES) == set(get_args(Scene))
