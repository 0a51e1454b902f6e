"""Bring colours into the sRGB gamut without posterising: chroma is compressed at constant hue and lightness.

Works in OkLab (Ottosson 2020, "A perceptual color space for image processing"): along a ray of constant lightness and
hue each linear-light channel is a cubic polynomial of chroma, so the gamut boundary is found without conversions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import oklab_to_srgb, srgb_to_oklab

__all__ = ["EDGE", "UNCLIPPED", "compress", "fit_gamut", "luminance", "max_chroma"]

Array = NDArray[np.float32]

# OkLab -> cone roots (l^, m^, s^), and cones -> linear sRGB; Ottosson 2020.
_ROOTS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]],
    np.float32,
)
_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ],
    np.float32,
)
_LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750], np.float32) @ _LINEAR  # of cones; IEC 61966-2-1
_STEPS = 14

EDGE = (-1e-4, -1e-4)
"""Margin of the gamut itself, with room for rounding."""
UNCLIPPED = (6e-4, 0.015)
"""Margin inside which no 8-bit channel reaches 0 or 255."""


def luminance(oklab: Array) -> Array:
    """Relative luminance (n,) of OkLab colours (n, 3); white has 1. Colours outside sRGB are not clipped."""
    return np.asarray((oklab @ _ROOTS.T) ** 3 @ _LUMINANCE)


def max_chroma(lightness: Array, direction: Array, margin: tuple[float, float] = EDGE) -> Array:
    """Largest OkLab chroma inside the sRGB gamut.

    Parameters
    ----------
    lightness : ndarray, (n,), float32
        OkLab L, 0..1.
    direction : ndarray, (n, 2), float32
        Unit vectors of hue in the (a, b) plane.
    margin : tuple of float
        How far each linear channel must stay above 0 and below 1.

    Returns
    -------
    ndarray, (n,), float32
    """
    slope = _ROOTS[:, 1:] @ direction.T  # (3, n) change of each cone root per unit of chroma
    found = np.zeros(len(lightness), np.float32)
    step = np.float32(0.5)  # sRGB's largest OkLab chroma is 0.32
    for _ in range(_STEPS):
        step *= np.float32(0.5)
        found += step * _inside(lightness + slope * (found + step), margin)
    return found


def compress(oklab: Array, knee: float = 0.85, margin: tuple[float, float] = EDGE) -> Array:
    """Bring OkLab colours into the sRGB gamut by a soft limit on chroma.

    Chroma below `knee` times the boundary is untouched; above it approaches the boundary smoothly, so neighbouring
    colours stay distinct.

    Parameters
    ----------
    oklab : ndarray, (n, 3), float32
        L 0..1 (clipped to it), a, b.
    knee : float
        Where compression starts, as a share of the boundary, 0..1.
    margin : tuple of float
        Passed to `max_chroma`.

    Returns
    -------
    ndarray, (n, 3), float32
    """
    out = oklab.copy()
    out[:, 0] = np.clip(out[:, 0], 0, 1)
    lifted = out * np.array([1, 1 / knee, 1 / knee], np.float32)
    near = ~_inside(_ROOTS @ lifted.T, margin)  # only these are above the knee
    colors = out[near]
    chroma = np.hypot(colors[:, 1], colors[:, 2])
    direction = np.asarray(colors[:, 1:] / np.maximum(chroma, 1e-7)[:, None], np.float32)
    limit = max_chroma(colors[:, 0], direction, margin)
    soft = np.maximum((1 - knee) * limit, 1e-7)
    over = np.maximum(chroma - knee * limit, 0)
    squeezed = np.minimum(chroma, knee * limit) + soft * np.tanh(over / soft)
    out[near, 1:] = direction * squeezed[:, None]
    return out


def _inside(roots: NDArray[np.floating[Any]], margin: tuple[float, float]) -> NDArray[np.bool_]:
    """Which roots of cone responses (3, n) are colours of sRGB, with a margin to its ends: (n,)."""
    low, high = np.float32(margin[0]), np.float32(1 - margin[1])
    red, green, blue = _LINEAR @ (roots * roots * roots)  # (n,) each
    inside = (red >= low) & (red <= high) & (green >= low) & (green <= high)
    return np.asarray(inside & (blue >= low) & (blue <= high))


def fit_gamut(rgb: Array, knee: float = 0.85) -> Array:
    """`compress` for sRGB-encoded colours (n, 3), which may lie outside 0..1; the result lies inside."""
    return oklab_to_srgb(compress(srgb_to_oklab(rgb), knee), clip=True)
