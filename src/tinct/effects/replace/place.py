"""The place that a mask marks: its bounds, its four corners where it has just four, its light and its grain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo

__all__ = ["Place", "converted", "shading"]

Array = NDArray[np.float32]

_FILLED: Final = 0.95  # overlap of a mask and its quadrilateral, from which it is one
_RING: Final = 0.25  # of the longer side of the bounds: what lies around is the place's light
# Of the shorter side of the bounds: what is coarser is light, what is finer is drawing
_SHADING: Final = 0.12


@dataclass(frozen=True, eq=False)
class Place:
    """Where something is put."""

    box: tuple[int, int, int, int]
    """Left, top, width, height in pixels of the photo."""
    weight: Array
    """(h, w) of the box, 0..1."""
    corners: Array
    """(4, 2): upper left, upper right, lower right, lower left, in pixels of the box."""
    quadrilateral: bool
    """Whether the corners are the mask's own, not those of its bounds."""

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the photo."""
        left, top, width, height = self.box
        return slice(top, top + height), slice(left, left + width)

    @classmethod
    def of(cls, weight: NDArray[np.uint8]) -> Place:
        """The place of a mask (H, W) with something in it."""
        rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
        top, left = int(rows[0]), int(columns[0])
        height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
        inside = weight[top : top + height, left : left + width]
        found = _quadrilateral(inside > 127)
        bounds = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        share = inside.astype(np.float32) / np.float32(255)
        corners = bounds if found is None else found
        return cls((left, top, width, height), share, corners, found is not None)

    def around(self, weight: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """What lies around the mask (H, W): its light is the place's."""
        reach = max(3, round(_RING * max(self.box[2:])))
        left, top, width, height = self.box
        near = np.zeros(weight.shape, bool)
        near[max(0, top - reach) : top + height + reach, max(0, left - reach) : left + width + reach] = True
        return np.asarray(near & (weight == 0))


def _quadrilateral(inside: NDArray[np.bool_]) -> Array | None:
    """The corners of a mask that is a convex quadrilateral, from the upper left clockwise."""
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if len(outlines) != 1:
        return None
    corners = cv2.approxPolyDP(outlines[0], 0.02 * cv2.arcLength(outlines[0], True), True).reshape(-1, 2)
    if len(corners) != 4 or not cv2.isContourConvex(corners.reshape(-1, 1, 2)):
        return None
    drawn = np.zeros(inside.shape, np.uint8)
    cv2.fillConvexPoly(drawn, corners.astype(np.int32), (1,))
    if (inside & (drawn > 0)).sum() < _FILLED * (inside | (drawn > 0)).sum():
        return None
    found = np.asarray(corners, np.float32)
    middle = found.mean(axis=0)
    turn = np.argsort(np.arctan2(found[:, 1] - middle[1], found[:, 0] - middle[0]))
    found = found[turn]  # clockwise on the screen
    first = int(np.argmin(found.sum(axis=1)))
    found = np.roll(found, -first, axis=0)
    return np.where(found > middle, found + 1, found).astype(np.float32)  # outer edges of the pixels


def converted(photo: Photo, icc: bytes | None) -> Array:
    """Colours (h, w, 3), 0..1, as another photo's profile writes them."""
    light = np.clip(profile_to_srgb(photo.pixels, photo.icc), 0, 1)
    return np.clip(srgb_to_profile(light, icc), 0, 1)


def shading(light: Array, weight: Array) -> Array:
    """How bright each part of a surface is lit against its mean: (h, w, 1), from linear light (h, w, 3)."""
    tone = light.mean(axis=2)
    sigma = max(1.0, _SHADING * min(tone.shape))
    share = cv2.GaussianBlur(weight, (0, 0), sigma) + np.float32(1e-4)
    smooth = cv2.GaussianBlur(tone * weight, (0, 0), sigma) / share
    mean = float((tone * weight).sum() / max(float(weight.sum()), 1e-4))
    return np.asarray(np.clip(smooth / max(mean, 1e-3), 0.25, 3), np.float32)[..., None]
