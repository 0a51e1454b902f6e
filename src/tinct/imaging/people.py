"""People in a photo, so that recolouring can leave them as they are.

Tinct's own segmenter finds people on a proxy (models/cards/person.md). Where it is unsure, the photo's own colours
decide: they are learned from the people it is sure of, never taken from a fixed range, so that every skin counts alike.
The matte is then fitted to the photo's edges and read at full size strip by strip.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.guided import GuidedMask, guide, smoothstep
from tinct.models.runtime import session
from tinct.photo.photo import Photo, Pixels

__all__ = ["SIDE", "PersonMask", "find_people", "people_in"]

Array = NDArray[np.float32]

SIDE = 512
"""Longer side, in pixels, of the proxy on which photos keep their people: larger ones find no more."""
_SEEN = 256  # longer side the network sees; it was trained on 160-pixel crops of such photos
_STRIDE = 16
_LEAST_CORE = 0.001  # of the photo; smaller finds are rather mistakes than people
_LEAST_PART = 0.08  # of the largest region's core; what is smaller beside people is rarely one
_BINS = 16  # colours are counted in cubes of 1/16 of each sRGB channel
_TRUST = 2.3  # most that colour may add to the log-odds: 20 % becomes 71 %


@dataclass(frozen=True, eq=False)
class PersonMask:
    """Where people are; see :class:`tinct.imaging.guided.GuidedMask` for how it is held."""

    guided: GuidedMask

    @property
    def small(self) -> Array:
        """The matte at proxy size, (h, w) float32, 0..1."""
        return self.guided.small

    def rows(self, pixels: Pixels, top: int, height: int) -> Array:
        """Matte (n, W) of the rows `pixels` (n, W, 3) that start at row `top` of `height`."""
        return self.guided.rows(pixels, top, height)

    def full(self, photo: Photo) -> NDArray[np.uint8]:
        """The matte at full size: (H, W) uint8, 255 on people."""
        return self.guided.full(photo.pixels)


def find_people(rgb: Array) -> PersonMask | None:
    """Find people.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        A proxy of the photo, sRGB-encoded.

    Returns
    -------
    PersonMask or None
        None when nobody is found.
    """
    rgb = np.clip(rgb, 0, 1)
    probability = _predict(rgb)
    matte = _without_strays(smoothstep(_with_colors(probability, rgb), 0.2, 0.7))
    if not matte.any():
        return None
    return PersonMask(guide(matte, rgb, radius=max(2, max(rgb.shape[:2]) // 80)))


def people_in(photo: Photo) -> PersonMask | None:
    """Who in a photo keeps their colours; None when nobody does."""
    return find_people(photo.proxy(SIDE))


def _predict(rgb: Array) -> Array:
    """Probability of a person, (h, w)."""
    height, width = rgb.shape[:2]
    scale = _SEEN / max(height, width)
    size = [max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height)]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    (logits,) = session("person").run({"rgb": np.ascontiguousarray(small.transpose(2, 0, 1)[None])})
    probability = 1 / (1 + np.exp(-logits[0, 0]))
    return np.asarray(cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _with_colors(probability: Array, rgb: Array) -> Array:
    """Raise the probability where the network hesitates and the colour is rather these people's than the background's.

    Both colour models are histograms of this very photo: ears, necks and hands follow the face that is certain.
    """
    bins = np.minimum((rgb * _BINS).astype(np.intp), _BINS - 1) @ np.array(
        [_BINS * _BINS, _BINS, 1]
    )  # (h, w)
    people, background = bins[probability > 0.9], bins[probability < 0.1]
    if min(people.size, background.size) < 0.005 * bins.size:
        return probability
    ratio = np.log(_colors(people) / _colors(background))[bins]
    odds = np.log(np.clip(probability, 1e-4, 1 - 1e-4)) - np.log(np.clip(1 - probability, 1e-4, 1))
    return np.asarray(1 / (1 + np.exp(-odds - np.clip(ratio, 0, _TRUST))), np.float32)


def _colors(bins: NDArray[np.intp]) -> Array:
    """Share of each colour, (bins,), smoothed over neighbouring colours; never 0."""
    share = np.bincount(bins, minlength=_BINS**3).reshape(_BINS, _BINS, _BINS) / bins.size
    for axis in range(3):
        edged = np.moveaxis(np.pad(share, [(1, 1) if i == axis else (0, 0) for i in range(3)]), axis, 0)
        share = np.moveaxis(0.25 * edged[:-2] + 0.5 * edged[1:-1] + 0.25 * edged[2:], 0, axis)
    return np.asarray(share.ravel() + 0.1 / _BINS**3, np.float32)


def _without_strays(matte: Array) -> Array:
    """Only regions that hold a certain core of some size, and not far smaller than the largest."""
    count, regions = cv2.connectedComponents((matte > 0.1).astype(np.uint8), connectivity=8)
    core = np.bincount(regions[matte > 0.95], minlength=count)
    core[0] = 0
    return np.where(
        (core > max(_LEAST_CORE * matte.size, _LEAST_PART * core.max()))[regions], matte, np.float32(0)
    )
