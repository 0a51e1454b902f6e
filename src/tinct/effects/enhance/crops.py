"""Faces of a photo with what is around them, cut out of it and of a larger version of it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from tinct.faces.find import find_faces
from tinct.photo.photo import Photo, Pixels

__all__ = ["Place", "around_faces", "cut"]

Place = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; the last two outside."""

_AROUND = 0.3  # of the box's own side, at each of its sides


def around_faces(photo: Photo) -> tuple[Place, ...]:
    """The box of each face and some of what is around it, clipped to the photo, from left to right.

    Raises
    ------
    MissingModelError
        The networks that find faces are not installed.
    """
    places = [_widened(face.box, photo.width, photo.height) for face in find_faces(photo)]
    return tuple(place for place in places if place[0] < place[2] and place[1] < place[3])


def _widened(box: Place, width: int, height: int) -> Place:
    left, top, right, bottom = box
    across, down = round((right - left) * _AROUND), round((bottom - top) * _AROUND)
    return max(left - across, 0), max(top - down, 0), min(right + across, width), min(bottom + down, height)


def cut(photo: Photo, place: Place, scale: int = 1) -> Photo:
    """A part of a photo; `place` is that of a version `scale` times smaller."""
    left, top, right, bottom = (side * scale for side in place)

    def part(array: Pixels) -> Pixels:
        return cast(Pixels, np.ascontiguousarray(array[top:bottom, left:right]))

    return replace(photo, pixels=part(photo.pixels), alpha=None if photo.alpha is None else part(photo.alpha))
