"""What lighting does to each kind of photo, and where: ``python -m benchmarks.light_kinds [choose|report]``.

``light_kinds.csv`` names photos of the training shards and of ``eval``, each with its kind as a person judged it on
contact sheets: low-key portraits, stages, flames, nights, silhouettes, sunsets, high keys, snow, fog and ordinary
photos should stay; people against the light and underexposed photos should be lifted. ``choose`` is what thresholds
were chosen on, ``report`` was drawn and labelled after that. Gains are in stops: log2 of the mean luminance after and
before.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.tables import table
from tinct.faces.find import find_faces
from tinct.faces.regions import Window, region
from tinct.imaging.people import find_people
from tinct.photo.color import luminance, srgb_to_lab, srgb_to_linear
from tinct.photo.resize import shrink
from training import shards

__all__ = ["labelled", "main", "photos"]

Pixels = NDArray[np.uint8]
_LIST = Path(__file__).with_name("light_kinds.csv")
_SIDE = 512
_MOVED = 1.0  # mean change of L*


def labelled(part: str) -> dict[str, str]:
    """Kind of each photo of a part, by its name."""
    with _LIST.open(newline="") as file:
        return {row["photo"]: row["kind"] for row in csv.DictReader(file) if row["part"] == part}


def photos(part: str) -> Iterator[tuple[str, str, Pixels]]:
    """Name, kind and pixels of each photo of a part."""
    kinds = labelled(part)
    root = Path(os.environ.get("TINCT_DATA_DIR", "../shared/data")) / "eval"
    for name in kinds:
        if "/" in name:
            yield name, kinds[name], np.asarray(shrink(tinct.open(root / name).pixels, _SIDE), np.uint8)
    for name, pixels in shards.photos({name for name in kinds if "/" not in name}):
        yield name, kinds[name], pixels


def measured(pixels: Pixels) -> list[float]:
    """Stops on faces, on people, elsewhere and on the whole, NaN where there is nothing; and mean change of L*."""
    photo = tinct.Photo(pixels)
    made = tinct.light(photo).photo.pixels
    before, after = (luminance(srgb_to_linear(p.astype(np.float32) / 255)) for p in (pixels, made))
    height, width = before.shape
    faces = np.zeros(before.shape, np.bool_)
    for face in find_faces(photo):
        faces |= region(face, "oval", Window(0, 0, width, height)) > 0.5
    people = find_people(photo)
    on = faces if people is None else people.full(photo) > 127
    change = srgb_to_lab(made.astype(np.float32) / 255) - srgb_to_lab(pixels.astype(np.float32) / 255)
    places = (faces, on | faces, ~(on | faces), np.ones_like(on))
    stops = [float(np.log2(after[p].mean() / before[p].mean())) if p.any() else np.nan for p in places]
    return [*stops, float(np.abs(change[..., 0]).mean())]


def kinds(part: str) -> str:
    """The table of a part."""
    found: dict[str, list[list[float]]] = {kind: [] for kind in labelled(part).values()}
    for _, kind, pixels in photos(part):
        found[kind].append(measured(pixels))
    rows = []
    for kind, each in found.items():
        values = np.array(each)
        shown = [_mean(values[:, k]) for k in range(4)]
        moved = (values[:, 4] > _MOVED).mean()
        rows.append((f"{len(each)} {kind}", *shown, f"{values[:, 3].max():.2f}", f"{moved:.0%}"))
    note = (
        "Mean gain in stops on faces, on people, elsewhere and on the whole photo; the most that one photo gains; and "
        f"the share of the photos whose L* moves by more than {_MOVED:.0f} on average."
    )
    head = ("photos", "faces", "people", "elsewhere", "whole", "most", "moved")
    return table(f"Lighting by kind of photo, {part}", note, head, rows)


def _mean(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.2f}" if len(known) else "-"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["choose", "report"], default="report")
    print(kinds(parser.parse_args().part))


if __name__ == "__main__":
    main()
