"""The tint of a photo's light, and how to take it away.

Two cues. What colours a photo should have is what the colorizer knows: from lightness alone it says how likely each
chroma is at each place, and the light is the one without which the photo's colours are most likely (the search of a
Bayesian estimate, Brainard and Freeman 1997, with the network's distributions in place of a prior over surfaces).
And the sharpest edges are mostly those of highlights, which show the light itself (grey edge of second order: van de
Weijer, Gevers, Gijsenij 2007, "Edge-based color constancy"). ``training/illuminant.py`` says how far to trust each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.likelihood import classes_of, predict_chroma
from tinct.photo.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from tinct.photo.resize import resize

__all__ = ["Light", "adaptation", "cues", "estimate"]

Array = NDArray[np.float32]

_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_WARM: Final = np.arange(-0.8, 0.81, 0.1)  # log2 of the gain of red, and of one over that of blue
_PINK: Final = np.arange(
    -0.42, 0.43, 0.07
)  # log2 of the gain of red and blue against green, with its sign turned
_USUAL: Final = (0.25, 0.12)  # standard deviations of lights along these two
_PLACES: Final = 15.0  # cells are not independent: all together count as this many
_SURPRISE: Final = 1e-4  # least probability of a colour: one odd thing decides nothing
_LIT: Final = (0.01, 0.95)  # linear light outside which colours are noise or cut off
_FEWEST: Final = 16  # cells
_COLORLESS: Final = 2.0  # mean chroma of a photo that is meant to be grey
_BLUR: Final = 0.7  # pixels, before edges are taken
_NORM: Final = 8  # the higher, the more the sharpest edges count
_FARTHEST: Final = 0.9  # tint that a cue may claim
_TRUST: Final = np.array(  # warm and pink from those of the colorizer, those of the edges, and 1
    [[0.033, -0.095, 0.788, 0.105, -0.038], [-0.036, 0.318, 0.083, 0.361, -0.002]]
)
_SLIGHT: Final = 0.15  # size of a tint that is corrected by half: smaller ones are mostly the scene's own


@dataclass(frozen=True)
class Light:
    """What was found."""

    tint: tuple[float, float]
    """log2(R / G) and log2(B / G) of the light."""
    confidence: float
    """0..1: how much of it is worth correcting."""

    @property
    def color(self) -> NDArray[np.float64]:
        """Linear sRGB of the light, brightest channel 1: (3,)."""
        gains = np.exp2(np.array([self.tint[0], 0.0, self.tint[1]]))
        return np.asarray(gains / gains.max())

    @property
    def believed(self) -> Light:
        """The part of the tint that is worth correcting: little of a slight one."""
        return Light((self.tint[0] * self.confidence, self.tint[1] * self.confidence), self.confidence)


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
    warm, pink = (float(value) for value in _TRUST @ [*found, 1])
    size = (warm**2 + (1.3 * pink) ** 2) ** 2  # a tint across the daylights is seen sooner
    return Light(_tint(warm, pink), size / (size + _SLIGHT**4))


def cues(rgb: Array) -> tuple[float, float, float, float] | None:
    """Warm and pink as the colorizer sees them, and as the edges show them; None for a photo that shows neither."""
    lab = srgb_to_lab(rgb)
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < _COLORLESS:
        return None
    expected = _expected(srgb_to_linear(rgb), np.ascontiguousarray(lab[..., 0]))
    if expected is None:
        return None
    return (*expected, *_edges(srgb_to_linear(rgb)))


def _lit(linear: Array) -> NDArray[np.bool_]:
    low, high = _LIT
    return np.asarray((linear.max(axis=-1) < high) & (linear.mean(axis=-1) > low))


def _expected(linear: Array, light: Array) -> tuple[float, float] | None:
    """Mean warm and pink of the lights without which the photo looks as the colorizer expects."""
    expected = predict_chroma(light)
    cells = resize(linear, expected.light.shape).reshape(-1, 3)  # (n, 3)
    lit = _lit(cells)
    if lit.sum() < _FEWEST:
        return None
    logits = expected.logits.reshape(len(cells), -1)[lit]
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    likely = _likelihood(cells[lit], np.log(share + np.float32(_SURPRISE)), expected.bins)
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


def _likelihood(cells: Array, logs: Array, bins: Array) -> NDArray[np.float64]:
    """Mean log-probability of the cells (n, 3) without each light, (warm, pink)."""
    out = np.zeros((len(_WARM), len(_PINK)))
    every = np.arange(len(cells))
    for i, warm in enumerate(_WARM):
        for j, pink in enumerate(_PINK):
            white = cells @ adaptation(Light(_tint(warm, pink), 1.0)).T.astype(np.float32)
            chroma = srgb_to_lab(linear_to_srgb(np.maximum(white, 0)))[:, 1:]
            out[i, j] = logs[every, classes_of(chroma, bins)].mean()
    return out


def adaptation(light: Light) -> NDArray[np.float64]:
    """Linear sRGB to linear sRGB (3, 3) that makes `light` white and keeps its luminance: Bradford's transform."""
    to_cones = _BRADFORD @ _TO_XYZ
    white, tinted = to_cones @ np.ones(3), to_cones @ light.color
    made = np.linalg.inv(to_cones) @ np.diag(white / tinted) @ to_cones
    return np.asarray(made * (_TO_XYZ[1] @ light.color) / (_TO_XYZ[1] @ made @ light.color))
