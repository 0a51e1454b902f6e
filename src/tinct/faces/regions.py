"""Where the parts of a face are, as soft masks over a part of the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.face import Face
from tinct.faces.points import (
    BROWS,
    CHEEKS,
    EYES,
    LIPS_RING,
    MOUTH_RING,
    OVAL_RING,
    UPPER_LIDS,
)

__all__ = ["NAMES", "Region", "Window", "filled", "region", "window"]

Mask = NDArray[np.float32]
Region = Literal["oval", "skin", "lips", "mouth", "eyes", "brows", "lids", "cheeks"]

NAMES: Final[tuple[Region, ...]] = ("oval", "skin", "lips", "mouth", "eyes", "brows", "lids", "cheeks")
"""The face's outline, bare skin in it, lips, what shows between them, eyes, brows, upper lids, cheeks."""

_FINE = 16  # fractions of a pixel in which outlines are drawn
_APART = 1 / 60  # skin keeps so far from eyes, brows and lips, of the face's width


@dataclass(frozen=True)
class Window:
    """A part of a photo, in pixels; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, for arrays of the photo's size."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def window(face: Face, around: float = 0.1) -> Window:
    """The part of the photo that holds a face and `around` of its size on each side; never outside the photo."""
    margin = around * face.size
    low = np.floor(face.points[:468, :2].min(axis=0) - margin).astype(int)
    high = np.ceil(face.points[:468, :2].max(axis=0) + margin).astype(int) + 1
    width, height = face.photo_size
    left, right = np.clip([low[0], high[0]], 0, width)
    top, bottom = np.clip([low[1], high[1]], 0, height)
    return Window(int(left), int(top), int(right), int(bottom))


def region(face: Face, name: Region, part: Window) -> Mask:
    """The mask of one region over a part of the photo.

    Parameters
    ----------
    face : Face
    name : str
        One of `NAMES`.
    part : Window

    Returns
    -------
    ndarray, (bottom - top, right - left), float32
        0..1; edges as sharp as the pixels allow, cheeks soft.
    """
    points = face.points[:, :2] - [part.left, part.top]
    shape = (part.bottom - part.top, part.right - part.left)
    if name == "cheeks":
        return _cheeks(points, shape)
    if name == "skin":
        return _skin(points, shape, face.width)
    if name == "lips":
        return np.asarray(
            np.clip(_filled(points, [LIPS_RING], shape) - _filled(points, [MOUTH_RING], shape), 0, 1)
        )
    rings = {"oval": [OVAL_RING], "mouth": [MOUTH_RING], "eyes": EYES, "brows": BROWS, "lids": UPPER_LIDS}
    return _filled(points, rings[name], shape)


def filled(outlines: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> Mask:
    """What lies inside any of closed outlines, each (n, 2) x, y in pixels: `shape` float32, 0..1, edges antialiased."""
    out = np.zeros(shape, np.uint8)
    for outline in outlines:
        cv2.fillPoly(out, [np.round(outline * _FINE).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return np.asarray(out / 255, np.float32)


def _filled(points: NDArray[np.float64], rings: Sequence[Sequence[int]], shape: tuple[int, int]) -> Mask:
    return filled([points[list(ring)] for ring in rings], shape)


def _skin(points: NDArray[np.float64], shape: tuple[int, int], width: float) -> Mask:
    features = _filled(points, [*EYES, *BROWS, LIPS_RING], shape)
    reach = max(1, round(width * _APART))
    apart = cv2.dilate(features, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return np.asarray(_filled(points, [OVAL_RING], shape) * (1 - apart), np.float32)


def _cheeks(points: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """Two soft spots, as large as the face's own axes make them."""
    across, down = points[454] - points[234], points[152] - points[10]
    y, x = np.mgrid[: shape[0], : shape[1]]
    place = np.stack([x, y], axis=-1)
    spots = np.zeros(shape)
    inverse = np.linalg.inv(np.column_stack([across * 0.11, down * 0.08]))
    for ring in CHEEKS:
        away = (place - points[list(ring)].mean(axis=0)) @ inverse.T
        spots = np.maximum(spots, np.exp(-0.5 * (away**2).sum(axis=-1)))
    return np.asarray(spots * _filled(points, [OVAL_RING], shape), np.float32)
