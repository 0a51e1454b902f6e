"""Ways to steer a colouring as a whole: other moods for variants, and the colours of a reference photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.likelihood import ChromaDistribution

__all__ = ["reference_mood", "reference_tilt", "variant_moods"]

Array = NDArray[np.float32]

_MOVE = 12.0  # a*, b* by which a variant's mean colour differs from the best one's
_LIVELY = 2.0  # chroma that a variant has more
_REFERENCE = 0.5  # how much of the log ratio between the two palettes is applied
_MOST = 3.0  # logits, bound of a reference's tilt


def variant_moods(best: Array, count: int, seed: int) -> list[Array]:
    """Moods (3,) of `count` other colourings: the mean colour of the best moved towards evenly spaced hues.

    Told a mood, the network recolours the scene as a whole, so a variant is as coherent as the best answer.

    Parameters
    ----------
    best : ndarray, (h, w, 2), float32
        a*, b* of the best colouring.
    count, seed : int
        The first hue is drawn from `seed`.
    """
    start = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    angles = start + 2 * np.pi * np.arange(count) / max(count, 1)
    mean, size = _mood(best)[:2], _mood(best)[2]
    moved = [mean + np.float32(_MOVE) * np.array([np.cos(a), np.sin(a)], np.float32) for a in angles]
    return [np.array([*m, max(size, np.hypot(*m)) + _LIVELY], np.float32) for m in moved]


def reference_mood(best: Array, chroma: Array) -> Array:
    """The mood (3,) half way from the best colouring (h, w, 2) to a reference's pixels (n, 2)."""
    return (_mood(best) + _mood(chroma[None])) / np.float32(2)


def _mood(chroma: Array) -> Array:
    """Mean a*, b* and chroma (3,) of (h, w, 2)."""
    size = np.hypot(chroma[..., 0], chroma[..., 1]).mean()
    return np.array([*chroma.mean(axis=(0, 1)), size], np.float32)


def reference_tilt(predicted: ChromaDistribution, chroma: Array) -> Array:
    """Tilt (q,) from the palette the network expects to that of a reference photo.

    Parameters
    ----------
    predicted : ChromaDistribution
    chroma : ndarray, (n, 2), float32
        a*, b* of the reference's pixels.
    """
    z = predicted.logits - predicted.logits.max(axis=-1, keepdims=True)
    p = np.exp(z)
    expected = (p / p.sum(axis=-1, keepdims=True)).mean(axis=(0, 1))
    square = ((chroma[:, None] - predicted.bins[None]) ** 2).sum(axis=-1)  # (n, q)
    near = np.exp(-square / np.float32(2 * 8.0**2)) + np.float32(1e-9)
    wanted = (near / near.sum(axis=1, keepdims=True)).mean(axis=0)
    ratio = np.log((wanted + 2e-3) / (expected + 2e-3)).astype(np.float32)
    tilt: Array = np.clip(ratio * np.float32(_REFERENCE), -_MOST, _MOST)
    return tilt
