"""What hides a face: hair, hands of another colour, the frames and glasses of spectacles.

The colours of the middle of a face say what its skin looks like; what is very unlike it on the skin hides it. Eyes,
brows and lips have other colours anyway: they count as hidden where the skin around them is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.flat import SIDE, flat_points
from tinct.faces.points import BROWS, EYES, LIPS_RING, OVAL_RING
from tinct.photo.color import srgb_to_lab

__all__ = ["covered", "share_around"]

Array = NDArray[np.float32]

_MIDDLE: Final = (117, 118, 101, 36, 203, 2, 423, 266, 330, 347, 346, 280, 425, 406, 18, 182, 205, 50)
"""A ring around cheeks, nose and mouth: what hides a face hides this last."""
_NEAR, _FAR = 3.2, 5.0  # distances in spreads of the skin's colours: surely skin, surely not
_FLOOR: Final = np.diag([130.0, 16.0, 16.0])  # least spread of L*, a*, b*, squared: light, shadow, blush
_WIDE: Final = SIDE / 40  # how far the skin around speaks for eyes, brows and lips


def covered(flat: Array) -> Array:
    """How sure it is that each place is hidden.

    Parameters
    ----------
    flat : ndarray, (SIDE, SIDE, 3), float32
        The face laid flat, sRGB 0..1; see :func:`tinct.faces.flat.flattened`.

    Returns
    -------
    ndarray, (SIDE, SIDE), float32
        0 skin, 1 hidden; soft between them.
    """
    lab = srgb_to_lab(np.clip(flat, 0, 1))
    features = cv2.dilate(_filled([*EYES, *BROWS, LIPS_RING]), np.ones((15, 15), np.uint8))
    skin = (_filled([OVAL_RING]) > 0) & (features == 0)
    seeds = lab[skin & (_filled([_MIDDLE]) > 0)]
    low, high = np.percentile(seeds[:, 0], [20, 92])
    lit = seeds[(seeds[:, 0] >= low) & (seeds[:, 0] <= high)]
    middle, spread = np.median(lit, axis=0), np.cov(lit.T) + _FLOOR
    away = lab - middle
    distance = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away))
    unlike = np.clip((distance - _NEAR) / (_FAR - _NEAR), 0, 1).astype(np.float32)
    unlike = np.asarray(cv2.medianBlur(np.rint(unlike * 255).astype(np.uint8), 9), np.float32) / 255
    weight = skin.astype(np.float32)
    around = _blurred(unlike * weight) / np.maximum(_blurred(weight), 1e-3)
    found = np.where(
        skin, np.maximum(unlike, np.clip(1.6 * around - 0.3, 0, 1)), np.clip(1.6 * around - 0.3, 0, 1)
    )
    return np.asarray(cv2.GaussianBlur(found.astype(np.float32), (0, 0), 2.5), np.float32)


def share_around(hidden: Array, ring: Sequence[int], wide: float = SIDE / 24) -> float:
    """Share of a rim around an outline that is hidden: around an eye, dark glasses or hair; around lips, a hand."""
    inside = _filled([ring])
    side = 2 * round(wide) + 1
    rim = (cv2.dilate(inside, np.ones((side, side), np.uint8)) > 0) & (inside == 0)
    return float(hidden[rim].mean())


def _blurred(values: Array) -> Array:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _WIDE), np.float32)


def _filled(rings: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    out = np.zeros((SIDE, SIDE), np.uint8)
    for ring in rings:
        cv2.fillPoly(out, [np.round(flat_points()[list(ring)]).astype(np.int32)], (255,))
    return out
