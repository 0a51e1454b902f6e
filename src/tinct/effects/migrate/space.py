"""The space in which palettes are dealt out and fitted: CIELAB's L* with OkLab's a and b.

What must be kept, L*, is an axis of its own, so lightness keeps its order whatever happens to chroma. OkLab's blue
stays blue when it gets lighter (Ottosson 2020), where CIELAB's turns purple. a and b are OkLab's times 300, so that a
unit is about a unit of CIELAB.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.gamut import EDGE, compress, luminance
from tinct.photo.color import oklab_to_srgb, srgb_to_lab, srgb_to_oklab

__all__ = ["from_srgb", "reachable", "to_srgb"]

Array = NDArray[np.float32]

_SCALE: Final = np.float32(300)


def from_srgb(rgb: Array) -> Array:
    """sRGB-encoded colours (..., 3) in this space: (..., 3) float32 L* 0..100, a, b."""
    out = np.asarray(srgb_to_oklab(rgb) * _SCALE, np.float32)
    out[..., 0] = srgb_to_lab(rgb)[..., 0]
    return out


def to_srgb(
    colors: Array, *, knee: float = 0.85, margin: tuple[float, float] = EDGE, rounds: int = 2
) -> Array:
    """Colours of this space as sRGB inside the gamut.

    Parameters
    ----------
    colors : ndarray, (n, 3), float32
        L*, a, b.
    knee, margin : float, tuple of float
        Where chroma is compressed, at constant hue, and what the gamut ends at; see `imaging.gamut.compress`.
    rounds : int
        Corrections of OkLab's lightness, which is a function of luminance for greys alone.

    Returns
    -------
    ndarray, (n, 3), float32
        sRGB-encoded, 0..1, with the L* that was given.
    """
    wanted = np.cbrt(_luminance(colors[:, 0]))  # of a grey: OkLab's L itself
    oklab = np.column_stack([wanted, colors[:, 1:] / _SCALE]).astype(np.float32)
    for _ in range(rounds):
        fitted = compress(oklab, knee, margin)
        oklab[:, 0] = np.clip(oklab[:, 0] + wanted - np.cbrt(luminance(fitted)), 0, 1)
    return oklab_to_srgb(compress(oklab, knee, margin), clip=True)


def _luminance(lightness: Array) -> Array:
    """Relative luminance (n,) of L* (CIE 15:2004)."""
    light = np.clip(lightness, 0, 100)
    return np.asarray(
        np.where(light > 8, ((light + 16) / 116) ** 3, light * np.float32(27 / 24389)), np.float32
    )


def reachable(lightness: Array, chroma: Array) -> Array:
    """What the gamut leaves of `chroma` (m, 2) at each L* of `lightness` (n,), hue kept: (n, m, 2)."""
    n, m = len(lightness), len(chroma)
    every = np.column_stack([np.repeat(lightness, m), np.tile(chroma, (n, 1))]).astype(np.float32)
    return from_srgb(to_srgb(every, knee=0.95, rounds=1))[:, 1:].reshape(n, m, 2)
