"""Give pixels a chroma and keep their luminance to the last bit that the photo can hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import linear_to_srgb, srgb_to_lab, srgb_to_linear

__all__ = ["recolor", "within_gamut"]

Array = NDArray[np.float32]

_LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750], np.float32)
# CIE XYZ relative to white (D65) to linear sRGB; rows sum to 1, so grey is (Y, Y, Y).
_TO_RGB = np.linalg.inv(
    np.array(
        [
            [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883],
        ]
    )
).astype(np.float32)


def within_gamut(linear: Array, luminance: Array) -> Array:
    """Draw colours towards the grey of the same luminance until they fit.

    Parameters
    ----------
    linear : ndarray, (..., 3), float32
        Linear sRGB of luminance `luminance`, in or out of 0..1.
    luminance : ndarray, (...), float32
        Y, 0..1.

    Returns
    -------
    ndarray, (..., 3), float32
        Linear sRGB, 0..1, of luminance `luminance`.
    """
    y = luminance[..., None]
    away = linear - y
    room = np.where(away > 0, 1 - y, y)  # how far each channel may go
    share = (room / np.maximum(np.abs(away), np.float32(1e-9))).min(axis=-1, keepdims=True)
    out: Array = y + away * np.minimum(share, 1)
    return out


def recolor(rgb: Array, chroma_for: Callable[[Array], Array], *, strength: float, keep: bool) -> Array:
    """Put new chroma on old luminance.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB-encoded; outside 0..1 where the photo's profile is wider.
    chroma_for : callable
        L* (h, w) to a*, b* (h, w, 2).
    strength : float
        0..1, share of the new chroma.
    keep : bool
        The rest is the photo's own chroma; else it is grey.

    Returns
    -------
    ndarray, (h, w, 3), float32
        sRGB-encoded, 0..1, with the luminance of `rgb`.
    """
    y = np.clip(srgb_to_linear(rgb) @ _LUMINANCE, 0, 1)  # (h, w)
    fy = np.where(y > 216 / 24389, np.cbrt(y), y * np.float32(24389 / 27 / 116) + np.float32(16 / 116))
    chroma = chroma_for(fy * 116 - 16)
    if strength < 1:
        chroma = chroma * np.float32(strength)
        if keep:
            chroma = chroma + srgb_to_lab(rgb)[..., 1:] * np.float32(1 - strength)
    xyz = np.empty((*y.shape, 3), np.float32)
    xyz[..., 0] = _cube(fy + chroma[..., 0] / 500)
    xyz[..., 1] = y
    xyz[..., 2] = _cube(fy - chroma[..., 1] / 200)
    linear = (xyz.reshape(-1, 3) @ _TO_RGB.T).reshape(xyz.shape)
    return linear_to_srgb(within_gamut(linear, y))


def _cube(f: Array) -> Array:
    """The inverse of CIELAB's f."""
    cubed = f * f * f
    return np.where(cubed > 216 / 24389, cubed, (f * 116 - 16) * np.float32(27 / 24389))
