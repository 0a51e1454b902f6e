"""Where a photo shows nothing that could have a colour: flat greys, ramps, mounts and borders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.photo.resize import fit_size, resize

__all__ = ["colorable"]

Array = NDArray[np.float32]

_SMALL = 128  # longer side at which structure is looked for
_FINE, _COARSE = 2.0, 8.0  # pixels of that, standard deviations: structure is what lies between
_NOTHING, _SOMETHING = 0.4, 1.2  # its standard deviation, L*
_EVEN = 1.5  # L* by which a border may differ from itself
_LINE = 0.98  # share of a line's pixels that must be so
_THIN = 0.015  # of the side: what is thinner is no border
_ENDS = 3.0  # L* by which a picture differs from its border within three lines
_HALF = 0.5  # share of the line where it must


def colorable(light: Array) -> Array:
    """How much of its chroma each place may have.

    Parameters
    ----------
    light : ndarray, (h, w), float32
        L*, 0..100.

    Returns
    -------
    ndarray, (h, w), float32
        0 to 1: 0 in borders and everywhere in a photo without any structure, else 1.
    """
    import cv2

    out = np.full(light.shape, np.clip((_structure(light) - _NOTHING) / (_SOMETHING - _NOTHING), 0, 1))
    even = np.asarray(cv2.blur(light, (3, 3), borderType=cv2.BORDER_REPLICATE), np.float32)
    for turns in range(4):
        lines = _border(np.rot90(even, turns))
        if lines:
            np.rot90(out, turns)[:lines] = 0
    return out.astype(np.float32)


def _structure(light: Array) -> float:
    """Standard deviation of what is neither grain nor a gradient."""
    import cv2

    height, width = light.shape
    small = resize(light, fit_size(height, width, _SMALL))
    small = small - _slope(small.mean(axis=1))[:, None] - _slope(small.mean(axis=0))
    fine, coarse = (
        cv2.GaussianBlur(small, (0, 0), spread, borderType=cv2.BORDER_REFLECT) for spread in (_FINE, _COARSE)
    )
    return float((fine - coarse).std())


def _slope(profile: Array) -> Array:
    """The gradient in a profile (n,): its parabola, less its mean."""
    x = np.linspace(-1, 1, len(profile))
    fitted = np.polynomial.polynomial.polyval(
        x, np.polynomial.polynomial.polyfit(x, profile, min(2, len(x) - 1))
    )
    return np.asarray(fitted - fitted.mean(), np.float32)


def _border(light: Array) -> int:
    """How many of the first lines of (h, w) are an even border that ends along a straight edge."""
    height = len(light)
    grey = np.median(light[0])
    even = (np.abs(light - grey) <= _EVEN).mean(axis=1) >= _LINE
    lines = height if even.all() else int(even.argmin())
    if lines == height or lines < max(2, _THIN * height):
        return 0
    step = np.abs(light[lines : lines + 3] - light[lines - 1])
    if (step.max(axis=0) > _ENDS).mean() < _HALF:
        return 0
    return lines + 1  # one was mixed with the picture
