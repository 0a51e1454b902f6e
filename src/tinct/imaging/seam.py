"""What is made beside a photo meets it without an edge: as bright as the photo where they touch."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["missed_light"]

Array = NDArray[np.float32]

_SIDE: Final = 256  # pixels of the longer side at which light is compared: it is smooth
_REACHES: Final = 0.32, 0.16, 0.08, 0.04
"""How far a difference speaks, of the longer side, the farthest first."""
_LITTLE: Final = np.float32(0.02)  # of a neighbourhood that is known: below it what is farther away counts
_MOST: Final = 0.2  # of full scale that light may be moved


def missed_light(own: Array, made: Array, known: Array) -> Array:
    """By how much what was made misses the photo's light, carried smoothly to where the photo is not known.

    The mean of the differences, then what it leaves of them in ever closer neighbourhoods: near the seam the
    differences there are taken away, far from it their mean.

    Parameters
    ----------
    own, made : ndarray, (h, w, 3), float32
        0..1: the photo, wherever it is known, and what was made, everywhere.
    known : ndarray, (h, w), float32
        0..1: where along the seam both show the same thing.

    Returns
    -------
    ndarray, (h, w, 3), float32
        To be added to `made`.

    References
    ----------
    Knutsson and Westin 1993, "Normalized and differential convolution"; Burt 1988, "Moment images, polynomial fit
    filters, and the problem of surface interpolation" (coarse to fine).
    """
    height, width = known.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)[..., None]  # (n, m, 1)
    total = float(weight.sum())
    if total <= 0:
        return np.zeros((height, width, 3), np.float32)
    away = cv2.resize((own - made) * known[..., None], size, interpolation=cv2.INTER_AREA)  # weighted already
    found = np.broadcast_to(away.sum(axis=(0, 1)) / np.float32(total), away.shape).astype(np.float32)
    for reach in _REACHES:
        sigma = max(0.5, reach * max(size))
        near = cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[..., None]
        left = cv2.GaussianBlur(away - found * weight, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        found = found + left / (near + _LITTLE * near.max())
    found = np.clip(found, -_MOST, _MOST)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
