"""People of a clip, steadily: looked for in every few frames, carried along motion between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.planes import Frame, Matrix
from tinct.imaging.motion import Motion, small_luma
from tinct.imaging.people import Protect, find_people
from tinct.imaging.shots import CutFinder
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = ["EVERY", "full", "with_people"]

Array = NDArray[np.float32]

EVERY: Final = 6
"""Frames from one look for people to the next."""
_SIDE: Final = 512


def with_people(
    frames: Iterator[Frame], matrix: Matrix, protect: Protect
) -> Iterator[tuple[Frame, Array | None]]:
    """Each frame, and where people are on it: (h, w), 0..1, the longer side 512 at most; None where nobody is.

    Holds `EVERY` frames.
    """
    cuts, search = CutFinder(), Motion.search()
    held: list[Frame] = []
    before: Array | None = None
    for frame in frames:
        begins = cuts(frame)
        if begins and held:
            yield from _between(held, before, _look(held[-1], matrix, protect), search)
            held = []
        held.append(frame)
        if begins:
            before = _look(frame, matrix, protect)
        elif len(held) > EVERY:
            after = _look(held[-1], matrix, protect)
            yield from _between(held[:-1], before, after, search, held[-1])
            held, before = held[-1:], after
    if held:
        last = before if len(held) == 1 else _look(held[-1], matrix, protect)
        yield from _between(held, before, last, search)


def _look(frame: Frame, matrix: Matrix, protect: Protect) -> Array | None:
    found = find_people(Photo(shrink(matrix.rgb(frame), _SIDE)), protect)
    return None if found is None else found.small


def _between(
    held: list[Frame], before: Array | None, after: Array | None, search: Any, end: Frame | None = None
) -> Iterator[tuple[Frame, Array | None]]:
    """Mattes of frames from those of the first of them and of `end`, which is the last by default."""
    if before is None and after is None:
        yield from ((frame, None) for frame in held)
        return
    some = before if before is not None else after
    assert some is not None
    first, last = (np.zeros_like(some) if one is None else one for one in (before, after))
    frames = held if end is None else [*held, end]
    small = [small_luma(frame.y, 320) for frame in frames]
    forward = [first]
    for now, then in zip(small[1:], small, strict=False):
        forward.append(Motion(now, then, search).carried(forward[-1]))
    backward = [last]
    for now, then in zip(small[-2::-1], small[:0:-1], strict=True):
        backward.append(Motion(now, then, search).carried(backward[-1]))
    backward.reverse()
    for number, frame in enumerate(held):
        share = np.float32(number / max(len(frames) - 1, 1))
        yield frame, forward[number] * (1 - share) + backward[number] * share


def full(matte: Array, height: int, width: int) -> Array:
    """A matte at the size of a frame, its edge as narrow as there."""
    wide = cv2.resize(matte, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(wide, 0, 1).astype(np.float32)
