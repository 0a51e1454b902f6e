"""From a photo's light and range of tones to maps of its colours: the plain correction, and looks built on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.correct.illuminant import Light, adaptation
from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.gamut import compress
from tinct.imaging.guided import ramp
from tinct.photo.color import linear_to_srgb, oklab_to_srgb, srgb_to_linear, srgb_to_oklab

__all__ = ["LOOKS", "Look", "Tones", "color_map", "tones"]

Array = NDArray[np.float32]

_ENDS: Final = (0.3, 99.7)  # percentiles of encoded values that are taken for black and white
_MOST_BLACK: Final = 0.12  # encoded value that may become black
_LEAST_WHITE: Final = 0.72  # encoded value that may become white
_GOOD: Final = (0.08, 0.86)  # ends of a photo whose range is good already
_FLAT: Final = (0.0, 0.5)  # share of the most that both ends may move: a photo is not flat, it is
_DULL: Final = 0.03  # mean OkLab chroma below which colours are strengthened
_COLORLESS: Final = 0.012  # mean OkLab chroma of a photo that is meant to be grey


@dataclass(frozen=True)
class Tones:
    """Range and colourfulness of a photo."""

    black: float
    """Encoded value that becomes black."""
    white: float
    """Encoded value that becomes white."""
    vividness: float
    """Factor of chroma."""


@dataclass(frozen=True)
class Look:
    """What is added to the plain correction."""

    name: str
    warmth: float = 0.0
    """log2 of the gain of red against blue."""
    vividness: float = 1.0
    contrast: float = 0.0
    """Strength of an S-shaped curve of lightness; negative flattens."""


LOOKS: Final = (
    Look("natural"),
    Look("warm", warmth=0.14, vividness=1.05),
    Look("vivid", vividness=1.22, contrast=0.18),
    Look("soft", vividness=0.85, contrast=-0.16),
)


def tones(rgb: Array) -> Tones:
    """Judge a photo (..., 3), sRGB, 0..1, whose light is white already.

    Only a flat photo, which has neither black nor white, is changed: nights have no white, high keys no black, and both
    are meant.
    """
    low, high = (float(np.percentile(rgb, p)) for p in _ENDS)
    black = min(max(low - _GOOD[0], 0.0), _MOST_BLACK)
    white = max(min(high / _GOOD[1], 1.0), _LEAST_WHITE)
    _, a, b = np.moveaxis(srgb_to_oklab(rgb), -1, 0)
    chroma = float(np.hypot(a, b).mean())
    vividness = 1.0
    if _COLORLESS < chroma < _DULL:
        vividness = min((_DULL / chroma) ** 0.35, 1.25)
    flat = ramp(min(black / _MOST_BLACK, (1 - white) / (1 - _LEAST_WHITE)), *_FLAT)
    return Tones(black * flat, 1 - (1 - white) * flat, vividness**flat)


def color_map(light: Light, found: Tones, look: Look = LOOKS[0]) -> ColorMap:
    """The map that takes the light's tint away, sets black and white, and adds a look."""
    nodes = grid()
    flat = nodes.reshape(-1, 3)
    tint = Light((light.tint[0] - look.warmth / 2, light.tint[1] + look.warmth / 2), light.confidence)
    linear = srgb_to_linear(flat) @ adaptation(tint).T.astype(np.float32)
    rgb = linear_to_srgb(np.maximum(linear, 0))
    rgb = (rgb - np.float32(found.black)) / np.float32(found.white - found.black)
    oklab = srgb_to_oklab(rgb)
    oklab[:, 0] = _curved(oklab[:, 0], look.contrast)
    oklab[:, 1:] *= np.float32(found.vividness * look.vividness)
    mapped = oklab_to_srgb(compress(oklab), clip=True)
    return ColorMap(mapped.reshape(nodes.shape), f"Colour correction, {look.name}")


def _curved(lightness: Array, strength: float) -> Array:
    """An S-shaped curve that keeps black, white and the middle."""
    t = np.clip(lightness, 0, 1)
    bent = t - np.float32(strength) * np.sin(2 * np.pi * t) / np.float32(2 * np.pi)
    return np.asarray(np.where((lightness > 0) & (lightness < 1), bent, lightness), np.float32)
