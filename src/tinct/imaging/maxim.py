"""MAXIM at a small size: what the network makes of a photo, to be carried to full size by a gain field.

Tu et al. 2022, "MAXIM: Multi-axis MLP for image processing". Its memory grows with the area, and light and colour
change slowly over a photo, so 65,536 pixels are enough.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.models import runtime
from tinct.photo.resize import resize

__all__ = ["ENHANCEMENT", "RETOUCHING", "improved"]

Array = NDArray[np.float32]

ENHANCEMENT: Final = "maxim-enhancement"
RETOUCHING: Final = "maxim-retouching"
_AREA: Final = 256 * 256
_MULTIPLE: Final = 64


def improved(rgb: Array, name: str) -> tuple[Array, Array]:
    """Run the network.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1.
    name : str
        `ENHANCEMENT` or `RETOUCHING`.

    Returns
    -------
    tuple of ndarray, (h', w', 3), float32
        The photo as the network saw it, and what it made of it.

    Raises
    ------
    MissingModelError, ModelError
    """
    size = _size(rgb.shape[0], rgb.shape[1])
    seen = resize(rgb, size)
    made = runtime.session(name, size).apply(seen[None])[0]
    return seen, np.clip(np.asarray(made, np.float32), 0, 1)


def _size(height: int, width: int) -> tuple[int, int]:
    """Multiples of 64 of nearly the photo's shape, of at most `_AREA` pixels."""
    best = (256, 256)
    for h in range(_MULTIPLE, 1025, _MULTIPLE):
        w = min(_AREA // h, 1024) // _MULTIPLE * _MULTIPLE
        if w and abs(np.log(h / w * width / height)) < abs(np.log(best[0] / best[1] * width / height)):
            best = (h, w)
    return best
