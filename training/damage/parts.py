"""Which photos teach, which choose and which are reported: none does two of these.

``report`` is the half of four folders of evaluation photos that ``benchmarks.data.split`` names so, by the hash of a
file's name. Of the other half two thirds teach the network (``train``), with one in seven of the shards' small photos;
the judges of single pixels learned from all of it. What keeps or leaves whole marks learns from the last third, which
the network never saw, and from small photos that nothing else saw (``unseen``). Its bound is chosen on photos that are
in neither half: Set14's, scikit-image's, and other small ones (``tuning``).

Of the reported photos every second (``--every 2`` of the benchmark) has been looked at for several versions; what keeps
marks is reported on the others too (``--first 1``), of which nothing was known when it was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data as samples

import tinct
from benchmarks.data import load, photos, split
from training.shards import photos as small_photos

__all__ = [
    "FOLDERS",
    "OF_SHARDS",
    "PARTS",
    "SIDE",
    "Part",
    "at_most",
    "photos_of",
    "small_unused",
    "tuning",
    "unseen",
]

SIDE = 640
"""Pixels of the longer side at which photos are judged and reported."""

Pixels = NDArray[np.uint8]

Part = Literal["train", "report"]
PARTS: tuple[Part, ...] = ("train", "report")
FOLDERS = ("color_photos", "kodak", "portraits", "matting_people")
OF_SHARDS = 7
"""One photo in so many of the shards' teaches the network; one teaches what keeps marks, and one chooses."""
_MARKS, _TUNING = 1, 3  # remainders of those; 0 is the network's
_SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")  # of scikit-image
_SKIPPED, _SMALL = 300, 24  # of the shards' photos, that bounds are not chosen on, and that they are
_UNUSED = (2, 4, 5, 6)  # remainders of those that nothing else learned from
_FROM = 2000


def photos_of(part: Part) -> list[Path]:
    """Photos without damage, in order of name."""
    found = [path for path in photos(*FOLDERS) if "mask" not in path.name]
    if part not in PARTS:
        raise ValueError(f"{part!r}: {', '.join(PARTS)}")  # what chooses is in `tuning`
    if part == "report":
        return split(found, "report")
    return [path for path in split(found, "choose") if _teaches(path)]


def _teaches(path: Path) -> bool:
    return bool(hashlib.sha256(path.name.encode()).digest()[-2] % 3)


def unseen(small: int) -> Iterator[Pixels]:
    """Pixels (h, w, 3) of what taught the network nothing: photos of the choosing half, and so many small ones."""
    found = [path for path in photos(*FOLDERS) if "mask" not in path.name]
    yield from (at_most(path) for path in split(found, "choose") if not _teaches(path))
    yield from islice(_twice(_MARKS), small)


def tuning() -> Iterator[Pixels]:
    """Pixels (h, w, 3) of the photos on which bounds are chosen."""
    yield from (at_most(path) for path in photos("set14_x4") if "HR" in path.name)
    yield from islice(_twice(_TUNING), _SMALL)
    for name in _SAMPLES:
        yield np.ascontiguousarray(getattr(samples, name)()[:512, :640])


def small_unused() -> Iterator[Pixels]:
    """Pixels (h, w, 3) of small photos that are in no other part."""
    return _twice(*_UNUSED, begin=_FROM)


def at_most(path: Path) -> Pixels:
    """A photo, its longer side at most as long as the benchmark's are."""
    pixels = np.asarray(tinct.open(path).pixels, np.uint8)
    return load(path, SIDE) if max(pixels.shape) > SIDE else pixels


def _twice(*rests: int, begin: int = _SKIPPED + 1) -> Iterator[Pixels]:
    """Small photos at twice their size: marks of some number need room."""
    for number, (_, pixels) in enumerate(small_photos()):
        if number % OF_SHARDS in rests and number >= begin:
            yield np.asarray(cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
