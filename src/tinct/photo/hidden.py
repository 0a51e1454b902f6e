"""Colours under full transparency: nobody sees them, so nothing that is seen may depend on them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.picture import Pixels
from tinct.photo.resize import fit_size

__all__ = ["filled"]

_SIDE = 256  # pixels of the copy from which hidden colours are made


def filled(pixels: Pixels, alpha: Pixels) -> Pixels:
    """The same colours, but for those under an opacity of 0, which become what is seen around them.

    By pull and push (Gortler et al. 1996, "The Lumigraph"): averages of what is seen, from coarse to fine, and each
    finer one where it has seen enough.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3)
    alpha : ndarray, (H, W)

    Returns
    -------
    ndarray, (H, W, 3)
        `pixels` itself where nothing is hidden; white where nothing is seen.
    """
    hidden = alpha == 0
    if not hidden.any():
        return pixels
    if hidden.all():
        return np.full_like(pixels, np.iinfo(pixels.dtype).max)
    height, width = alpha.shape
    h, w = fit_size(height, width, _SIDE)
    seen = np.where(hidden[..., None], np.array(0, pixels.dtype), pixels)
    sums = cv2.resize(seen.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA)
    share = cv2.resize((~hidden).astype(np.float32), (w, h), interpolation=cv2.INTER_AREA)
    around = _spread(np.asarray(sums, np.float32), np.asarray(share, np.float32))
    large = cv2.resize(np.rint(around).astype(pixels.dtype), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(hidden[..., None], large, pixels)


def _spread(sums: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averages everywhere, (h, w, 3), from sums (h, w, 3) and shares (h, w) of what is seen."""
    height, width = share.shape
    own = np.asarray(sums / np.maximum(share, 1e-6)[..., None], np.float32)
    if (share >= 1).all() or height == width == 1:
        return own
    size = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    coarse = _spread(
        np.asarray(cv2.resize(sums, size, interpolation=cv2.INTER_AREA), np.float32).reshape(
            size[1], size[0], 3
        ),
        np.asarray(cv2.resize(share, size, interpolation=cv2.INTER_AREA), np.float32).reshape(
            size[1], size[0]
        ),
    )
    above = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, 3)
    trust = np.minimum(share, 1)[..., None]
    return np.asarray(trust * own + (1 - trust) * above, np.float32)
