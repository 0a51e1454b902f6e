"""Hair found, against masks that a person checked: ``python -m benchmarks.hair network [--sheets FOLDER]``.

`hair_masks.json` holds, for 42 heads of eval/ (their photos are not in the repository), where the face is, what kind of
head it is, and the outlines of the hair of its head in shares of the photo. The masks began with those of the way
without a network and were corrected by polygons while looking at the photo enlarged; ten were left as they were, which
favours that way. Rules: beards and brows are no hair, nor are
hats, scarves, flowers and clips; hair seen through a gap counts, single hairs that stand off do not; of several people
only the hair of the one who is meant counts. None of these photos teaches.

IoU leaves out a rim of 0.02 widths of the face on either side of the outline, where hair is half transparent. On heads
whose hair a hat hides or who have none, what is called hair is counted as an area instead, in widths of the face
squared.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from benchmarks.tables import table
from tinct.faces.face import Face
from tinct.faces.find import find_faces
from tinct.imaging.guided import guide
from tinct.imaging.hair.hair import find_hair
from tinct.imaging.hair.seen import Seen, look
from tinct.photo.photo import Photo
from tinct.photo.resize import resize
from training.hair.classical import rough_hair

__all__ = ["KINDS", "WAYS", "Checked", "checked", "figure", "measured", "opened"]

Flags = NDArray[np.bool_]

_SIDE = 1600  # longer side in pixels at which photos are looked at
_RIM = 0.02  # of the face's width
KINDS = (
    "long",
    "short",
    "updo",
    "fringe",
    "blond",
    "grey",
    "coily",
    "beard",
    "denim",
    "scarf",
    "others",
    "very dark",
    "hat",
    "bald",
)
"""What is counted apart."""
_SHOWN = 300  # pixels


@dataclass(frozen=True)
class Checked:
    """A head whose hair was outlined by hand."""

    photo: str
    """Folder and name within eval/."""
    face: tuple[float, float]
    """Between the eyes, in shares of the photo's width and height."""
    kinds: tuple[str, ...]
    hair: tuple[NDArray[np.float64], ...]
    """Rings (n, 2) in shares of the photo; a ring within another is a hole."""

    def mask(self, seen: Seen, photo: Photo) -> Flags:
        """The hair on the small copy of the head, (h, w)."""
        size = np.array([photo.width, photo.height])
        scaled = [
            ((ring * size - [seen.window.left, seen.window.top]) * seen.scale - 0.5) for ring in self.hair
        ]
        out = np.zeros(seen.shape, np.uint8)
        if scaled:
            cv2.fillPoly(out, [np.round(ring * 16).astype(np.int32) for ring in scaled], (1,), cv2.LINE_8, 4)
        return out > 0


@cache
def checked() -> tuple[Checked, ...]:
    """The hand-checked set."""
    rows = json.loads(Path(__file__).with_suffix(".json").read_text())
    return tuple(
        Checked(
            row["photo"],
            (row["face"][0], row["face"][1]),
            tuple(row["kinds"]),
            tuple(np.array(ring, np.float64) for ring in row["hair"]),
        )
        for row in rows
    )


def opened(path: Path, side: int) -> Photo:
    """A photo, its longer side at most `side` pixels."""
    photo = tinct.open(path)
    scale = min(1.0, side / max(photo.width, photo.height))
    if scale == 1:
        return photo
    size = (round(photo.height * scale), round(photo.width * scale))
    return Photo(np.rint(resize(np.asarray(photo.pixels, np.float32), size)).astype(np.uint8))


def _face(photo: Photo, one: Checked) -> Face:
    size = np.array([photo.width, photo.height])
    return min(
        find_faces(photo),
        key=lambda face: float(np.linalg.norm(face.points[168, :2] - size * one.face) / face.width),
    )


def _classical(photo: Photo, face: Face, seen: Seen) -> Flags:
    radius = max(2, round(0.035 * seen.frame.width))
    return np.asarray(guide(rough_hair(seen).mask, seen.rgb, radius, softness=4e-4).small > 0.5)


def _shipped(photo: Photo, face: Face, seen: Seen) -> Flags:
    return np.asarray(find_hair(photo, face).small > 0.5)


def _person(photo: Photo, face: Face, seen: Seen) -> Flags:
    return np.asarray((seen.person > 0.5) & (seen.oval < 0.5))


WAYS: dict[str, Callable[[Photo, Face, Seen], Flags]] = {
    "as shipped": _shipped,
    "colours and graph cut": _classical,
    "person without face": _person,
}
"""How hair is found: what effects use, the way without a network, and all of a person but the face."""


def figure(found: Flags, real: Flags, width: float) -> float:
    """Intersection over union, or the area called hair where there is none; `width` is the face's in pixels."""
    if not real.any():
        return float(found.sum()) / width**2
    side = 2 * max(1, round(_RIM * width)) + 1
    rim = cv2.morphologyEx(real.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((side, side), np.uint8)) > 0
    both, either = found & real & ~rim, (found | real) & ~rim
    return float(both.sum()) / max(float(either.sum()), 1.0)


def _shown(seen: Seen, masks: list[Flags]) -> NDArray[np.uint8]:
    base = np.rint(seen.rgb * 255).astype(np.uint8)
    cells = [base]
    for mask in masks:
        cell = base.copy()
        cell[mask] = (cell[mask] * 0.45 + np.array([140, 0, 140])).astype(np.uint8)
        cells.append(cell)
    row = np.hstack(cells)
    size = (round(row.shape[1] * _SHOWN / row.shape[0]), _SHOWN)
    return np.asarray(cv2.resize(row, size, interpolation=cv2.INTER_AREA), np.uint8)


def measured(sheets: Path | None = None) -> str:
    """The table; with `sheets`, a row of pictures for each head: photo, checked mask, and each way's."""
    root = photos("portraits")[0].parent.parent
    figures: list[tuple[Checked, list[float]]] = []
    seconds = dict.fromkeys(WAYS, 0.0)
    for number, one in enumerate(checked()):
        photo = opened(root / one.photo, _SIDE)
        face = _face(photo, one)
        seen = look(photo, face)
        real, found = one.mask(seen, photo), list[Flags]()
        for name, way in WAYS.items():
            start = process_time()
            found.append(way(photo, face, seen))
            seconds[name] += process_time() - start
        figures.append((one, [figure(mask, real, seen.frame.width) for mask in found]))
        if sheets is not None:
            sheets.mkdir(parents=True, exist_ok=True)
            row = _shown(seen, [real, *found])
            cv2.imwrite(str(sheets / f"mask-{number:02}.png"), row[..., ::-1])
            print(number, one.photo, *one.kinds, *(f"{value:.3f}" for value in figures[-1][1]), flush=True)
    some = [values for one, values in figures if one.hair]
    rows = [_row("all with hair", some)]
    for kind in KINDS:
        for hair in (True, False):
            values = [value for one, value in figures if kind in one.kinds and bool(one.hair) == hair]
            if values:
                rows.append(_row(kind if hair else f"{kind}: area", values))
    rows.append(["seconds a head", "", *(f"{value / len(figures):.2f}" for value in seconds.values())])
    note = f"{len(figures)} heads; IoU, larger is better; area called hair where there is none, smaller is better."
    return table("Hair masks", note, ["kind", "heads", *WAYS], rows)


def _row(name: str, values: list[list[float]]) -> list[str]:
    return [name, str(len(values)), *(f"{value:.3f}" for value in np.mean(values, axis=0))]
