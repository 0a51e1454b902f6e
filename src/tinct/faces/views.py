"""Square views of a photo in which a detector looks for faces: the whole, then overlapping tiles.

A detector sees a view of fixed size; it finds faces between a fourteenth and about two thirds of the view's side.
So the tiles of each level are as much smaller than those before as that allows, and overlap by the largest face that
the level before has not seen for certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.faces.crop import Crops
from tinct.photo.resize import resize

__all__ = ["View", "smallest_face", "views"]

Array = NDArray[np.float32]

SEEN = 14
"""A face is found where the view is at most so many times its side."""
_SHRINK = 0.4  # side of a tile on the next level, of this level's
_FLAT = 0.008  # standard deviation below which a tile holds no face


@dataclass(frozen=True, eq=False)
class View:
    """What a detector sees.

    Parameters
    ----------
    rgb : ndarray, (side, side, 3), float32
        sRGB, 0..1; grey where it reaches over the photo.
    scale : float
        Pixels of the photo in one of the view.
    left, top : float
        Where the view begins, in pixels of the photo.
    open : tuple of bool
        Whether the photo goes on beyond the view's left, top, right and bottom.
    whole : bool
        It shows all of the photo.
    """

    rgb: Array
    scale: float
    left: float
    top: float
    open: tuple[bool, bool, bool, bool]
    whole: bool


def smallest_face(height: int, width: int, *, small: bool) -> float:
    """Side in pixels of the smallest face that is looked for: 24 pixels or 1/80 of the longer side.

    With `small`, 14 pixels or 1/200.
    """
    longer = max(height, width)
    return max(14.0, longer / 200) if small else max(24.0, longer / 80)


def views(crops: Crops, side: int, *, small: bool) -> Iterator[View]:
    """The views of `side` pixels that find all faces down to :func:`smallest_face`, the whole photo first."""
    photo = crops.photo
    longer = max(photo.height, photo.width)
    least = SEEN * smallest_face(photo.height, photo.width, small=small)
    sides = [float(longer)]
    while sides[-1] > least:
        sides.append(max(sides[-1] * _SHRINK, least))
    proxy = crops.proxy(int(np.ceil(longer * side / sides[-1])))
    for number, tile in enumerate(sides):
        scale = tile / side
        size = (max(1, round(photo.height / scale)), max(1, round(photo.width / scale)))
        level = resize(proxy, size)
        if number == 0:
            yield _view(level, 0, 0, side, scale)
            continue
        overlap = min(0.5, sides[number - 1] / SEEN / tile + 0.05)
        for top in _starts(size[0], side, overlap):
            for left in _starts(size[1], side, overlap):
                view = _view(level, left, top, side, scale)
                if view.rgb.std() > _FLAT:
                    yield view


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """First pixels of tiles of `side` that cover `length`."""
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - overlap)))) + 1
    return [round(at) for at in np.linspace(0, length - side, count)]


def _view(level: Array, left: int, top: int, side: int, scale: float) -> View:
    height, width = level.shape[:2]
    part = level[top : top + side, left : left + side]
    rgb = part
    if part.shape[:2] != (side, side):
        rgb = np.full((side, side, 3), 0.5, np.float32)
        rgb[: part.shape[0], : part.shape[1]] = part
    beyond = (left > 0, top > 0, left + side < width, top + side < height)
    return View(rgb, scale, left * scale, top * scale, beyond, not any(beyond))
