"""How far a known colour goes: ``python -m benchmarks.hints [--sheet FILE] [--split choose|report|all]``.

``hinted_objects.csv`` marks objects in photos of eval: the outline, drawn by hand, in percent of width and height (more
than one are parts, or holes in parts); a point on it, and a colour that it does not have. The photo is made grey and
coloured twice, without the hint and with it.

Reach: share of the object whose chroma comes more than half way to the hint's. Outside: mean CIEDE2000 between the
two colourings beside the object. A band of 2.5 % of the longer side to each side of the outline is left out, because
outlines are drawn with straight lines, and so is what is nearly black or white. Constants were chosen on the split
`choose`.

Lightness stays, and sRGB has no bright red or dark yellow: a pixel may be given all of the hint's chroma and still not
come half way. Room: reach over the pixels that all of it brings half way; where fewer than a tenth are, over all.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.colorize import gray, in_split, lab_of, pixels_of
from benchmarks.portrait import data_folder
from tinct.effects.colorize.colorize import colorize
from tinct.effects.colorize.hints import Hint
from tinct.effects.colorize.luminance import Luminance, encode, to_linear
from tinct.photo.color import delta_e_2000
from tinct.photo.photo import Photo

__all__ = ["main", "marked", "object_of", "outlined"]

Rgb = NDArray[np.uint8]

_SIDE = 512
_BAND = 0.025  # of the longer side
_LIT = (12.0, 93.0)  # L* between which there is room for chroma
_REACH, _OUTSIDE = 0.8, 2.0  # what is good
_ROOM = 0.1  # of an object


@dataclass(frozen=True, eq=False)
class Marked:
    """A photo with a marked object."""

    name: str
    photo: Photo
    """Without colour."""
    hint: Hint
    inside: NDArray[np.bool_]
    outside: NDArray[np.bool_]


def outlined(split: str) -> Iterator[tuple[str, Rgb, dict[str, str]]]:
    """Name, pixels, at most 512 a side, and row of each marked object of a split."""
    with Path(__file__).with_name("hinted_objects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = data_folder() / row["photo"]
        if not in_split(path.name, split):
            continue
        rgb = pixels_of(path)
        scale = min(1.0, _SIDE / max(rgb.shape[:2]))
        yield (
            row["photo"],
            np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)),
            row,
        )


def object_of(rgb: Rgb, row: dict[str, str]) -> NDArray[np.uint8]:
    """1 inside a row's outlines, (h, w); an outline inside another is a hole."""
    inside = np.zeros(rgb.shape[:2], np.uint8)
    outlines = [np.rint(_points(part, rgb)).astype(np.int32) for part in row["outline"].split("/")]
    cv2.fillPoly(inside, outlines, 1)
    return inside


def _points(percents: str, rgb: Rgb) -> NDArray[np.float64]:
    """(n, 2) x and y in pixels."""
    height, width = rgb.shape[:2]
    return np.asarray(np.array(percents.split(), float).reshape(-1, 2) * [width / 100, height / 100])


def marked(split: str) -> Iterator[Marked]:
    """The objects of a split, at no more than 512 pixels."""
    for name, rgb, row in outlined(split):
        yield _marked(name, rgb, row)


def _marked(name: str, rgb: Rgb, row: dict[str, str]) -> Marked:
    height, width = rgb.shape[:2]
    object_, dot = object_of(rgb, row), _points(row["dot"], rgb)
    side = 2 * round(_BAND * max(height, width)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    inner = cv2.erode(object_, disc, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    hint = Hint(x=int(dot[0, 0]), y=int(dot[0, 1]), color=row["color"])
    return Marked(name, Photo(gray(rgb), gray=True), hint, inner, cv2.dilate(object_, disc) == 0)


@dataclass(frozen=True, eq=False)
class Measured:
    """How far a hint went."""

    reach: float
    room: float
    """Reach, where sRGB has room for it."""
    outside: float
    plain: Rgb
    hinted: Rgb


def measured(one: Marked) -> Measured:
    """Colour with and without the hint."""
    plain, hinted = (
        np.asarray(colorize(one.photo, hints=hints).photo.pixels, np.uint8) for hints in ([], [one.hint])
    )
    before, after = lab_of(plain), lab_of(hinted)
    seen = one.inside & (before[..., 0] > _LIT[0]) & (before[..., 0] < _LIT[1])
    was, became, most = (_left(lab, one.hint) for lab in (before, after, lab_of(_full(one))))
    reached, room = (became < was / 2)[seen], (most < was / 2)[seen]
    changed = delta_e_2000(before, after)[one.outside]
    where = room if room.mean() >= _ROOM else np.ones_like(room)
    return Measured(float(reached.mean()), float(reached[where].mean()), float(changed.mean()), plain, hinted)


def _left(lab: NDArray[np.float32], hint: Hint) -> NDArray[np.float32]:
    """How far chroma (h, w) is from the hint's."""
    return np.asarray(np.linalg.norm(lab[..., 1:] - hint.chroma, axis=-1), np.float32)


def _full(one: Marked) -> Rgb:
    """The photo with all of the hint's chroma, as far as sRGB has it."""
    luminance = Luminance.of(one.photo.pixels, None)
    out = np.empty_like(one.photo.pixels)
    a, b = (np.full(out.shape[:2], value, np.float32) for value in one.hint.chroma)
    encode(to_linear(luminance, a, b), None, out)
    return np.asarray(out, np.uint8)


def main() -> None:
    """Print a line for each object, and how many are good."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("choose", "report", "all"), default="all")
    parser.add_argument(
        "--sheet", type=Path, help="also write without, with, and the outline's inside, side by side"
    )
    options = parser.parse_args()
    figures, tiles = [], []
    for one in marked(options.split):
        found = measured(one)
        figures.append((found.reach, found.room, found.outside))
        print(f"{one.name:32} reach {found.reach:5.0%}  room {found.room:5.0%}  outside {found.outside:5.2f}")
        tile = np.zeros((_SIDE // 2, 3 * _SIDE // 2, 3), np.uint8)
        shown = np.hstack([found.plain, found.hinted, found.hinted * one.inside[..., None]])[::2, ::2]
        tile[: shown.shape[0], : shown.shape[1]] = shown
        tiles.append(tile)
    reach, room, outside = np.array(figures).T
    good, roomy = ((reached >= _REACH) & (outside <= _OUTSIDE) for reached in (reach, room))
    print(
        f"{len(figures)} objects of the split {options.split!r}: reach {reach.mean():.0%}, {_REACH:.0%} or more on "
        f"{(reach >= _REACH).sum()}; outside {outside.mean():.2f}, {_OUTSIDE:g} or less on "
        f"{(outside <= _OUTSIDE).sum()}; both on {good.sum()}; "
        f"where sRGB has room reach {room.mean():.0%}, both on {roomy.sum()}"
    )
    if options.sheet:
        rows = [
            np.hstack([*tiles[k : k + 2], *[np.zeros_like(tiles[0])] * (2 - len(tiles[k : k + 2]))])
            for k in range(0, len(tiles), 2)
        ]
        cv2.imwrite(str(options.sheet), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
