"""Pairs to learn from: a crop of a photo as an old print may show it, with drawn damage, and where that is.

Half of the views are of the photos that ``training.damage.parts`` gives for training, at cameras' size, half of the
small ones of the shards, of which there are many kinds. Damage is drawn at the size of the view; then some views are
made larger or smaller, so that softer, wider and finer damage is seen too. A network that has learned already is shown
where it errs: half of the views are those of which it takes most for damage, most of them left clean.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from training.damage.aging import aged, screened
from training.damage.draw import VISIBLE, Kind, draw
from training.damage.hard import Suspicion, masses
from training.damage.parts import OF_SHARDS, photos_of
from training.damage.wear import wear
from training.shards import photos as small_photos

__all__ = ["SIDE", "UNSURE", "few", "pairs", "views", "worn"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

SIDE = 192  # pixels of a crop
UNSURE = 2
"""Label of pixels at the rim of damage, or with damage that can hardly be seen: they teach nothing."""
_VIEW = 400  # pixels of a side of a view
_CROPS = 3  # of a view
_CLEAN = 0.25  # share of views without damage
_FOLDED = 0.12  # of the others, with a fold
_WORN = 0.5  # with other wear
_SCREENED = 0.06  # of views, printed with dots
_SPARSE = 0.3  # with little of what is usual
_HARD, _HARD_CLEAN = 0.5, 0.65  # share of crops chosen for what is taken for damage, and of these undamaged
_POOL = 3  # views out of which so many places are chosen as crops are taken of a view
_MARGIN = 24  # pixels around such a place
# A quarter of a megapixel
_FEW: dict[Kind, float] = {"scratch": 1, "hair": 0.7, "crack": 0.3, "dust": 4, "spot": 0.3}
_FEWEST = VISIBLE // 2  # levels below which damage is none


def worn(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The same size, as an old print may show it."""
    seen = aged(pixels.astype(np.float32), rng, gray=0.55, faded=0.4, soft=0.3, grainy=0.5)
    if rng.random() < _SCREENED:
        screened(seen, rng)
    if rng.random() < 0.15:
        _mounted(seen, rng)
    return np.clip(seen, 0, 255).astype(np.uint8)


def _mounted(seen: Array, rng: np.random.Generator) -> None:
    """In place: a margin of paper along some sides, and sometimes a caption. Neither is damage."""
    paper = rng.uniform(170, 255) if rng.random() < 0.7 else rng.uniform(0, 50)
    wide = int(rng.integers(4, 40))
    for side in range(4):
        if rng.random() < 0.5:
            np.rot90(seen, side)[:wide] = paper
    if rng.random() < 0.5:
        text = "".join(chr(code) for code in rng.integers(48, 122, 12))
        ink = 255 - paper if rng.random() < 0.7 else paper
        at = (int(rng.integers(0, seen.shape[1] // 2)), int(rng.integers(20, seen.shape[0])))
        font = int(
            rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX])
        )
        drawn = np.zeros(seen.shape[:2], np.uint8)
        thick = int(rng.integers(1, 3))
        cv2.putText(drawn, text, at, font, rng.uniform(0.4, 1.2), (255, 255, 255), thick, cv2.LINE_AA)
        seen += (ink - seen) * (drawn[..., None] / np.float32(255))


def _view(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A square of a photo at some scale, turned and mirrored."""
    shortest = min(pixels.shape[:2])
    scale = max(rng.uniform(0.35, 1.1) if shortest > 500 else rng.uniform(0.9, 1.6), (SIDE + 8) / shortest)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    height, width = (min(side, _VIEW) for side in pixels.shape[:2])
    top, left = rng.integers(pixels.shape[0] - height + 1), rng.integers(pixels.shape[1] - width + 1)
    turned = np.rot90(pixels[top : top + height, left : left + width], rng.integers(4))
    return np.ascontiguousarray(turned[:, :: rng.choice((1, -1))])


def _scanned(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    if rng.random() < 0.3:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 0.7)), np.uint8)
    if rng.random() < 0.5:
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(pixels)


def few(pixels: Pixels, rng: np.random.Generator) -> dict[Kind, int]:
    """How many of each kind a photo has that is hardly worn."""
    amount = pixels.shape[0] * pixels.shape[1] / 250_000
    return {kind: int(rng.poisson(mean * amount)) for kind, mean in _FEW.items()}


def _damaged(clean: Pixels, rng: np.random.Generator) -> tuple[Pixels, Flags]:
    """A view with damage of some kinds, and where that is visible."""
    pixels, _ = draw(clean, rng, few(clean, rng) if rng.random() < _SPARSE else None)
    if rng.random() < _FOLDED:
        pixels, _ = draw(pixels, rng, {"fold": 1})
    if rng.random() < _WORN:
        pixels = wear(pixels, rng)
    return pixels, np.abs(pixels.astype(np.int16) - clean).max(axis=2) >= VISIBLE


def labelled(clean: Pixels, rng: np.random.Generator, none: float = _CLEAN) -> tuple[Pixels, Pixels]:
    """A damaged view and its labels (h, w): 1 is damage, 0 none, or `UNSURE`; `none` of them have no damage."""
    if rng.random() < none:
        return _scanned(clean, rng), np.zeros(clean.shape[:2], np.uint8)
    pixels, mask = _damaged(clean, rng)
    change = np.abs(pixels.astype(np.int16) - clean).max(axis=2)
    rim = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels = np.where(rim | (change >= _FEWEST), np.uint8(UNSURE), np.uint8(0))
    labels[mask] = 1
    if rng.random() < 0.3:
        smallest = (SIDE + 1) / min(labels.shape)
        scale = max(rng.uniform(0.6, 1.8), smallest)
        pixels = np.asarray(
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        labels = np.asarray(
            cv2.resize(labels, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.uint8
        )
    return _scanned(pixels, rng), labels


def views(rng: np.random.Generator) -> Iterator[Pixels]:
    """Clean views without end, of large photos and small ones in turn."""
    large = [np.asarray(tinct.open(path).pixels, np.uint8) for path in photos_of("train")]
    while True:
        for number, (_, pixels) in enumerate(small_photos()):
            if number % OF_SHARDS == 0:
                yield _view(large[rng.integers(len(large))], rng)
                yield _view(pixels, rng)


def _hardest(clean: list[Pixels], suspicion: Suspicion) -> list[Pixels]:
    """Of several views the places of which most is taken for damage, with a margin."""
    places = []
    for number, view in enumerate(clean):
        for mass, row, column in masses(suspicion(view), SIDE, _CROPS):
            places.append((mass, number, max(row - _MARGIN, 0), max(column - _MARGIN, 0)))
    side = SIDE + 2 * _MARGIN
    return [
        np.ascontiguousarray(clean[number][top : top + side, left : left + side])
        for _, number, top, left in sorted(places, reverse=True)[:_CROPS]
    ]


def pairs(
    count: int, clean: Iterator[Pixels], rng: np.random.Generator, suspicion: Suspicion | None = None
) -> tuple[Pixels, Pixels]:
    """Crops (count, SIDE, SIDE, 3) and labels (count, SIDE, SIDE); `suspicion` is that of the network that learns."""
    crops: list[Pixels] = []
    labels: list[Pixels] = []
    while len(crops) < count:
        if suspicion is not None and rng.random() < _HARD:
            places = _hardest([worn(next(clean), rng) for _ in range(_POOL)], suspicion)
            made = [(*labelled(place, rng, _HARD_CLEAN), 1) for place in places]
        else:
            pixels, marked = labelled(worn(next(clean), rng), rng)
            made = [(pixels, marked, _CROPS if min(marked.shape) > 1.5 * SIDE else 1)]
        for pixels, marked, number in made:
            for _ in range(number):
                top, left = (rng.integers(side - SIDE + 1) for side in marked.shape)
                crops.append(pixels[top : top + SIDE, left : left + SIDE].copy())
                labels.append(marked[top : top + SIDE, left : left + SIDE].copy())
    order = rng.permutation(count)
    return np.stack(crops[:count])[order], np.stack(labels[:count])[order]
