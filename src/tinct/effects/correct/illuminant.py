"""The tint of a photo's light, and how to take it away.

What colours a photo should have is what the colorizer knows: from lightness alone it says how likely each chroma is at
each place. A photo under a tinted light is unlikely; the light is the one without which its colours are most likely.
The search over lights is that of a Bayesian estimate (Brainard and Freeman 1997, "Bayesian color constancy"), with the
network's distributions in place of a fixed prior over surfaces.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.colorize.guess import guess
from tinct.photo.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from tinct.photo.resize import resize

__all__ = ["Light", "adaptation", "estimate"]

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
_HOME: Final = (-0.03, 0.06)  # found on average in photos that nobody tinted: training shards, other photos
_PLACES: Final = 35.0  # cells are not independent: all together count as this many
_SURPRISE: Final = 1e-4  # least probability of a colour: one odd thing decides nothing
_LIT: Final = (0.01, 0.95)  # linear light outside which colours are noise or cut off
_FEWEST: Final = 16  # cells
_COLORLESS: Final = 2.0  # mean chroma of a photo that is meant to be grey
_SLIGHT: Final = 0.25  # size of a tint that is corrected by half: smaller ones are mostly the scene's own
_STEP: Final = 2  # of the table of classes, in units of a*, b*
_SPAN: Final = 128


@dataclass(frozen=True)
class Light:
    """What was found."""

    tint: tuple[float, float]
    """log2(R / G) and log2(B / G) of the light."""
    confidence: float
    """0..1, from any light to this one alone."""

    @property
    def color(self) -> NDArray[np.float64]:
        """Linear sRGB of the light, brightest channel 1: (3,)."""
        gains = np.exp2(np.array([self.tint[0], 0.0, self.tint[1]]))
        return np.asarray(gains / gains.max())

    @property
    def believed(self) -> Light:
        """The part of the tint that is worth correcting: little of a slight one, nor of one that is hardly sure."""
        square = self.tint[0] ** 2 + self.tint[1] ** 2
        share = self.confidence * square / (square + _SLIGHT**2)
        return Light((self.tint[0] * share, self.tint[1] * share), self.confidence)


def estimate(rgb: Array) -> Light:
    """Find the light of a photo.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; a few hundred pixels wide.
    """
    lab = srgb_to_lab(rgb)
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < _COLORLESS:
        return Light((0.0, 0.0), 0.0)
    expected = guess(np.ascontiguousarray(lab[..., 0]))
    cells = resize(srgb_to_linear(rgb), expected.light.shape).reshape(-1, 3)  # (n, 3)
    low, high = _LIT
    lit = (cells.max(axis=1) < high) & (cells.mean(axis=1) > low)
    if lit.sum() < _FEWEST:
        return Light((0.0, 0.0), 0.0)
    logits = expected.logits.reshape(len(cells), -1)[lit]
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    likely = _likelihood(cells[lit], np.log(share + np.float32(_SURPRISE)), _classes(expected.bins.tobytes()))
    usual = (_WARM[:, None] / _USUAL[0]) ** 2 + (_PINK / _USUAL[1]) ** 2
    score = _PLACES * likely - usual / 2
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    warm, pink = (weight.sum(axis=1) * _WARM).sum(), (weight.sum(axis=0) * _PINK).sum()
    spread = (weight * ((_WARM[:, None] - warm) ** 2 + (_PINK - pink) ** 2)).sum()
    confidence = float(np.clip(1 - spread / (_USUAL[0] ** 2 + _USUAL[1] ** 2), 0, 1))
    return Light(_tint(warm - _HOME[0], pink - _HOME[1]), confidence)


def _tint(warm: float, pink: float) -> tuple[float, float]:
    return float(warm - pink), float(-warm - pink)


def _likelihood(cells: Array, logs: Array, classes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean log-probability of the cells (n, 3) without each light, (warm, pink)."""
    out = np.zeros((len(_WARM), len(_PINK)))
    every = np.arange(len(cells))
    for i, warm in enumerate(_WARM):
        for j, pink in enumerate(_PINK):
            white = cells @ adaptation(Light(_tint(warm, pink), 1.0)).T.astype(np.float32)
            chroma = srgb_to_lab(linear_to_srgb(np.maximum(white, 0)))[:, 1:]
            place = np.rint((np.clip(chroma, -_SPAN, _SPAN) + _SPAN) / _STEP).astype(np.intp)
            out[i, j] = logs[every, classes[place[:, 0], place[:, 1]]].mean()
    return out


@functools.cache
def _classes(bins: bytes) -> NDArray[np.intp]:
    """Number of the nearest class for each a*, b* in steps of `_STEP`."""
    centres = np.frombuffer(bins, np.float32).reshape(-1, 2)
    axis = np.arange(-_SPAN, _SPAN + 1, _STEP, dtype=np.float32)
    a, b = np.meshgrid(axis, axis, indexing="ij")
    return np.asarray(
        ((a[..., None] - centres[:, 0]) ** 2 + (b[..., None] - centres[:, 1]) ** 2).argmin(axis=-1)
    )


def adaptation(light: Light) -> NDArray[np.float64]:
    """Linear sRGB to linear sRGB (3, 3) that makes `light` white and keeps its luminance: Bradford's transform."""
    to_cones = _BRADFORD @ _TO_XYZ
    white, tinted = to_cones @ np.ones(3), to_cones @ light.color
    made = np.linalg.inv(to_cones) @ np.diag(white / tinted) @ to_cones
    return np.asarray(made * (_TO_XYZ[1] @ light.color) / (_TO_XYZ[1] @ made @ light.color))
