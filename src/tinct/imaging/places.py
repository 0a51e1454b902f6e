"""Whether two photos show the same place: points that look alike and lie as one affine map says.

Points and their descriptors are those of Lowe 2004, "Distinctive image features from scale-invariant keypoints", as
square roots (Arandjelović and Zisserman 2012); the map is found by random sample consensus (Fischler and Bolles 1981).
Crops, other exposures, frames of a film and other views of a wall agree on many points; photos that only resemble each
other, such as two portraits, on a handful by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.resize import fit_size, resize

__all__ = ["AGREED", "Points", "agreeing"]

Array = NDArray[np.float32]

AGREED: Final = 8
"""Points on which two photos of one place agree at least; by chance at most 4 did in 946 pairs of others."""
_SIDE: Final = 512  # of the lightness on which points are found
_MOST: Final = 700  # points
_FAINT: Final = 0.01  # contrast of the faintest
_DISTINCT: Final = np.float32(0.75**2)  # squared distance to the best match, of that to the next best
_NEAR: Final = 4.0  # pixels that a point may lie off
_LEAST: Final = 8  # points of a photo from which there is something to compare


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a photo that can be found again."""

    at: Array
    """(n, 2) column and row, in pixels of the small lightness."""
    described: NDArray[np.float16]
    """(n, 128), of length 1."""

    @classmethod
    def of(cls, light: Array) -> Points:
        """From L* (h, w), 0..100."""
        small = resize(light, fit_size(light.shape[0], light.shape[1], _SIDE))
        grey = np.clip(small * np.float32(2.55), 0, 255).astype(np.uint8)
        search = cv2.SIFT.create(nfeatures=_MOST, contrastThreshold=_FAINT)
        found, described = search.detectAndCompute(grey, None)
        if described is None or not len(found):
            return cls(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float16))
        shares = described / np.maximum(described.sum(axis=1, keepdims=True), np.float32(1e-6))
        at = np.array([point.pt for point in found], np.float32)
        return cls(at, np.sqrt(shares).astype(np.float16))


def agreeing(one: Points, other: Points) -> int:
    """How many points two photos agree on."""
    if min(len(one.at), len(other.at)) < _LEAST:
        return 0
    likeness = one.described.astype(np.float32) @ other.described.astype(np.float32).T
    every = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    mutual = likeness.argmax(axis=0)[best] == every
    top = likeness[every, best]
    likeness[every, best] = -1
    distinct = 2 - 2 * top < _DISTINCT * (2 - 2 * likeness.max(axis=1))
    kept = mutual & distinct
    if kept.sum() < _LEAST:
        return 0
    cv2.setRNGSeed(0)  # the same photos, the same answer
    _, agreed = cv2.estimateAffine2D(one.at[kept], other.at[best[kept]], ransacReprojThreshold=_NEAR)
    return 0 if agreed is None else int(agreed.sum())
