"""Light as logarithms: what lights a face, its skin and what it wears multiply, and so add up there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.photo.transfer import srgb_to_linear

__all__ = ["logs"]

Array = NDArray[np.float32]

_DARK: Final = np.float32(0.004)
"""Linear light that is added before logarithms are taken, so that noise in black counts little."""


def logs(rgb: Array) -> Array:
    """Logarithms of linear light of sRGB 0..1."""
    return np.asarray(np.log(srgb_to_linear(np.clip(rgb, 0, 1)) + _DARK), np.float32)
