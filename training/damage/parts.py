"""Which photos teach, which choose and which are reported: none does two of these.

``report`` is the half of four folders of evaluation photos that ``benchmarks.data.split`` names so, by the hash of a
file's name. Of the other half two thirds teach the network (``train``), with one in seven of the shards' small photos;
the judges of single pixels learned from all of it. Bounds are chosen on photos that are in neither half: Set14's,
scikit-image's, and small ones that nothing saw (``tuning``).
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

__all__ = ["FOLDERS", "OF_SHARDS", "PARTS", "Part", "photos_of", "tuning"]

_SIDE = 640  # pixels, as in the benchmark

Part = Literal["train", "report"]
PARTS: tuple[Part, ...] = ("train", "report")
FOLDERS = ("color_photos", "kodak", "portraits", "matting_people")
OF_SHARDS = 7
"""One photo in so many of the shards' teaches; that number and three more may choose."""
_SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")  # of scikit-image
_SKIPPED, _SMALL = 300, 24  # of the shards' photos, that bounds are not chosen on, and that they are


def photos_of(part: Part) -> list[Path]:
    """Photos without damage, in order of name."""
    found = [path for path in photos(*FOLDERS) if "mask" not in path.name]
    if part not in PARTS:
        raise ValueError(f"{part!r}: {', '.join(PARTS)}")  # what chooses is in `tuning`
    if part == "report":
        return split(found, "report")
    return [path for path in split(found, "choose") if hashlib.sha256(path.name.encode()).digest()[-2] % 3]


def tuning() -> Iterator[NDArray[np.uint8]]:
    """Pixels (h, w, 3) of the photos on which bounds are chosen."""
    for path in photos("set14_x4"):
        if "HR" in path.name:
            pixels = np.asarray(tinct.open(path).pixels, np.uint8)
            yield load(path, _SIDE) if max(pixels.shape) > _SIDE else pixels
    numbered = enumerate(small_photos())
    unseen = (pixels for number, (_, pixels) in numbered if number % OF_SHARDS == 3 and number > _SKIPPED)
    for pixels in islice(unseen, _SMALL):  # at twice their size: marks of some number need room
        yield np.asarray(cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    for name in _SAMPLES:
        yield np.ascontiguousarray(getattr(samples, name)()[:512, :640])
