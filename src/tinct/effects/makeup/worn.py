"""What a face wears, measured against its own bare skin.

Everything is in logarithms of linear light: the light of a scene multiplies, so the difference to the face's own skin
is free of it, and lands on any other skin as a factor. Both sides are averaged, each as far as it is seen, so that
light from one side, and hair over it, do not become makeup.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.makeup.areas import STEP, areas
from tinct.faces.covered import covered
from tinct.faces.flat import flattened, visible
from tinct.faces.light import logs
from tinct.faces.lips import lips
from tinct.faces.locks import across_lips
from tinct.faces.strands import strands

__all__ = ["Worn", "measure"]

Array = NDArray[np.float32]
Points = NDArray[np.float64]

_SHADOW, _BLUSH, _LINER = 4 * STEP, 18 * STEP, 6 * STEP
"""Blurs in which shadow and blush are seen; what is finer than the last is liner."""


@dataclass(frozen=True, eq=False)
class Worn:
    """Measures of a face. Fields are (SIDE, SIDE, 3) or (SIDE, SIDE), logarithms relative to `skin`, symmetric."""

    skin: Array
    """(3,): logarithm of the bare skin's linear light."""
    shadow: Array
    """Colour of lids, smooth."""
    blush: Array
    """Colour of cheeks, smoother."""
    liner: Array
    """How much darker fine lines are than their surroundings; 0 or below."""
    seen: Array
    """How well each place is seen on either side, 0..1."""
    lips: Array
    """(3,): logarithm of the lips' linear light."""
    uneven: float
    """Spread of the skin's lightness and colour at the size of blotches."""
    hidden: Array
    """What hides the face, not symmetric; see :func:`tinct.faces.covered.covered`."""
    strands: Array
    """Strands of hair over an eye and locks across the lips, not symmetric, 0..1; see `tinct.faces.strands` and
    `tinct.faces.locks`."""
    low: Array
    """The whole face relative to `skin`, as blotches show in it; not symmetric."""


def measure(rgb: Array, points: Points) -> Worn:
    """Measure what a face wears.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        The part of a photo that holds the face, sRGB 0..1.
    points : ndarray, (478, 3), float64
        The mesh in its pixels.
    """
    flat = np.clip(flattened(rgb, points), 0, 1)
    every, worn = logs(flat), areas()
    hair = np.maximum(strands(every.mean(axis=-1)), across_lips(flat))
    hair = np.asarray(cv2.GaussianBlur(hair, (0, 0), 2 * STEP), np.float32)
    hidden = covered(flat)
    weight = visible(points) * (1 - np.clip(2 * np.maximum(hidden, hair), 0, 1))
    bare = (worn.base > 0.5) & (weight > 0.6)
    if bare.sum() < 200:
        bare = worn.base > 0.5
    skin = np.median(every[bare], axis=0).astype(np.float32)
    relative = every - skin
    on_skin = weight * (worn.skin > 0.6)
    shadow = _both(_smooth(relative, weight, _SHADOW), weight)
    blush = _both(_smooth(relative, on_skin, _BLUSH), np.maximum(on_skin, 1e-3))
    light = relative.mean(axis=-1)
    fine = light - _smooth(light, weight, _LINER)
    liner = np.minimum(_both(np.minimum(fine, 0), weight), 0)
    blotches = _smooth(relative, on_skin, 3 * STEP) - _smooth(relative, on_skin, 12 * STEP)
    seen = np.clip(weight + weight[:, ::-1], 0, 1)
    return Worn(
        skin=skin,
        shadow=shadow,
        blush=blush,
        liner=np.asarray(liner, np.float32),
        seen=np.asarray(cv2.GaussianBlur(seen, (0, 0), 5 * STEP), np.float32),
        lips=_lips(rgb, points),
        uneven=float(blotches[bare].std()),
        hidden=hidden,
        strands=np.asarray(hair, np.float32),
        low=blotches,
    )


def _lips(rgb: Array, points: Points) -> Array:
    """Median colour of the lips, in the photo itself: they are too narrow to be laid flat."""
    light = logs(rgb)
    mask = lips(light, points) > 0.8
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    chosen = inner if inner.sum() > 20 else mask
    return np.asarray(np.median(light[chosen], axis=0) if chosen.any() else np.zeros(3), np.float32)


def _smooth(values: Array, weight: Array, sigma: float) -> Array:
    """Blur that only counts places of weight."""
    shape = weight[..., None] if values.ndim == 3 else weight
    total = cv2.GaussianBlur(weight, (0, 0), sigma) + np.float32(1e-4)
    blurred = cv2.GaussianBlur(values * shape, (0, 0), sigma)
    return np.asarray(blurred / (total[..., None] if values.ndim == 3 else total), np.float32)


def _both(values: Array, weight: Array) -> Array:
    """Average of a field and its mirror image, each where it is seen."""
    weight = (weight + np.float32(1e-3))[..., None] if values.ndim == 3 else weight + np.float32(1e-3)
    turned = weight[:, ::-1]
    return np.asarray((values * weight + values[:, ::-1] * turned) / (weight + turned), np.float32)
