"""Opacity: enlarged for itself, and kept from letting hidden colours into what is seen."""

from __future__ import annotations

import cv2
import numpy as np

from tinct.effects.enhance.classical import enlarged
from tinct.imaging.tiles import Tiling, merged
from tinct.photo.photo import Photo, Pixels

__all__ = ["enlarged_alpha", "without_hidden_colors"]

_REACH = 24  # pixels into the transparent part that a network may look


def without_hidden_colors(photo: Photo) -> Pixels:
    """The photo's pixels, where it is transparent those of the nearest that is not.

    Networks look across the edge of a cut-out; what lies under it is often black, or the old background.
    """
    if photo.alpha is None or photo.alpha.all():
        return photo.pixels
    hidden = (photo.alpha == 0).astype(np.uint8)
    if hidden.all():
        return photo.pixels
    far, nearest = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    near = (hidden > 0) & (far <= _REACH)
    seen = np.flatnonzero(hidden.ravel() == 0)
    place = np.zeros(int(nearest.max()) + 1, np.int64)
    place[nearest.ravel()[seen]] = seen
    pixels = photo.pixels.copy()
    pixels[near] = photo.pixels.reshape(-1, 3)[place[nearest[near]]]
    return pixels


def enlarged_alpha(alpha: Pixels, scale: int) -> Pixels:
    """Opacity (H, W) at `scale` times its size, with sharp and smooth edges."""
    if scale == 1:
        return alpha
    out = np.empty((alpha.shape[0] * scale, alpha.shape[1] * scale), alpha.dtype)
    most = np.float32(np.iinfo(alpha.dtype).max)
    tiling = Tiling(alpha.shape[0], alpha.shape[1], 512)
    for top, rows in merged(alpha, tiling, lambda seen: enlarged(seen, scale), scale):
        out[top : top + len(rows)] = np.rint(np.clip(rows, 0, 1) * most)
    return out
