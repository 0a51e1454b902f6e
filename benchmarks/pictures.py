"""Make pictures of the documentation: ``python -m benchmarks.pictures [README|recipes|colorize]``.

Sources, as shipped by scikit-image: "coffee" (Rachel Michetti, public domain), "chelsea" the cat (Stefan van der Walt,
CC0), "rocket" (SpaceX, CC0) and "astronaut" Eileen Collins (NASA, public domain).
"""

from __future__ import annotations

import sys
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


def _sheet(photos: list[tinct.Photo], path: Path, quality: int = 82, height: int = _HEIGHT) -> None:
    """Photos side by side at the same height."""
    tiles: list[NDArray[np.uint8]] = []
    for photo in photos:
        width = round(photo.width * height / photo.height)
        tile = cv2.resize(np.asarray(photo.pixels, np.uint8), (width, height), interpolation=cv2.INTER_AREA)
        tiles += [np.asarray(tile, np.uint8), np.full((height, _GAP, 3), 255, np.uint8)]
    tinct.Photo(np.hstack(tiles[:-1]), format="jpeg").save(path, quality=quality)


def _erased(photo: tinct.Photo, box: tuple[int, int, int, int]) -> list[tinct.Photo]:
    """The photo with a rectangle marked, and without what was in it."""
    from tinct.imaging.fill.mask import boxes

    mask = boxes(photo, [box])
    marked = np.where(mask.pixels > 0, photo.pixels // 2 + np.array([127, 0, 127], np.uint8), photo.pixels)
    return [tinct.Photo(marked.astype(np.uint8)), tinct.erase(photo, mask).photo]


def _readme(folder: Path) -> None:
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
    _sheet(gone, folder / "erase.jpg")


def _recipes(folder: Path) -> None:
    """What docs/recipes.md shows, by the steps that it describes."""
    coffee, rocket, astronaut = (_photo(n) for n in ("coffee", "rocket", "astronaut"))
    old = _as_old(astronaut)
    suit = [(140, 372), (302, 302), (232, 442)]
    wall = [(430, 120), (150, 60)]
    hints = [(x, y, "#D9622B") for x, y in suit] + [(x, y, "#C9BBAA") for x, y in wall]
    told = tinct.colorize(old, hints=hints).photo
    _sheet([old, tinct.colorize(old).photo, told], folder / "recipe-archive.jpg")
    cup, glaze = _cup(coffee)
    white = tinct.background(coffee, "change", mask=cup, colors=["white"]).photo
    looks = [tinct.fit_template(coffee, color, mask=glaze) for color in ("teal", "#3B5BA5")]
    _sheet([coffee, white, *(look.apply(coffee, mask=glaze) for look in looks)], folder / "recipe-shop.jpg")
    look = tinct.fit_reference([rocket, astronaut], coffee)
    people = tinct.migrate(astronaut).people
    toned = look.apply(rocket), look.apply(astronaut, protect=people)
    _sheet([coffee, rocket, toned[0], astronaut, toned[1]], folder / "recipe-colourist.jpg")


def _cup(coffee: tinct.Photo) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Masks of the cup with its saucer, and of its red glaze, as a hand would draw them."""
    place = np.full(coffee.pixels.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.ellipse(place, (278, 212), (215, 175), 10, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(place, (290, 150), (120, 135), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(place, (278, 205), (150, 110), 10, 0, 360, cv2.GC_FGD, -1)
    blue_first = np.ascontiguousarray(coffee.pixels[..., ::-1])
    cv2.grabCut(blue_first, place, None, np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    cup = np.where((place == cv2.GC_FGD) | (place == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    cup = cv2.morphologyEx(cup, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    red, green, _ = np.moveaxis(coffee.pixels.astype(np.float32), 2, 0)
    glaze = np.where((cup > 0) & (red > 2 * green) & (red > 30), 255, 0).astype(np.uint8)
    glaze = cv2.morphologyEx(glaze, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    cv2.ellipse(glaze, (285, 130), (95, 58), 0, 0, 360, 0, -1)
    cup, glaze = (cv2.GaussianBlur(mask, (0, 0), 1.5) for mask in (cup, glaze))
    return np.asarray(cup, np.uint8), np.asarray(glaze, np.uint8)


def _as_old(photo: tinct.Photo) -> tinct.Photo:
    """Black and white on yellowed paper."""
    grey = photo.pixels @ np.array([0.3, 0.59, 0.11])
    paper = np.array([0.98, 0.9, 0.72]) * (30 + 0.8 * grey[..., None])
    return tinct.Photo(np.clip(np.rint(paper), 0, 255).astype(np.uint8), format="jpeg")


def _colorize(folder: Path) -> None:
    """Grey photos above, coloured below."""
    shown = []
    for name in ("astronaut", "chelsea", "coffee"):
        gray = cv2.cvtColor(np.asarray(_photo(name).pixels, np.uint8), cv2.COLOR_RGB2GRAY)
        photo = tinct.Photo(np.repeat(gray[..., None], 3, axis=2), format="jpeg")
        shown.append((photo, tinct.colorize(photo).photo))
    columns = [tinct.Photo(np.vstack([one.pixels for one in pair]), format="jpeg") for pair in shown]
    _sheet(columns, folder / "colorize.jpg", height=2 * _HEIGHT)


def main() -> None:
    """Write docs/images."""
    folder = Path("docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"README": _readme, "recipes": _recipes, "colorize": _colorize}
    for name in sys.argv[1:] or parts:
        parts[name](folder)


if __name__ == "__main__":
    main()
