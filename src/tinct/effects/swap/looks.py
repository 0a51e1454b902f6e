"""What of a face tells whether it fits another's head: skin, sharpness, folds, light, and what it wears."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.swap.lit import lit
from tinct.faces.covered import bare_skin, share_of
from tinct.faces.flat import SIDE, flat_mask, flat_points
from tinct.faces.light import logs
from tinct.faces.points import BROWS, EYES, LIPS_RING
from tinct.faces.signs import Signs, signs_of

__all__ = ["Looks", "edge_on", "edge_width", "looks"]

Array = NDArray[np.float32]

_SEEN: Final = 0.3  # of what hides skin, up to which it counts
_FEW: Final = 500  # pixels of skin that tell nothing
_FINE, _COARSE = 5.6, 11.2  # blurs in pixels of the flattened face, between which folds and pores lie
_EDGE: Final = 1.5  # the same, in which edges are seen
_EYE: Final = (21, 31)  # down and across: twice how far around eyes edges are looked at
_MIDDLE: Final = (
    70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 383, 372, 340, 345, 352, 411, 416, 434, 430, 431, 262, 428, 199,
    208, 32, 211, 210, 214, 192, 187, 123, 116, 111, 143, 156,
)  # fmt: skip
_PIXELS: Final = 1.9  # width of the sharpest edges that photos have
_BROW: Final = 31  # twice how far around eyes and brows hair disturbs


@dataclass(frozen=True, eq=False)
class Looks:
    """Measures of a face laid flat."""

    tone: Array = field(default_factory=lambda: np.zeros(3, np.float32))
    """Median of the logarithm of linear light of the skin, (3,)."""
    folds: float = 0.0
    """Logarithm of how strong folds, pores and blotches of the skin are."""
    edge: float = 10.0
    """How wide edges around the eyes are, in pixels of the flattened face: 7 sharp, 15 blurred."""
    light: Array = field(default_factory=lambda: np.zeros((1, 1, 2), np.float32))
    """See :func:`tinct.effects.swap.lit.lit`."""
    hidden: float = 0.0
    """Share of the middle of the face that is hidden: between brows, cheek bones and chin."""
    brows: float = 0.0
    """Share of the surroundings of an eye and its brow that is hidden; of the worse side."""
    lips: float = 0.0
    """Share of the lips that is hidden."""
    signs: Signs = field(default_factory=Signs)
    """What it wears."""


def looks(flat: Array, hidden: Array) -> Looks:
    """Measure a face.

    Parameters
    ----------
    flat : ndarray, (SIDE, SIDE, 3), float32
        sRGB 0..1; see :func:`tinct.faces.flat.flattened`.
    hidden : ndarray, (SIDE, SIDE), float32
        What hides it; see :func:`tinct.faces.covered.covered`.
    """
    flat = np.clip(flat, 0, 1)
    skin = bare_skin() & (hidden < _SEEN)
    if skin.sum() < _FEW:
        skin = bare_skin()
    light = logs(flat)
    gray = np.asarray(flat.mean(axis=-1), np.float32)
    gray /= max(float(np.median(gray[skin])), 0.05)
    fine, coarse = (cv2.GaussianBlur(gray, (0, 0), sigma) for sigma in (_FINE, _COARSE))
    around = np.ones((_BROW, _BROW), np.uint8)
    sides = (cv2.dilate(flat_mask(pair), around) > 0 for pair in zip(EYES, BROWS, strict=True))
    return Looks(
        tone=np.asarray(np.median(light[skin], axis=0), np.float32),
        folds=float(np.log(np.abs(fine - coarse)[skin].mean() + 1e-5)),
        edge=edge_width(flat),
        light=lit(flat, hidden),
        hidden=share_of(hidden, _MIDDLE),
        brows=max(float(hidden[side].mean()) for side in sides),
        lips=share_of(hidden, LIPS_RING),
        signs=signs_of(flat),
    )


def edge_width(flat: Array) -> float:
    """How wide edges around both eyes are: the range of light there over its steepest rise, in pixels of `flat`.

    An ideal step blurred by a Gaussian of sigma is 2.5 sigma wide.
    """
    gray = cv2.GaussianBlur(np.asarray(flat.mean(axis=-1), np.float32), (0, 0), _EDGE)
    rise = np.hypot(*(cv2.Sobel(gray, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1))))
    widths = []
    for ring in EYES:
        eye = cv2.dilate(flat_mask([ring]), np.ones(_EYE, np.uint8)) > 0
        low, high = np.percentile(gray[eye], [3, 97])
        widths.append((high - low) / max(float(np.percentile(rise[eye], 95)), 1e-5))
    return float(np.clip(np.mean(widths), 1.0, SIDE / 8))


def edge_on(edge: float, width: float) -> float:
    """How wide edges of a face are when it is put on a head `width` pixels wide, whose pixels blur it too."""
    return max(
        edge, _PIXELS * float(np.linalg.norm(flat_points()[454] - flat_points()[234])) / max(width, 1.0)
    )
