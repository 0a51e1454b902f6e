"""Colour spaces: sRGB, linear light, CIELAB (D65), OkLab, colour difference and gamut; arrays in, arrays out.

Nothing here clips unless its name or a parameter says so. Values outside the sRGB gamut (negative or above 1)
are carried through by the odd extension of the transfer curve, so that colours of wider profiles survive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.photo.icc import profile_to_srgb, srgb_to_profile
from tinct.photo.transfer import linear_to_srgb, mix, srgb_to_linear

__all__ = [
    "clip_chroma",
    "delta_e_2000",
    "in_gamut",
    "lab_to_srgb",
    "lightness_to_srgb",
    "linear_to_srgb",
    "luminance",
    "oklab_to_srgb",
    "profile_to_srgb",
    "srgb_to_lab",
    "srgb_to_linear",
    "srgb_to_oklab",
    "srgb_to_profile",
]

Array = NDArray[np.float32]

# IEC 61966-2-1: linear sRGB to CIE XYZ (D65); rows divided by the white so that white is (1, 1, 1).
_WHITE = np.array([0.95047, 1.0, 1.08883])
_RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_RGB_TO_XYZN = _RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)
_XYZN_TO_RGB = np.linalg.inv(_RGB_TO_XYZN)

# Ottosson 2020, "A perceptual color space for image processing": linear sRGB to cone responses, roots to Lab.
_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LMS_TO_RGB = np.linalg.inv(_RGB_TO_LMS)
_OKLAB_TO_LMS = np.linalg.inv(_LMS_TO_OKLAB)

_EPSILON = 216 / 24389  # CIE 15:2004, where the cube root gives way to a line
_KAPPA = 24389 / 27


def _root(t: Array) -> Array:
    """CIELAB's f: a cube root above epsilon, a line below (and for negative values)."""
    return np.where(t > _EPSILON, np.cbrt(t), t * np.float32(_KAPPA / 116) + np.float32(16 / 116))


def _unroot(f: Array) -> Array:
    """The inverse of `_root`."""
    cubed = f * f * f
    return np.where(cubed > _EPSILON, cubed, (f * 116 - 16) * np.float32(1 / _KAPPA))


def luminance(linear: Array) -> Array:
    """Relative luminance (...) of linear sRGB (..., 3); white has 1."""
    return np.asarray(linear @ _RGB_TO_XYZ[1].astype(np.float32), np.float32)


def srgb_to_lab(rgb: Array) -> Array:
    """sRGB to CIELAB under D65.

    Parameters
    ----------
    rgb : ndarray, (..., 3), float32
        sRGB-encoded, 0..1 inside the gamut; values outside are allowed.

    Returns
    -------
    ndarray, (..., 3), float32
        L* 0..100 inside the gamut, a* and b* about -110..110. CIE 15:2004.
    """
    f = _root(mix(srgb_to_linear(np.asarray(rgb, np.float32)), _RGB_TO_XYZN))  # (..., 3) of X, Y, Z
    lab = np.empty_like(f)
    lab[..., 0] = 116 * f[..., 1] - 16
    lab[..., 1] = 500 * (f[..., 0] - f[..., 1])
    lab[..., 2] = 200 * (f[..., 1] - f[..., 2])
    return lab


def _lab_to_linear(lab: Array) -> Array:
    """CIELAB D65 to linear sRGB, unclipped."""
    f = np.empty_like(lab)
    f[..., 1] = (lab[..., 0] + 16) / 116
    f[..., 0] = f[..., 1] + lab[..., 1] / 500
    f[..., 2] = f[..., 1] - lab[..., 2] / 200
    return mix(_unroot(f), _XYZN_TO_RGB)


def lab_to_srgb(lab: Array, *, clip: bool = True) -> Array:
    """CIELAB (D65) to sRGB.

    Parameters
    ----------
    lab : ndarray, (..., 3), float32
    clip : bool
        Cut each channel to 0..1 (hue may shift; see `clip_chroma` for a cut that keeps it).

    Returns
    -------
    ndarray, (..., 3), float32
        sRGB-encoded.
    """
    rgb = linear_to_srgb(_lab_to_linear(np.asarray(lab, np.float32)))
    return np.clip(rgb, 0, 1, out=rgb) if clip else rgb


def lightness_to_srgb(light: Array) -> Array:
    """The neutral sRGB (h, w, 3), 0..1, float32, of CIELAB lightness (h, w), 0..100."""
    lab = np.zeros((*light.shape, 3), np.float32)
    lab[..., 0] = light
    return lab_to_srgb(lab)


def srgb_to_oklab(rgb: Array) -> Array:
    """sRGB to OkLab (Ottosson 2020).

    Parameters
    ----------
    rgb : ndarray, (..., 3), float32
        sRGB-encoded; values outside 0..1 are allowed.

    Returns
    -------
    ndarray, (..., 3), float32
        L 0..1, a and b about -0.4..0.4.
    """
    lms = mix(srgb_to_linear(np.asarray(rgb, np.float32)), _RGB_TO_LMS)
    return mix(np.cbrt(lms), _LMS_TO_OKLAB)


def oklab_to_srgb(oklab: Array, *, clip: bool = True) -> Array:
    """OkLab to sRGB; the parameters are those of `lab_to_srgb`."""
    roots = mix(np.asarray(oklab, np.float32), _OKLAB_TO_LMS)
    rgb = linear_to_srgb(mix(roots * roots * roots, _LMS_TO_RGB))
    return np.clip(rgb, 0, 1, out=rgb) if clip else rgb


def in_gamut(lab: Array, *, tolerance: float = 1e-4) -> NDArray[np.bool_]:
    """Which CIELAB (D65) colours sRGB can show.

    Parameters
    ----------
    lab : ndarray, (..., 3), float32
    tolerance : float
        How far a linear channel may be outside 0..1.

    Returns
    -------
    ndarray, (...), bool
    """
    rgb = _lab_to_linear(np.asarray(lab, np.float32))
    return np.asarray(((rgb >= -tolerance) & (rgb <= 1 + tolerance)).all(axis=-1))


def clip_chroma(lab: Array, *, steps: int = 14) -> Array:
    """Bring colours into the sRGB gamut by less chroma alone; lightness and hue stay.

    Parameters
    ----------
    lab : ndarray, (..., 3), float32
        CIELAB, D65. L* is cut to 0..100 first.
    steps : int
        Halvings of the search; 14 leave an error below 0.01 in chroma.

    Returns
    -------
    ndarray, (..., 3), float32
        Colours inside the gamut are returned unchanged.
    """
    out = np.array(lab, np.float32)
    np.clip(out[..., 0], 0, 100, out=out[..., 0])
    outside = ~in_gamut(out)
    if not outside.any():
        return out
    colors = out[outside]  # (n, 3)
    low, high = np.zeros(len(colors), np.float32), np.ones(len(colors), np.float32)  # shares of the chroma
    trial = colors.copy()
    for _ in range(steps):
        middle = (low + high) / 2
        trial[:, 1:] = colors[:, 1:] * middle[:, None]
        fits = in_gamut(trial)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    trial[:, 1:] = colors[:, 1:] * low[:, None]
    out[outside] = trial
    return out


def delta_e_2000(lab1: Array, lab2: Array) -> Array:
    """CIEDE2000 colour difference, with unit weights.

    Parameters
    ----------
    lab1, lab2 : ndarray, (..., 3), float32
        CIELAB; the shapes broadcast.

    Returns
    -------
    ndarray, (...), float32
        0 means equal; about 1 is just noticeable.

    References
    ----------
    Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula: implementation notes, supplementary
    test data, and mathematical observations".
    """
    l1, a1, b1 = np.moveaxis(np.asarray(lab1, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(lab2, np.float64), -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_c7 / (mean_c7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.arctan2(b1, a1 * stretch), np.arctan2(b2, a2 * stretch)
    gray = c1 * c2 == 0
    dh = np.where(gray, 0.0, (h2 - h1 + np.pi) % (2 * np.pi) - np.pi)  # hue step, -pi..pi
    mean_h = np.where(gray, h1 + h2, h1 + dh / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(mean_h - np.radians(30))
        + 0.24 * np.cos(2 * mean_h)
        + 0.32 * np.cos(3 * mean_h + np.radians(6))
        - 0.20 * np.cos(4 * mean_h - np.radians(63))
    )
    weight_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    weight_c, weight_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    degrees = np.degrees(mean_h) % 360
    turn = np.radians(60) * np.exp(-(((degrees - 275) / 25) ** 2))
    rotation = -np.sin(turn) * 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    d_l, d_c = (l2 - l1) / weight_l, (c2 - c1) / weight_c
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(dh / 2) / weight_h
    squared = d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)
