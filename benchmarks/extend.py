"""What extending costs, and what it keeps: ``python -m benchmarks.extend [speed|keeps]``.

speed   CPU seconds, and peak memory of a process of its own, of results of 4 and 16 megapixels, a third of them new, by
        engine.
keeps   Over eval/kodak: how many of the photos' own pixels changed farther from a border than the feather (0 is right),
        and how deep the deepest change lies.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

import tinct
from benchmarks.data import photos
from benchmarks.tables import table
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["main"]

_SIZES = (4, 16)
_ENGINES = ("plain", "banded", "backdrop")


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


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=["speed", "keeps", "one"], default="speed")
    parser.add_argument("--of", type=float, default=4)
    parser.add_argument("--by", default="auto")
    given = parser.parse_args()
    if given.part == "one":
        one(given.of, given.by)
    else:
        {"speed": speed, "keeps": keeps}[given.part]()


if __name__ == "__main__":
    main()
