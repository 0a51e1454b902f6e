"""Who counts as a person: ``python -m benchmarks.people [--sheet FILE]``.

Photos of eval/color_photos without people (``without_people.txt``) in which somebody is kept all the same; photos of
eval/portraits, eval/faces_200px and eval/matting_people in which nobody is; and on the last, how close the mattes come
to the silver masks (MAE, IoU as in ``benchmarks.background``). With the face networks and without them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from benchmarks.faces import without_people
from benchmarks.tables import table
from tinct.imaging.people import find_people

__all__ = ["main"]


def _rows() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    found = [path.name for path in without_people() if find_people(tinct.open(path)) is not None]
    rows.append(
        ("color_photos without people", str(len(without_people())), f"{len(found)} false", *_names(found))
    )
    for folder in ("portraits", "faces_200px", "matting_people"):
        paths = [path for path in photos(folder) if not path.stem.endswith("_mask")]
        missed = [path.name for path in paths if find_people(tinct.open(path)) is None]
        rows.append((folder, str(len(paths)), f"{len(missed)} missed", *_names(missed)))
    return rows


def _names(names: list[str]) -> tuple[str, ...]:
    return (", ".join(names),)


def _mattes() -> str:
    figures = []
    for path in photos("matting_people"):
        if not path.stem.endswith("_mask"):
            continue
        photo = tinct.open(path.with_name(path.stem.removesuffix("_mask") + ".jpg"))
        truth = np.asarray(tinct.open(path).pixels[..., 1], np.float32) / 255
        people = find_people(photo)
        made = np.zeros_like(truth) if people is None else people.full(photo) / np.float32(255)
        both, either = (made > 0.5) & (truth > 0.5), (made > 0.5) | (truth > 0.5)
        figures.append((np.abs(made - truth).mean(), both.sum() / max(either.sum(), 1)))
    mae, iou = np.mean(figures, axis=0)
    return f"matting_people: MAE {mae:.4f}, IoU {iou:.3f}"


def _sheet(path: Path) -> None:
    """Those kept, the rest darkened."""
    cells: list[NDArray[np.uint8]] = []
    for one in photos("portraits", "matting_people", "color_photos"):
        if one.stem.endswith("_mask"):
            continue
        photo = tinct.open(one)
        people = find_people(photo)
        if people is None and one.parent.name == "color_photos":
            continue
        rgb, matte = np.clip(photo.proxy(240), 0, 1), np.zeros((1, 1), np.float32)
        if people is not None:
            matte = cv2.resize(people.small, rgb.shape[1::-1], interpolation=cv2.INTER_AREA)
        shown = np.uint8(255) * (rgb * (0.2 + 0.8 * matte[..., None]))
        cell = np.zeros((240, 240, 3), np.uint8)
        cell[: shown.shape[0], : shown.shape[1]] = shown
        cells.append(cell)
    cells += [np.zeros_like(cells[0])] * (-len(cells) % 10)
    rows = [np.hstack(cells[i : i + 10]) for i in range(0, len(cells), 10)]
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    head = ("photos", "number", "wrong", "which")
    print(table("With the face networks", _mattes(), head, _rows()), flush=True)
    with mock.patch("tinct.faces.find.installed", return_value=False):
        print(table("Without them", _mattes(), head, _rows()), flush=True)
    if options.sheet:
        _sheet(options.sheet)


if __name__ == "__main__":
    main()
