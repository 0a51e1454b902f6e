"""Where makeup is worn, on the flattened face: drawn once, the same for every face."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.canonical import mirror
from tinct.faces.flat import SIDE, flat_points
from tinct.faces.points import BROWS, CHEEKS, EYES, LIPS_RING, OVAL_RING, UPPER_LIDS

__all__ = ["STEP", "Areas", "areas"]

Array = NDArray[np.float32]

STEP: Final = SIDE / 512
"""Pixels of the flattened face in which widths and blurs are given."""
_UPPER_LASHES: Final = (33, 246, 161, 160, 159, 158, 157, 173, 133)
_LOWER_LASHES: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133)


@dataclass(frozen=True, eq=False)
class Areas:
    """Soft masks (SIDE, SIDE), 0..1, symmetric."""

    skin: Array
    """Bare skin: the oval without eyes, brows and lips."""
    base: Array
    """Skin that wears foundation at most: without lids and cheeks."""
    lids: Array
    """Where shadow is worn: the upper lid and a rim around the eye."""
    lashes: Array
    """Where liner is worn: along the lashes."""
    cheeks: Array
    """Where blush is worn."""


@functools.cache
def areas() -> Areas:
    """The areas; arrays are shared, so leave them as they are."""
    eyes, brows = _filled(*EYES), _filled(*BROWS)
    features = cv2.dilate(np.maximum.reduce([eyes, brows, _filled(LIPS_RING)]), _disc(7))
    oval = _soft(cv2.erode(_filled(OVAL_RING), _disc(12)), 8)
    skin = oval * (1 - _soft(features, 3))
    opening = _soft(cv2.erode(eyes, _disc(2)), 1.2)
    lids = np.maximum(_filled(*UPPER_LIDS), cv2.dilate(eyes, _disc(9)))
    lids = np.clip(_soft(lids, 8) * 1.15, 0, 1) * (1 - _soft(cv2.dilate(brows, _disc(3)), 3)) * (1 - opening)
    lashes = np.zeros((SIDE, SIDE), np.float32)
    for line, width, share in ((_UPPER_LASHES, 8, 1.0), (_LOWER_LASHES, 5, 0.6)):
        for side in (line, [int(mirror()[point]) for point in line]):
            drawn = np.zeros((SIDE, SIDE), np.uint8)
            at = np.round(flat_points()[list(side)] * 16).astype(np.int32)
            cv2.polylines(drawn, [at], False, (255,), round(width * STEP), cv2.LINE_AA, 4)
            lashes = np.maximum(lashes, drawn.astype(np.float32) / 255 * np.float32(share))
    lashes = _soft(lashes, 1.5) * (1 - 0.8 * opening)
    y, x = np.mgrid[:SIDE, :SIDE]
    cheeks = np.zeros((SIDE, SIDE), np.float32)
    for ring in CHEEKS:
        middle = flat_points()[list(ring)].mean(axis=0)
        away = ((x - middle[0]) / (52 * STEP)) ** 2 + ((y - middle[1]) / (40 * STEP)) ** 2
        cheeks = np.maximum(cheeks, np.exp(-0.5 * away).astype(np.float32))
    cheeks = cheeks * skin
    base = skin * (cheeks < 0.25) * (lids < 0.1)
    return Areas(*(_even(area) for area in (skin, base, lids, lashes, cheeks)))


def _even(area: NDArray[np.generic]) -> Array:
    found = np.asarray(area, np.float32)
    return np.asarray((found + found[:, ::-1]) / 2, np.float32)


def _filled(*rings: list[int] | tuple[int, ...]) -> Array:
    out = np.zeros((SIDE, SIDE), np.uint8)
    for ring in rings:
        cv2.fillPoly(out, [np.round(flat_points()[list(ring)] * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return np.asarray(out / 255, np.float32)


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * round(radius * STEP) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _soft(mask: NDArray[np.generic], sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(np.asarray(mask, np.float32), (0, 0), sigma * STEP), np.float32)
