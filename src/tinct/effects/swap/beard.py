"""How dark the skin around a mouth is beside the cheeks: what a beard does, and a razor does not."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.swap.lit import shade
from tinct.faces.flat import flat_mask
from tinct.faces.points import LIPS_RING

__all__ = ["beard"]

_ABOVE: Final = (205, 203, 98, 2, 327, 423, 425, 410, 270, 267, 0, 37, 40, 186)
_BELOW: Final = (32, 194, 201, 200, 421, 418, 262, 369, 377, 152, 148, 140)
"""Rings between nose and upper lip, and over the chin."""
_CHEEKS: Final = ((50, 101, 36, 205, 187), (280, 330, 266, 425, 411))
_RIM: Final = 17  # pixels of the flattened face: twice how far from the lips skin is looked at


def beard(flat: NDArray[np.float32]) -> float:
    """How much darker upper lip and chin are than the cheeks: the sum of both differences of the logarithm of light.

    Parameters
    ----------
    flat : ndarray, (SIDE, SIDE, 3), float32
        The face laid flat, sRGB 0..1; see :func:`tinct.faces.flat.flattened`.

    Returns
    -------
    float
        -0.5 to 0.8 without a beard, but up to 1.3 in shade; from 1.5 on with one.
    """
    light = shade(flat)
    lips = cv2.dilate(flat_mask([LIPS_RING]), np.ones((_RIM, _RIM), np.uint8)) > 0
    cheeks = float(np.median(light[flat_mask(_CHEEKS) > 0]))
    places = ((flat_mask([ring]) > 0) & ~lips for ring in (_ABOVE, _BELOW))
    return sum(cheeks - float(np.median(light[place])) for place in places)
