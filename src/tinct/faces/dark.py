"""Dark photos in a light in which networks know faces: they were taught on photos that people keep."""

from __future__ import annotations

from typing import Final

import numpy as np

from tinct.faces.crop import Crops
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["lifted"]

_SIDE: Final = 2048  # longer side of the copy: averages take the noise, and faces of 1/80 have 25 pixels
_GLANCE: Final = 128  # longer side on which is told whether a photo is dark
_DARK, _SHARE = 0.12, 0.5
"""A photo is dark where so large a share of it is below so much of display light."""
_GOAL: Final = 0.25  # linear light to which the lighter quarter of the dark part is brought
_MOST: Final = 400.0  # times light is multiplied; what is darker than that is noise


def lifted(crops: Crops) -> Photo | None:
    """A light copy of a dark photo, 16 bit sRGB, its longer side at most 2,048 pixels; None where it is not dark."""
    glance = np.clip(crops.proxy(_GLANCE), 0, 1).max(axis=-1)
    dark = glance < _DARK
    if dark.mean() < _SHARE:
        return None
    level = float(np.percentile(srgb_to_linear(glance[dark]), 75))
    gain = np.float32(min(_GOAL / max(level, 1e-6), _MOST))
    # What is light already stays so
    light = 1 - np.exp(-gain * srgb_to_linear(np.clip(crops.proxy(_SIDE), 0, 1)))
    return Photo(np.rint(linear_to_srgb(light) * 65535).astype(np.uint16))
