"""The tint of a photo's light, and how to take it away.

Two cues. What colours a photo should have is what the colorizer knows: from lightness alone it says how likely each
chroma is at each place, and the light is the one without which the photo's colours are most likely (the search of a
Bayesian estimate, Brainard and Freeman 1997, with the network's distributions in place of a prior over surfaces).
And the sharpest edges are mostly those of highlights, which show the light itself (grey edge of second order: van de
Weijer, Gevers, Gijsenij 2007, "Edge-based color constancy"). ``training/illuminant.py`` says how far to trust each.
Slight tints are left, judged along the daylights and across them, for they are mostly the scene's own.

Whatever the cues say, a photo is left where its tint is rather what it shows: where much of it is dark, as at night, on
stages and before flames; where its light parts are tinted more than any light is, as in sunsets; and where they are
white, though the rest is warm.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.decision import softmax
from tinct.imaging.guided import ramp
from tinct.imaging.likelihood import ChromaDistribution, classes_of, glance
from tinct.photo.color import linear_to_srgb, luminance, srgb_to_lab, srgb_to_linear
from tinct.photo.resize import resize

__all__ = ["Light", "adaptation", "cues", "estimate"]

Array = NDArray[np.float32]

_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_WARM: Final = np.arange(-0.8, 0.81, 0.1)  # log2 of the gain of red, and of one over that of blue
# log2 of the gain of red and blue against green, with its sign turned
_PINK: Final = np.arange(-0.42, 0.43, 0.07)
_USUAL: Final = (0.25, 0.12)  # standard deviations of lights along these two
_PLACES: Final = 15.0  # cells are not independent: all together count as this many
_SURPRISE: Final = 1e-4  # least probability of a colour: one odd thing decides nothing
_CELLS: Final = 500  # that are asked about lights
_LIT: Final = (0.01, 0.95)  # linear light outside which colours are noise or cut off
_FEWEST: Final = 16  # cells
_COLORLESS: Final = 2.0  # mean chroma of a photo that is meant to be grey
_BLUR: Final = 0.7  # pixels, before edges are taken
_NORM: Final = 8  # the higher, the more the sharpest edges count
_FARTHEST: Final = 0.9  # tint that a cue may claim
_TRUST: Final = np.array(  # warm and pink from those of the colorizer, those of the edges, and 1
    [[0.201, 0.082, 0.622, 0.065, -0.013], [-0.034, 0.445, 0.095, 0.288, -0.004]]
)
_BOLDER: Final = np.array([1.1, 1.0])  # least deviations fall short of strong warm and cold lights
_MOST: Final = np.array([0.75, 0.42])  # warm and pink of the farthest lights that all this was fitted to
_SLIGHT: Final = np.array([[0.2, 0.1], [0.15, 0.1]])  # corrected by half: warm and pink above 0, and below
_DARK: Final = 0.02  # luminance of what is dark
_MUCH: Final = (0.25, 0.5)  # share of that: the tint is all the light's, it is all the scene's
_LIGHT_PARTS: Final = 90  # percentile of luminance from which parts are light
# Warm of these parts above that of the light: they are lit by it, they shine by themselves
_BEYOND: Final = (0.6, 1.2)
# Warm of these parts, as a share of the light's, from which they do not say that it is white
_WHITE: Final = 0.5
_STEEP: Final = 6  # power: how quickly a tint passes from slight to strong


@dataclass(frozen=True)
class Light:
    """What was found."""

    tint: tuple[float, float]
    """log2(R / G) and log2(B / G) of the light, as far as it is worth correcting."""
    confidence: float
    """0..1: how much that is of what was found."""

    @property
    def color(self) -> NDArray[np.float64]:
        """Linear sRGB of the light, brightest channel 1: (3,)."""
        gains = np.exp2(np.array([self.tint[0], 0.0, self.tint[1]]))
        return np.asarray(gains / gains.max())


def estimate(rgb: Array) -> Light:
    """Find the light of a photo.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; about 256 pixels wide.
    """
    found = cues(rgb)
    if found is None:
        return Light((0.0, 0.0), 0.0)
    tint = np.clip(_BOLDER * (_TRUST @ [*found, 1]), -_MOST, _MOST)  # (2,) warm, pink
    slight = np.where(tint > 0, *_SLIGHT)
    believed = (
        tint / (1 + (slight / np.maximum(np.abs(tint), 1e-6)) ** _STEEP) * _of_the_light(rgb, float(tint[0]))
    )
    share = float(np.hypot(*believed) / max(float(np.hypot(*tint)), 1e-6))
    return Light(_tint(float(believed[0]), float(believed[1])), share)


def _of_the_light(rgb: Array, warm: float) -> NDArray[np.float64]:
    """How much of the warm and pink of a light as warm as that is its own rather than the scene's, 0..1 each: (2,)."""
    linear = srgb_to_linear(rgb).reshape(-1, 3)
    light = luminance(linear)
    red, _, blue = np.log2(np.maximum(linear[light >= np.percentile(light, _LIGHT_PARTS)], 1e-4)).T
    shown = float(np.median((red - blue) / 2)) * float(np.sign(warm))  # of the light parts, towards the light
    known = (1 - ramp(float((light < _DARK).mean()), *_MUCH)) * (1 - ramp(shown - abs(warm), *_BEYOND))
    white = ramp(shown / max(abs(warm), 1e-3), 0, _WHITE) if warm > 0 else 1.0
    return np.array([known * white, known])


def cues(rgb: Array, expected: ChromaDistribution | None = None) -> tuple[float, float, float, float] | None:
    """Warm and pink as the colorizer sees them, and as the edges show them; None for a photo that shows neither.

    `expected` is what the colorizer says of the photo, where it was asked before.
    """
    lab = srgb_to_lab(rgb)
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < _COLORLESS:
        return None
    likely = _expected(srgb_to_linear(rgb), expected or glance(np.ascontiguousarray(lab[..., 0])))
    if likely is None:
        return None
    return (*likely, *_edges(srgb_to_linear(rgb)))


def _lit(linear: Array) -> NDArray[np.bool_]:
    low, high = _LIT
    return np.asarray((linear.max(axis=-1) < high) & (linear.mean(axis=-1) > low))


def _expected(linear: Array, expected: ChromaDistribution) -> tuple[float, float] | None:
    """Mean warm and pink of the lights without which the photo looks as the colorizer expects."""
    cells = resize(linear, expected.light.shape).reshape(-1, 3)  # (n, 3)
    lit = np.flatnonzero(_lit(cells))
    if len(lit) < _FEWEST:
        return None
    asked = lit[np.linspace(0, len(lit) - 1, min(_CELLS, len(lit))).astype(np.intp)]
    share = softmax(expected.logits.reshape(len(cells), -1)[asked])
    likely = _likelihood(cells[asked], np.log(share + np.float32(_SURPRISE)), expected.bins)
    usual = (_WARM[:, None] / _USUAL[0]) ** 2 + (_PINK / _USUAL[1]) ** 2
    score = _PLACES * likely - usual / 2
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    return float((weight.sum(axis=1) * _WARM).sum()), float((weight.sum(axis=0) * _PINK).sum())


def _edges(linear: Array) -> tuple[float, float]:
    """Warm and pink of the sharpest edges, away from what is cut off or too dark."""
    lit = cv2.erode(_lit(linear).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    steps = np.abs(cv2.Laplacian(cv2.GaussianBlur(linear, (0, 0), _BLUR), -1)).reshape(*lit.shape, 3)
    chosen = np.asarray(steps[lit] if lit.sum() >= _FEWEST else steps.reshape(-1, 3), np.float64)  # (n, 3)
    most = np.maximum(chosen.max(), 1e-9)
    norms = ((chosen / most) ** _NORM).mean(axis=0) ** (1 / _NORM)
    red, green, blue = np.log2(np.maximum(norms, 1e-6))
    warm, pink = (red - blue) / 2, green - (red + blue) / 2
    return float(np.clip(warm, -_FARTHEST, _FARTHEST)), float(np.clip(pink, -_FARTHEST, _FARTHEST))


def _tint(warm: float, pink: float) -> tuple[float, float]:
    return float(warm - pink), float(-warm - pink)


def _likelihood(cells: Array, logs: Array, bins: Array) -> Array:
    """Mean log-probability of the cells (n, 3) without each light, (warm, pink)."""
    white = np.einsum("nc,ldc->lnd", cells, _adaptations())
    chroma = srgb_to_lab(linear_to_srgb(np.maximum(white, 0).reshape(-1, 3)))[:, 1:]
    which = classes_of(chroma, bins).reshape(-1, len(cells))
    likely = logs[np.arange(len(cells)), which].mean(axis=1)
    return np.asarray(likely.reshape(len(_WARM), len(_PINK)))


@functools.cache
def _adaptations() -> Array:
    """What takes away each light of the grid: (n, 3, 3)."""
    return np.array([adaptation(Light(_tint(w, p), 1.0)) for w in _WARM for p in _PINK], np.float32)


def adaptation(light: Light) -> NDArray[np.float64]:
    """Linear sRGB to linear sRGB (3, 3) that makes `light` white and keeps its luminance: Bradford's transform."""
    to_cones = _BRADFORD @ _TO_XYZ
    white, tinted = to_cones @ np.ones(3), to_cones @ light.color
    made = np.linalg.inv(to_cones) @ np.diag(white / tinted) @ to_cones
    return np.asarray(made * (_TO_XYZ[1] @ light.color) / (_TO_XYZ[1] @ made @ light.color))
