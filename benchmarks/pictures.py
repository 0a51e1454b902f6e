"""Make the README's pictures: ``python -m benchmarks.pictures``.

Sources, as shipped by scikit-image: "coffee" (Rachel Michetti, public domain), "chelsea" the cat (Stefan van der Walt,
CC0), "rocket" (SpaceX, CC0) and "astronaut" Eileen Collins (NASA, public domain).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

import tinct

_HEIGHT = 220
_GAP = 6


def _photo(name: str) -> tinct.Photo:
    return tinct.Photo(np.ascontiguousarray(getattr(skimage.data, name)()[..., :3]), format="jpeg")


def _sheet(photos: list[tinct.Photo], path: Path, quality: int = 88) -> None:
    """Photos side by side at the same height."""
    tiles: list[NDArray[np.uint8]] = []
    for photo in photos:
        width = round(photo.width * _HEIGHT / photo.height)
        tile = cv2.resize(np.asarray(photo.pixels, np.uint8), (width, _HEIGHT), interpolation=cv2.INTER_AREA)
        tiles += [np.asarray(tile, np.uint8), np.full((_HEIGHT, _GAP, 3), 255, np.uint8)]
    tinct.Photo(np.hstack(tiles[:-1]), format="jpeg").save(path, quality=quality)


def _erased(photo: tinct.Photo, box: tuple[int, int, int, int]) -> list[tinct.Photo]:
    """The photo with a rectangle marked, and without what was in it."""
    from tinct.imaging.fill.mask import boxes

    mask = boxes(photo, [box])
    marked = np.where(mask.pixels > 0, photo.pixels // 2 + np.array([127, 0, 127], np.uint8), photo.pixels)
    return [tinct.Photo(marked.astype(np.uint8)), tinct.erase(photo, mask).photo]


def main() -> None:
    """Write docs/images."""
    folder = Path("docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    coffee, rocket, cat, astronaut = (_photo(n) for n in ("coffee", "rocket", "chelsea", "astronaut"))
    _sheet([coffee, *tinct.migrate(coffee, "auto", count=3, portrait=False).photos], folder / "auto.jpg")
    swatches = ["#1B4965", "#F4A259"]
    _sheet([rocket, tinct.migrate(rocket, "template", colors=swatches).photo], folder / "template.jpg")
    _sheet(
        [cat, coffee, tinct.migrate(cat, "reference", reference=coffee, portrait=False).photo],
        folder / "reference.jpg",
    )
    _sheet([astronaut, *tinct.migrate(astronaut, "auto", count=2).photos], folder / "portrait.jpg")
    gone = [*_erased(rocket, (290, 110, 61, 281)), *_erased(coffee, (313, 230, 110, 110))]
    _sheet(gone, folder / "erase.jpg", quality=82)


if __name__ == "__main__":
    main()
