"""What a click on a colour photo is on: the cells around it that have its colour, those that have another, and neither.

A thing of one colour is what people mean by a dot; so colour photos tell how far a dot on their grey copy should go,
and nobody need draw outlines. Chroma is compared scaled by lightness, as a lit surface's is. Where both sides are grey,
colour tells nothing: there a thing pasted into the photo does, for it ends where its alpha does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Clicked", "clicked"]

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_COLORED, _GREY = 14.0, 7.0  # chroma of a dot from which, and below which, its colour is clear
_SAME: Final = {True: 10.0, False: 6.0}  # a*, b* from a coloured, and from a grey dot
_OTHER: Final = {True: 17.0, False: 13.0}
_LIT: Final = (0.45, 1.3)
_EDGE: Final = 22.0  # L* between neighbours at which a grey thing ends
_AREA: Final = (0.008, 0.55)  # share of the cells
_BOUNDED: Final = 0.35  # of what surrounds a region must be of another colour
_INSIDE, _BESIDE = 0.9, 0.1  # alpha


@dataclass(frozen=True, eq=False)
class Clicked:
    """Where a dot is, and what that says of each cell."""

    at: tuple[int, int]
    same: Mask
    """(h, w) of its thing."""
    other: Mask
    """(h, w) of other things; cells that are neither are not known."""


def clicked(lab: Array, pasted: Array, at: tuple[int, int]) -> Clicked | None:
    """What a dot in a cell says, or None if it is on nothing clear.

    Parameters
    ----------
    lab : ndarray, (h, w, 3), float32
        CIELAB of the cells.
    pasted : ndarray, (h, w), float32
        Alpha of what was pasted into the photo, 0 to 1.
    at : tuple of int
        Row and column.
    """
    own = np.median(lab[at[0] - 1 : at[0] + 2, at[1] - 1 : at[1] + 2].reshape(-1, 3), axis=0)
    chroma = float(np.hypot(own[1], own[2]))
    if _GREY < chroma < _COLORED or not 8 < own[0] < 97:
        return None
    colored = chroma >= _COLORED
    lit = np.clip((lab[..., 0] + 16) / (own[0] + 16), *_LIT)[..., None]
    away = np.minimum(
        np.linalg.norm(lab[..., 1:] - own[1:] * lit, axis=-1),
        np.linalg.norm(lab[..., 1:] - own[1:], axis=-1) * 1.2,
    )
    same, other = away < _SAME[colored], away > _OTHER[colored]
    if pasted[at] > _INSIDE:
        same &= pasted > 0.5
        other |= pasted < _BESIDE
    elif pasted[at] < _BESIDE:
        same &= pasted < 0.5
        other |= pasted > _INSIDE
    else:
        return None
    around = np.ones((3, 3), np.uint8)
    if not colored:
        light = np.ascontiguousarray(lab[..., 0])
        same &= (cv2.dilate(light, around) - cv2.erode(light, around)) < _EDGE
    else:
        same = cv2.morphologyEx(same.astype(np.uint8), cv2.MORPH_CLOSE, around) > 0
        same &= ~other
    labels = cv2.connectedComponents(same.astype(np.uint8), connectivity=4)[1]
    if not same[at]:
        return None
    whole = (labels == labels[at]).astype(np.uint8)
    core = cv2.erode(whole, around, borderType=cv2.BORDER_REPLICATE) > 0
    grown = cv2.dilate(whole, around)
    ring = (cv2.dilate(grown, around) > 0) & (grown == 0)
    if not core[at] or not _AREA[0] < whole.mean() < _AREA[1] or ring.sum() < 8:
        return None
    if other[ring].mean() < _BOUNDED:
        return None
    other &= grown == 0
    return Clicked(at, core, other) if other.sum() > 0.1 * other.size else None
