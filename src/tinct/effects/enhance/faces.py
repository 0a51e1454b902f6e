"""Faces that a photo's own engine would leave small and blurred: each is enhanced as if it were a photo of its own.

What `auto` would take for so small a photo is the strong network; so it is for the face. The result is put over that of
the photo's engine with soft edges around the face. Both are held to the source's broad colours, so they differ in
detail alone, and no seam shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.denoising import Cleaner
from tinct.effects.enhance.engines import Engine, Scale, select
from tinct.effects.enhance.timing import Estimate, estimated, learn
from tinct.effects.enhance.work import enlarged, sides, tiling, window_work
from tinct.faces.face import Face
from tinct.faces.find import find_faces, installed
from tinct.faces.points import OVAL_RING
from tinct.imaging.degradation import is_soft
from tinct.imaging.tiles import Tiling
from tinct.models import runtime
from tinct.photo.photo import Photo, Pixels

__all__ = ["Restored", "budget", "chosen_faces", "put_faces"]

Array = NDArray[np.float32]

_AROUND: Final = 0.35  # of a face's box, at each side: hair, and room for soft edges
_WIDER: Final = 1.18  # outline of what is put over, of the face's own
_SOFT: Final = 0.07  # spread of its edge, of the face's size
_LEAST_SECONDS, _SHARE = 60.0, 0.5
"""Core-seconds that faces may always take, and share of the photo's own."""


@dataclass(frozen=True, eq=False)
class Restored:
    """A face that will be restored."""

    face: Face
    place: tuple[int, int, int, int]
    """Left, top, right, bottom of what is worked on; the last two outside."""
    engine: Engine
    work: Callable[[Array], Array]

    @property
    def core_seconds(self) -> float:
        """What it takes of a core, by the engine's own measure."""
        return self.engine.core_seconds * self._tiles(self.engine.sides[0]).seen / 1e6

    def estimate(self, photo: Photo, scale: Scale) -> Estimate:
        """How long it takes here."""
        tiles = self._tiles(sides(self.engine)[0])
        return estimated(self.engine, scale, tiles, self.cut(photo.pixels), self.work)

    def cut(self, pixels: Pixels) -> Pixels:
        """Its part of a photo."""
        return _cut(pixels, self.place)

    def made(self, source: Pixels, scale: Scale) -> tuple[Pixels, Tiling]:
        """Its part of the source, enhanced; and the tiles in which that was done."""
        part = self.cut(source)

        def whole(side: int) -> tuple[Pixels, Tiling]:
            tiles = self._tiles(side)
            return enlarged(part, tiles, self.work, scale, lambda done: None), tiles

        return runtime.by_tiles(sides(self.engine), whole)

    def _tiles(self, side: int) -> Tiling:
        left, top, right, bottom = self.place
        return tiling(bottom - top, right - left, self.engine, side)


def budget(own: float) -> float:
    """Core-seconds that faces may take in a photo whose own engine takes `own`."""
    return max(_LEAST_SECONDS, _SHARE * own)


def chosen_faces(
    photo: Photo, scale: Scale, clean: Cleaner, denoise: float | None, most: float
) -> tuple[tuple[Restored, ...], int]:
    """Faces that the strong network restores in `most` core-seconds, the largest first; and how many more there are.

    None where that network, or those that find faces, are not installed.
    """
    if not installed():
        return (), 0
    chosen: list[Restored] = []
    left = 0
    for face in sorted(find_faces(photo), key=lambda one: -one.size):
        found = _restored(photo, face, scale, clean, denoise)
        if found is None:
            continue
        if found.core_seconds <= most:
            most -= found.core_seconds
            chosen.append(found)
        else:
            left += 1
    return tuple(chosen), left


def _restored(
    photo: Photo, face: Face, scale: Scale, clean: Cleaner, denoise: float | None
) -> Restored | None:
    """The face as a photo of its own; None where the strong network would not be taken for it."""
    place = _place(face)
    part = _cut(photo.pixels, place)
    engine = select(
        "auto",
        scale,
        part.shape[0] * part.shape[1],
        any(clean.thresholds),
        lambda: is_soft(part, clean.apply),
    )
    if not engine.restores:
        return None
    return Restored(face, place, engine, window_work(engine, scale, clean, denoise, photo.gray))


def _cut(pixels: Pixels, place: tuple[int, int, int, int]) -> Pixels:
    left, top, right, bottom = place
    return cast(Pixels, np.ascontiguousarray(pixels[top:bottom, left:right]))


def _place(face: Face) -> tuple[int, int, int, int]:
    left, top, right, bottom = face.box
    across, down = round((right - left) * _AROUND), round((bottom - top) * _AROUND)
    width, height = face.photo_size
    return max(left - across, 0), max(top - down, 0), min(right + across, width), min(bottom + down, height)


def put_faces(
    pixels: Pixels,
    source: Pixels,
    faces: Sequence[Restored],
    scale: Scale,
    progress: Callable[[float], None],
) -> float:
    """Put restored faces over a result, in place; the seconds that it took."""
    taken = 0.0
    for number, one in enumerate(faces, 1):
        begun = time.perf_counter()
        made, tiles = one.made(source, scale)
        seconds = time.perf_counter() - begun
        learn(one.engine, scale, tiles, seconds)
        taken += seconds
        left, top, right, bottom = (side * scale for side in one.place)
        under, share = pixels[top:bottom, left:right], _soft_outline(one, made.shape[:2], scale)[..., None]
        both = under + share * (made.astype(np.float32) - under)
        under[:] = np.rint(both).astype(pixels.dtype)
        progress(number / len(faces))
    return taken


def _soft_outline(one: Restored, shape: tuple[int, ...], scale: int) -> Array:
    """1 on the face, falling to 0 before the border of its place, unless that is the photo's."""
    outline = (one.face.points[OVAL_RING, :2] + 0.5 - one.place[:2]) * scale - 0.5
    middle = outline.mean(axis=0)
    wide = middle + (outline - middle) * _WIDER
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(wide * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    room = max(1.0, _SOFT * one.face.size * scale)
    soft = np.asarray(cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), room), np.float32)
    left, top, right, bottom = one.place
    width, height = one.face.photo_size
    down = _ends(shape[0], top > 0, bottom < height, room)
    return soft * np.minimum.outer(down, _ends(shape[1], left > 0, right < width, room))


def _ends(length: int, first: bool, last: bool, room: float) -> Array:
    """1, falling to 0 within `room` of the first and the last place where it shall."""
    away = np.minimum(np.arange(length) if first else np.inf, np.arange(length)[::-1] if last else np.inf)
    return np.asarray(np.clip(away / room, 0, 1) * np.ones(length), np.float32)
