"""AUTO: recolourings that belong to the photo but to other colour families.

Each family turns the photo's own hues around the grey axis of OkLab, so that every relation between its colours is
kept, and gathers them a little around the dominant hue, as colour-harmony palettes do (Cohen-Or et al. 2006, "Color
harmonization"). Turns are spread evenly, so results are as different as the photo's chroma allows. Greys stay.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.gamut import UNCLIPPED, compress
from tinct.imaging.sample import Sample
from tinct.imaging.threads import single_threaded
from tinct.photo.color import delta_e_2000, oklab_to_srgb, srgb_to_lab, srgb_to_oklab

__all__ = ["fit_auto"]

Array = NDArray[np.float32]

_POINTS = 3000
_GATHER = 0.3  # 0 keeps the spread of hues; below 1 the turn stays one-to-one
_GREY = (3.5, 12.0)  # CIELAB chroma below which no hue turns, and above which all do
_PALE = (3.5, 20.0)  # the same for lightness; a steeper step would turn faint colour noise into grain
_NEUTRAL = 4.0  # CIELAB chroma below which a pixel is called neutral
_APART = 16.0  # mean CIEDE2000 wanted between any two results, over pixels that are not neutral
_DARK = (3.0, 14.0)  # CIELAB lightness below which nothing moves: colour there is noise
_GAINS = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
_TILTS = (0.03, 0.06, 0.09, 0.12, 0.15, 0.18)


@single_threaded
def fit_auto(source: Sample, count: int = 1, seed: int = 0) -> list[ColorMap]:
    """Fit `count` maps to distinct colour families.

    Parameters
    ----------
    source : Sample
        The photo's proxy; its weights say which pixels matter.
    count : int
        1..8.
    seed : int
        Turns all families by a little; the same seed gives the same maps.
    """
    rng = np.random.default_rng(seed)
    colors = source.colors(_POINTS, rng)
    colored = colors[np.hypot(*srgb_to_lab(colors)[:, 1:].T) >= _NEUTRAL]
    spacing = 2 * np.pi / (count + 1)
    start = rng.uniform(-0.25, 0.25) * spacing if seed else 0.0
    turns = [start + spacing * (k + 1) for k in range(count)]
    home = _dominant_hue(colored)
    gain, tilt = _enough(colored, home, turns)
    tilts = [tilt if k % 2 else -tilt for k in range(count)]
    nodes = grid()
    return [
        ColorMap(
            _turn(nodes.reshape(-1, 3), home, turn, gain, lighter).reshape(nodes.shape),
            f"Hues turned by {np.degrees(turn) % 360:.0f} degrees",
        )
        for turn, lighter in zip(turns, tilts, strict=True)
    ]


def _dominant_hue(rgb: Array) -> float:
    """Hue, in OkLab radians, around which the colours (n, 3) gather most, weighted by chroma."""
    if not len(rgb):
        return 0.0
    _, a, b = srgb_to_oklab(rgb).T
    votes, edges = np.histogram(np.arctan2(b, a), 72, (-np.pi, np.pi), weights=np.hypot(a, b))
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 3.0) ** 2)
    smooth = np.convolve(np.concatenate([votes[-6:], votes, votes[:6]]), kernel, mode="valid")
    return float(edges[smooth.argmax()] + np.pi / 72)


def _enough(colors: Array, home: float, turns: list[float]) -> tuple[float, float]:
    """The gentlest strength at which all results are clearly different.

    Strength is a gain of chroma, and the OkLab lightness by which every other family is lighter or darker; the more
    families share the circle of hues, the more they may differ in lightness.
    """
    tilts = [tilt for tilt in _TILTS if tilt <= 0.03 * len(turns)]
    strengths = [(gain, 0.0) for gain in _GAINS] + [(_GAINS[-1], tilt) for tilt in tilts]
    if not len(colors) or len(turns) < 2:
        return strengths[0]
    for gain, tilt in strengths:
        results = [
            srgb_to_lab(_turn(colors, home, turn, gain, tilt if k % 2 else -tilt))
            for k, turn in enumerate(turns)
        ]
        if min(float(delta_e_2000(one, two).mean()) for one, two in combinations(results, 2)) >= _APART:
            break
    return gain, tilt


def _turn(rgb: Array, home: float, turn: float, gain: float, lighter: float) -> Array:
    """Turn the hues of sRGB-encoded colours (n, 3) and bring them into the gamut."""
    oklab, lab = srgb_to_oklab(rgb), srgb_to_lab(rgb)
    chroma = np.hypot(oklab[:, 1], oklab[:, 2])
    offset = np.arctan2(oklab[:, 2], oklab[:, 1]) - home  # from the dominant hue
    hue = home + turn + offset - _GATHER * np.sin(offset)
    colorful = np.hypot(lab[:, 1], lab[:, 2])
    moves = _ramp(colorful, _GREY) * _ramp(lab[:, 0], _DARK)  # 0 for greys, 1 for colours
    lift = 4 * lighter * _ramp(colorful, _PALE) * oklab[:, 0] * (1 - oklab[:, 0])
    turned = gain * chroma[:, None] * np.stack([np.cos(hue), np.sin(hue)], axis=1)
    target = np.concatenate([(oklab[:, 0] + lift)[:, None], turned], axis=1)
    mapped = oklab + moves[:, None] * (compress(target, 0.8, UNCLIPPED) - oklab)
    return oklab_to_srgb(mapped, clip=True)


def _ramp(values: Array, ends: tuple[float, float]) -> Array:
    """Smooth step from 0 at the first end to 1 at the second."""
    t = np.clip((values - ends[0]) / (ends[1] - ends[0]), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
