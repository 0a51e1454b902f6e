"""What extending costs, what it keeps, and how it looks: ``python -m benchmarks.extend [speed|keeps|look]``.

speed   CPU seconds, and peak memory of a process of its own, of results of 4 and 16 megapixels, a third of them new, by
        engine.
keeps   Over eval/kodak: how many of the photos' own pixels changed farther from a border than the feather (0 is right),
        and how deep the deepest change lies.
look    Some photos of each kind, ``--to`` a shape, by ``--by``: a sheet of each into ``--into``, the whole beside what
        lies around its seams at 100 %, and a table of what was chosen. The verdicts are a person's.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from benchmarks.tables import table
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["main"]

_SIZES = (4, 16)
_ENGINES = ("plain", "banded", "backdrop")
_CROP = 256  # pixels of a side of what is shown at 100 %
_OBJECTS = "color_photos/n"
KINDS: dict[str, tuple[str, ...]] = {
    "water and coast": (
        "kodak/kodim11.png",
        "kodak/kodim13.png",
        f"{_OBJECTS}03160309_dam.JPEG",
        f"{_OBJECTS}03933933_pier.JPEG",
        f"{_OBJECTS}04612504_yawl.JPEG",
    ),
    "buildings": (
        "kodak/kodim01.png",
        "kodak/kodim19.png",
        "kodak/kodim22.png",
        "kodak/kodim24.png",
        f"{_OBJECTS}04346328_stupa.JPEG",
        f"{_OBJECTS}04435653_tile_roof.JPEG",
    ),
    "studio": (
        f"{_OBJECTS}03690938_lotion.JPEG",
        f"{_OBJECTS}03187595_dial_telephone.JPEG",
        f"{_OBJECTS}04548280_wall_clock.JPEG",
        f"{_OBJECTS}04376876_syringe.JPEG",
    ),
    "animals": (
        f"{_OBJECTS}01580077_jay.JPEG",
        f"{_OBJECTS}02403003_ox.JPEG",
        f"{_OBJECTS}02415577_bighorn.JPEG",
        f"{_OBJECTS}02504458_African_elephant.JPEG",
        f"{_OBJECTS}01616318_vulture.JPEG",
    ),
    "fabric, food, leaves": (
        f"{_OBJECTS}04033995_quilt.JPEG",
        f"{_OBJECTS}07720875_bell_pepper.JPEG",
        f"{_OBJECTS}12144580_corn.JPEG",
        f"{_OBJECTS}07920052_espresso.JPEG",
    ),
    "rooms and vehicles": (
        f"{_OBJECTS}02788148_bannister.JPEG",
        f"{_OBJECTS}03761084_microwave.JPEG",
        f"{_OBJECTS}03930630_pickup.JPEG",
    ),
    "people": (
        "kodak/kodim04.png",
        "kodak/kodim18.png",
        "portraits/human_group-3.jpg",
    ),
}
"""Photos of eval, by what they show."""


def source(megapixels: float) -> Photo:
    """A photo of a coast that its result of so many megapixels is half as wide again as."""
    found = next(path for path in photos("kodak") if path.stem == "kodim21")
    pixels = np.asarray(tinct.open(found).pixels, np.float32)
    scale = (megapixels * 1e6 / 1.5 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    size = round(pixels.shape[0] * scale), round(pixels.shape[1] * scale)
    return Photo(np.rint(resize(pixels, size)).astype(np.uint8))


def one(megapixels: float, method: Any) -> None:
    """CPU seconds and peak memory, in megabytes, of this process."""
    photo = source(megapixels)
    start = time.process_time()
    tinct.extend(photo, left="25%", right="25%", method=method)
    print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def speed() -> None:
    rows = []
    for size in _SIZES:
        for method in _ENGINES:
            call = [sys.executable, "-m", "benchmarks.extend", "one", "--of", str(size), "--by", method]
            said = subprocess.run(call, check=True, capture_output=True, text=True).stdout.split()
            rows.append((f"{size} Mpixel, {method}", f"{float(said[0]):.1f}", f"{float(said[1]):.0f}"))
    head = ("", "CPU seconds", "peak memory, MB")
    print(table("Extending", "Results half as wide again; people are looked for too.", head, rows))


def keeps() -> None:
    changed, most = 0, 0.0
    found = photos("kodak")
    for path in found:
        photo = tinct.open(path)
        made = tinct.extend(photo, left="20%", right="20%", bottom="10%")
        x, y, width, height = made.box
        inner = made.photo.pixels[y : y + height, x : x + width]
        rows, columns = np.nonzero((inner != photo.pixels).any(axis=2))
        depth = np.minimum.reduce([rows, height - 1 - rows, columns, width - 1 - columns])
        changed += int((depth > 0.02 * min(height, width)).sum())
        most = max(most, float(depth.max(initial=0)) / min(height, width))
    print(
        f"{len(found)} photos: {changed} pixels changed beyond the feather; the deepest change lies at {most:.2%}"
    )


def look(to: str, method: Any, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    rows = []
    for kind, names in KINDS.items():
        for name in names:
            folder, _, file = name.partition("/")
            found = next(path for path in photos(folder) if path.name == file)
            made = tinct.extend(tinct.open(found), to=to, method=method)
            sides = ", ".join(f"{side.side} {side.engine} {side.confidence:.2f}" for side in made.sides)
            rows.append((kind, found.stem, made.engine, f"{made.confidence:.2f}", sides, made.note))
            sheet(made).save(into / f"{Path(name).stem}-{method}.jpg", quality=92)
    head = ("kind", "photo", "engine", "confidence", "sides", "note")
    print(table("Extending by kind", f"To {to}, by {method}.", head, rows))


def sheet(made: tinct.Extended) -> Photo:
    """The whole, and squares at 100 % along each of its seams."""
    pixels = np.asarray(made.photo.pixels, np.uint8)
    x, y, width, height = made.box
    middles = []
    for across in [edge for edge in (x, x + width) if 0 < edge < pixels.shape[1]]:
        middles += [(y + round(part * height), across) for part in (0.2, 0.5, 0.8)]
    for down in [edge for edge in (y, y + height) if 0 < edge < pixels.shape[0]]:
        middles += [(down, x + round(part * width)) for part in (0.2, 0.5, 0.8)]
    crops = [_crop(pixels, *middle) for middle in middles[:6]]
    tall = 2 * _CROP
    wide = round(pixels.shape[1] * tall / pixels.shape[0])
    whole = cv2.resize(pixels, (wide, tall), interpolation=cv2.INTER_AREA)
    blank = np.full((_CROP, _CROP, 3), 255, np.uint8)
    columns = [
        np.concatenate([crops[i] if i < len(crops) else blank for i in (n, n + 3)], axis=0) for n in range(3)
    ]
    return Photo(np.ascontiguousarray(np.concatenate([whole, *columns], axis=1)))


def _crop(pixels: NDArray[np.uint8], row: int, column: int) -> NDArray[np.uint8]:
    """A square around a place, inside the picture where it can be."""
    top = int(np.clip(row - _CROP // 2, 0, max(0, pixels.shape[0] - _CROP)))
    left = int(np.clip(column - _CROP // 2, 0, max(0, pixels.shape[1] - _CROP)))
    out = np.full((_CROP, _CROP, 3), 255, np.uint8)
    part = pixels[top : top + _CROP, left : left + _CROP]
    out[: part.shape[0], : part.shape[1]] = part
    return out


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=["speed", "keeps", "look", "one"], default="speed")
    parser.add_argument("--of", type=float, default=4)
    parser.add_argument("--by", default="auto")
    parser.add_argument("--to", default="16:9")
    parser.add_argument("--into", type=Path, default=Path("extended"))
    given = parser.parse_args()
    if given.part == "one":
        one(given.of, given.by)
    elif given.part == "look":
        look(given.to, given.by, given.into)
    else:
        {"speed": speed, "keeps": keeps}[given.part]()


if __name__ == "__main__":
    main()
