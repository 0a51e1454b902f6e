"""Heads in the training photos: ``python -m training.hair.heads WORK``; stops and resumes.

The face detectors look at every photo of the sources that show people, at its own small size, which costs a hundredth
of a second; what comes after is done for those heads alone that are large enough and have room around them.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.crop import Crops
from tinct.faces.detect import detect
from tinct.photo.photo import Photo
from training.shards import Entry, entries, photos

__all__ = ["SOURCES", "Head", "framed", "heads", "main"]

SOURCES = frozenset(
    [
        "flickr",
        "flickr2",
        "flickrr",
        "flickrpoem",
        "caption8k",
        "sports",
        "sysuscene",
        "cocosearch",
        "cocovqa",
        "coco",
        "voc",
        "web",
        "imgbase",
        "ava",
        "travel",
        "news",
        "picsum",
        "in1k",
        "in1k2",
        "ccp",
        "clothing",
        "instruments",
        "osie",
        "templates",
        "muxface",
        "tvframes",
        "exif",
        "gallery",
        "caltech101",
        "imagenette",
        "pacs",
        "themes",
        "gifts",
        "flood",
    ]
)
"""Sources whose photos show people; UTKFace is cut at the hairline and teaches nothing about hair."""
_LEAST = 22.0  # width in pixels of a detector's box, which reaches from brow to chin
_SCORE = 0.5


@dataclass(frozen=True)
class Head:
    """A face as a detector saw it, in pixels of the stored photo."""

    key: str
    left: float
    top: float
    width: float
    height: float
    score: float
    photo_width: int
    photo_height: int

    @property
    def room(self) -> float:
        """How well it is framed, 0..1: room above for hair, beside, and below to the shoulders."""
        above = min(self.top / self.height / 0.55, 1.0)
        sides = (self.left / self.width, (self.photo_width - self.left - self.width) / self.width)
        beside = min(min(side, 0.45) / 0.45 for side in sides)
        below = min((self.photo_height - self.top - self.height) / self.height / 1.3, 1.0)
        return max(0.0, above) * max(0.0, beside) * (0.4 + 0.6 * max(0.0, below))


def heads(path: Path) -> list[Head]:
    """What `main` wrote."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    kinds = (str, float, float, float, float, float, int, int)
    return [Head(*(kind(cell) for kind, cell in zip(kinds, row, strict=True))) for row in rows]


def framed(found: list[Head], room: float) -> list[Head]:
    """Those with at least so much room, the best framed and largest first."""
    kept = [one for one in found if one.room >= room]
    return sorted(kept, key=lambda one: -one.room * min(one.width, 60.0))


def shaped(pixels: NDArray[np.uint8], entry: Entry) -> NDArray[np.uint8]:
    """A photo in its first shape: some sources are stored squashed to a square."""
    height, width = pixels.shape[:2]
    if entry.width <= 0 or abs(np.log(width * entry.height / (height * entry.width))) < 0.05:
        return pixels
    scale = (width * height / (entry.width * entry.height)) ** 0.5
    size = (max(16, round(entry.width * scale)), max(16, round(entry.height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _seen(key: str, pixels: NDArray[np.uint8]) -> Iterator[Head]:
    height, width = pixels.shape[:2]
    for one in detect(Crops(Photo(pixels))):
        if one.score >= _SCORE and one.box[2] >= _LEAST:
            left, top, across, down = (round(float(value), 1) for value in one.box)
            yield Head(key, left, top, across, down, round(float(one.score), 3), width, height)


def main() -> None:
    """Write ``heads.csv``, and in ``seen.txt`` the photos that were looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    log_path = options.work / "seen.txt"
    done = set(log_path.read_text().split()) if log_path.exists() else set()
    rows = {row.key: row for row in entries() if row.source in SOURCES and row.key not in done}
    with log_path.open("a") as log, (options.work / "heads.csv").open("a", newline="") as file:
        for number, (key, pixels) in enumerate(photos(set(rows))):
            csv.writer(file).writerows(astuple(one) for one in _seen(key, shaped(pixels, rows[key])))
            log.write(key + "\n")
            if number % 500 == 0:
                file.flush()
                log.flush()


if __name__ == "__main__":
    main()
