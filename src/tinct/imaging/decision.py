"""How much of its chroma a place should dare: little where the network is unsure, and alike over a thing.

Each place weighs shares of the chroma that it would get by their expected loss under its distribution (Berger 1985,
"Statistical decision theory and Bayesian analysis"): CIEDE2000 to what may be there, a fine on what eyes do not
forgive, which is a clear colour farther from the truth than grey, and a reward on chroma, as least loss alone is dull.
The shares are to be made alike over what looks alike, so that doubt drains a thing, not a spot of it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import delta_e_2000

__all__ = ["dared", "softmax"]

Array = NDArray[np.float32]

_SHARES: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_STEP: Final = 6.0  # of a*, b* in the table of losses
_SPAN: Final = 132.0  # of that table
_LIGHT: Final = 60.0  # L*, which CIEDE2000 between colours of one lightness does not depend on
_FINE: Final = 20.0  # CIEDE2000 that a clear wrong colour counts as
_CLEAR, _VAGUE = 22.0, 2.0  # chroma from which a colour is clear, and how gradually
_FARTHER, _ABOUT = 6.0, 1.5  # CIEDE2000 beyond grey's from which it is wrong, and how gradually
_REWARD: Final = np.float32(0.12)  # CIEDE2000 that a unit of chroma is worth
_SHARP: Final = np.float32(0.5)  # CIEDE2000 by which losses must differ to be told apart


def dared(probability: Array, bins: Array, chroma: Array) -> Array:
    """Share of its chroma that each place should have.

    Parameters
    ----------
    probability : ndarray, (n, q), float32
        Of each class at each place.
    bins : ndarray, (q, 2), float32
        a*, b* of the classes.
    chroma : ndarray, (n, 2), float32
        a*, b* that the places would get.

    Returns
    -------
    ndarray, (n,), float32
        0..1.
    """
    losses = _losses(bins.tobytes())
    per_color = probability @ losses.table  # (n, m)
    every = np.arange(len(chroma))
    away = np.hypot(chroma[:, 0], chroma[:, 1])
    gains = np.empty((len(chroma), len(_SHARES)), np.float32)
    for k, share in enumerate(_SHARES):
        part = np.float32(share)
        gains[:, k] = _REWARD * part * away - per_color[every, losses.number(part * chroma)]
    return np.asarray(softmax(gains / _SHARP) @ np.array(_SHARES, np.float32), np.float32)


@dataclass(frozen=True, eq=False)
class _Losses:
    """What colours cost where classes are the truth."""

    table: Array
    """(q, m)."""
    numbers: NDArray[np.intp]
    """(k, k) column of the table for each a*, b* in steps of `_STEP`; far from all classes that of the nearest."""

    def number(self, chroma: Array) -> NDArray[np.intp]:
        """Columns (n,) of colours (n, 2)."""
        place = np.rint((np.clip(chroma, -_SPAN, _SPAN) + np.float32(_SPAN)) / np.float32(_STEP)).astype(
            np.intp
        )
        return np.asarray(self.numbers[place[:, 0], place[:, 1]])


@functools.lru_cache(maxsize=4)
def _losses(stored: bytes) -> _Losses:
    bins = np.frombuffer(stored, np.float32).reshape(-1, 2)
    axis = np.arange(-_SPAN, _SPAN + 1, _STEP, dtype=np.float32)
    every = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    near = np.linalg.norm(every[:, None] - bins, axis=-1).min(axis=1) < 1.2 * _STEP
    near |= ~every.any(axis=1)  # grey is always one
    colors = every[near]
    numbers = np.linalg.norm(every[:, None] - colors, axis=-1).argmin(axis=1).reshape(len(axis), -1)
    far, from_grey = _apart(bins[:, None], colors[None]), _apart(bins, np.zeros_like(bins))
    wrong = _above(far - from_grey[:, None], _FARTHER, _ABOUT)
    wrong *= _above(np.hypot(colors[:, 0], colors[:, 1]), _CLEAR, _VAGUE)
    return _Losses(np.asarray(far + np.float32(_FINE) * wrong, np.float32), numbers)


def _apart(one: Array, two: Array) -> Array:
    """CIEDE2000 of chroma (..., 2) at one lightness."""
    shape = np.broadcast_shapes(one.shape, two.shape)[:-1]
    lab = np.full((2, *shape, 3), _LIGHT, np.float32)
    lab[0, ..., 1:], lab[1, ..., 1:] = one, two
    return np.asarray(delta_e_2000(lab[0], lab[1]), np.float32)


def _above(values: Array, limit: float, width: float) -> Array:
    """A soft step from 0 to 1 at `limit`."""
    return np.asarray(1 / (1 + np.exp((limit - values) / np.float32(width))), np.float32)


def softmax(logits: Array) -> Array:
    """Probabilities of logits (..., q)."""
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return np.asarray(p, np.float32)
