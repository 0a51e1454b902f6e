"""Makeup measured: ``python -m benchmarks.makeup [--sheet FILE]``; the face networks must be installed.

Targets and references of eval/portraits, faces_200px (dark skin) and matting_people. Moved: mean distance, in pixels
of a face 400 pixels wide, by which the mesh of a made-up face differs from that of the face itself; the network that
traces it sees lipstick, so this is what makeup does to the network too. Structure: the largest distance, in the same
pixels, between the lines of both photos in any of the places of eyes, brows, nose and mouth, by normalised
correlation of their gradients: what makeup does to the pixels. Drift: CIEDE2000 on bare skin that wears nothing (no
lids, cheeks, lips), its mean and 95th percentile over pixels. Own look: mean CIEDE2000 over the face when it is its own
reference. Sides: how differently both lids of the canonical face change.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from benchmarks.tables import table
from tinct.effects.makeup.areas import areas
from tinct.faces.find import find_faces, largest_face
from tinct.faces.flat import flattened, spread
from tinct.faces.points import BROWS, EYES, LIPS_RING
from tinct.faces.regions import region, window
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo

__all__ = ["main"]

_TARGETS = (
    "celebahq_081680", "celebahq_015248", "human_stock-emotions-a-1", "human_stock-teen-4", "black_f_21_26",
    "black_f_28_03", "73",
)  # fmt: skip
_REFERENCES = ("celebahq_058150", "celebahq_084913", "celebahq_091623", "human_person-linda")
_NOSE = (168, 2, 98, 327)
_LOOKS = ("natural", "rose", "classic", "smoky", "bronze", "berry")


def _named(names: tuple[str, ...]) -> list[tuple[str, Photo]]:
    every = {path.stem: path for path in photos("portraits", "faces_200px", "matting_people")}
    return [(name, tinct.open(every[name])) for name in names if name in every]


def _difference(before: Photo, after: Photo) -> NDArray[np.float32]:
    one, two = (srgb_to_lab(np.asarray(p.pixels, np.float32) / 255) for p in (before, after))
    return np.asarray(delta_e_2000(one, two), np.float32)


def _structure(face: tinct.Face, before: Photo, after: Photo) -> float:
    """Largest shift between the lines of two photos over places of a face, in pixels of one 400 pixels wide."""
    part, scale = window(face, 0.1), 400 / face.width
    lines = []
    for photo in (before, after):
        gray = np.asarray(photo.pixels[part.slices], np.float32).mean(axis=-1)
        gray = np.asarray(
            cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.float32
        )
        light = np.log(np.maximum(gray, 0) + 8)
        lines.append(np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)))
    shifts = []
    for ring in (EYES[0], EYES[1], BROWS[0], BROWS[1], LIPS_RING, _NOSE):
        points = (face.points[list(ring), :2] - [part.left, part.top]) * scale
        low, high = (points.min(axis=0) - 16).astype(int), (points.max(axis=0) + 17).astype(int)
        low = np.maximum(low, 0)
        one, two = (np.asarray(each[low[1] : high[1], low[0] : high[0]], np.float32) for each in lines)
        shifts.append(_shift(one, two))
    return max(shifts)


def _shift(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    """Length of the shift, at most 8 pixels either way, at which `two` is most like the middle of `one`."""
    middle = one[8:-8, 8:-8]
    like = cv2.matchTemplate(two, middle, cv2.TM_CCOEFF_NORMED)
    row, column = np.unravel_index(like.argmax(), like.shape)

    def between(line: NDArray[np.float32], at: int) -> float:  # the top of a parabola through three values
        if not 0 < at < len(line) - 1:
            return float(at)
        before, here, after = (float(value) for value in line[at - 1 : at + 2])
        return at + (before - after) / (2 * min(before - 2 * here + after, -1e-9))

    down, across = between(like[:, column], int(row)), between(like[row], int(column))
    return float(np.hypot(down - 8, across - 8))


def _figures(target: Photo, made: Photo) -> tuple[float, float, float, float, float]:
    face = largest_face(target)
    again = min(
        find_faces(made), key=lambda one: float(np.abs(one.points[:, :2] - face.points[:, :2]).mean())
    )
    moved = np.linalg.norm(again.points[:468, :2] - face.points[:468, :2], axis=1).mean() / face.width * 400
    part = window(face)
    points = face.points - [part.left, part.top, 0]
    shape = (part.bottom - part.top, part.right - part.left)
    worn = areas()
    free, _ = spread(np.maximum.reduce([worn.lids, worn.cheeks]), points, shape)
    bare = (region(face, "skin", part) > 0.9) & (free < 0.02)
    different = _difference(target, made)[part.slices]
    one, two = (np.asarray(p.pixels[part.slices], np.float32) / 255 for p in (target, made))
    ratio = np.log((flattened(two, points) + 0.05) / (flattened(one, points) + 0.05)).mean(axis=-1)
    sides = np.abs(ratio - ratio[:, ::-1])[worn.lids > 0.3].mean()
    return (
        float(moved),
        _structure(face, target, made),
        float(different[bare].mean()),
        float(np.percentile(different[bare], 95)),
        float(sides),
    )


def _sheet(path: Path) -> None:
    cells: list[list[NDArray[np.uint8]]] = [[np.zeros((300, 300, 3), np.uint8)]]
    references = _named(_REFERENCES)
    cells[0] += [_cell(photo, photo) for _, photo in references] + [cells[0][0]] * len(_LOOKS)
    for _, photo in _named(_TARGETS):
        made = [tinct.makeup(photo, reference=other).photo for _, other in references]
        made += [tinct.makeup(photo, look=look).photo for look in _LOOKS]  # type: ignore[arg-type]
        cells.append([_cell(photo, one) for one in (photo, *made)])
    cv2.imwrite(str(path), np.vstack([np.hstack(row) for row in cells])[..., ::-1])


def _cell(source: Photo, shown: Photo) -> NDArray[np.uint8]:
    part = window(largest_face(source))
    crop = np.asarray(shown.pixels[part.slices], np.uint8)
    scale = 300 / max(crop.shape[:2])
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:300, :300]
    cell = np.zeros((300, 300, 3), np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small
    return cell


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    rows = []
    for name, photo in _named(_TARGETS):
        figures = [
            _figures(photo, tinct.makeup(photo, reference=other).photo) for _, other in _named(_REFERENCES)
        ]
        moved, structure, drift, far, sides = np.max(figures, axis=0)
        own = tinct.makeup(photo, reference=photo).photo
        face = largest_face(photo)
        part = window(face)
        same = _difference(photo, own)[part.slices][region(face, "oval", part) > 0.5].mean()
        rows.append(
            (
                name,
                f"{moved:.2f}",
                f"{structure:.2f}",
                f"{drift:.2f}",
                f"{far:.2f}",
                f"{same:.3f}",
                f"{sides:.3f}",
            )
        )
    note = "The worst of four references; goals: moved and structure below 1, drift at most 1.5, own look at most 1."
    print(table("Makeup", note, ("target", "moved", "structure", "drift", "95 %", "own look", "sides"), rows))
    if options.sheet:
        _sheet(options.sheet)


if __name__ == "__main__":
    main()
