"""Hair measured: ``python -m benchmarks.hair [network] [--sheets FOLDER] [--tools volume ...]``.

Needs the face networks.

``network``: how well hair is found, against masks checked by hand (`benchmarks.hair_masks`). Else the tools:

All photos of eval/portraits and matting_people, at most 1024 pixels. Taken: photos that pass the tool's gate;
refused: the others, by their reason, and single styles. Outside: pixels changed beyond two widths of the face around
its middle. Face: pixels that volume changed within the outline of the face where no hair lies. Still: pixels changed
by an amount of 0. Transfer: each photo with the three that follow it among those whose hair others may wear; face:
pixels changed in the middle of the face. Seconds are of the processor, the largest of all photos; memory is the
largest that the process ever held.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks import hair_masks
from benchmarks.data import photos
from benchmarks.tables import table
from tinct.effects.hair.gate import example, head
from tinct.errors import FaceError
from tinct.faces.face import Face
from tinct.faces.find import largest_face
from tinct.faces.regions import Window, region
from tinct.imaging.hair.hair import find_hair
from tinct.photo.photo import Photo

__all__ = ["main"]

_SIDE, _SHOWN = 1024, 420
_REFERENCES = 3
_TOOLS: dict[str, tuple[Callable[..., Any], tuple[dict[str, Any], ...], dict[str, Any]]] = {
    "volume": (tinct.hair_volume, ({"amount": 0.6}, {"amount": 1.0}), {"amount": 0}),
    "bangs": (
        tinct.hair_bangs,
        ({"cut": "full"}, {"cut": "wispy"}, {"cut": "side"}, {"cut": "curtain"}),
        {"length": 0},
    ),
    "extend": (tinct.hair_extend, ({"length": 0.6}, {"length": 1.0, "wave": 0.7}), {"length": 0}),
}


def _outside(face: Face, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Far from the head: hair that is made longer hangs below it."""
    x, y = (
        np.moveaxis(np.indices(shape[:2])[::-1], 0, -1).transpose(2, 0, 1) - face.points[168, :2, None, None]
    )
    return np.asarray((np.abs(x) > 2 * face.width) | (y < -2 * face.width) | (y > 3 * face.width))


def _face(photo: Photo, face: Face) -> NDArray[np.bool_]:
    """Bare face: within the outline, no hair, away from both edges."""
    hair = find_hair(photo, face)
    matte = np.zeros((photo.height, photo.width), np.float32)
    matte[hair.window.slices] = hair.matte
    oval = region(face, "oval", Window(0, 0, photo.width, photo.height))
    bare = ((oval > 0.99) & (matte < 0.01)).astype(np.uint8)
    return np.asarray(cv2.erode(bare, np.ones((5, 5), np.uint8)) > 0)


def _row(*pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    row = np.hstack([np.asarray(one, np.uint8) for one in pixels])
    size = (round(row.shape[1] * _SHOWN / row.shape[0]), _SHOWN)
    return np.asarray(cv2.resize(row, size, interpolation=cv2.INTER_AREA), np.uint8)


def _measured(tool: str, paths: list[Path], sheets: Path | None) -> list[str]:
    work, styles, nothing = _TOOLS[tool]
    refused: Counter[str] = Counter()
    taken, outside, on_face, still, slowest = 0, 0, 0, 0, 0.0
    for path in paths:
        photo = hair_masks.opened(path, _SIDE)
        made: list[Photo] = []
        for number, style in enumerate(styles):
            start = time.process_time()
            try:
                made.append(work(photo, **style).photo)
            except FaceError as error:
                refused[type(error).__name__ + (", a style" if made else "")] += 1
                if number == 0:
                    break
            slowest = max(slowest, time.process_time() - start)
        if not made:
            continue
        taken += 1
        face = largest_face(photo)
        far, bare = _outside(face, photo.pixels.shape), _face(photo, face)
        for one in made:
            changed = (one.pixels != photo.pixels).any(axis=2)
            outside += int(changed[far].sum())
            on_face += int(changed[bare].sum()) if tool == "volume" else 0
        still += int((work(photo, **nothing).photo.pixels != photo.pixels).sum())
        if sheets is not None:
            row = _row(photo.pixels, *(one.pixels for one in made))
            cv2.imwrite(str(sheets / f"{tool}-{path.stem}.png"), row[..., ::-1])
    reasons = ", ".join(f"{count} {name}" for name, count in refused.most_common())
    row = (tool, taken, outside, on_face if tool == "volume" else "", still, f"{slowest:.1f}", reasons)
    return [str(cell) for cell in row]


def _middle(face: Face, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """From the eyes to the mouth between the pupils, which no hair of these photos reaches."""
    box = np.zeros(shape[:2], bool)
    left, right = sorted((face.points[468, 0], face.points[473, 0]))
    box[int(face.points[168, 1]) : int(face.points[13, 1]), int(left) : int(right)] = True
    return box


def _transferred(paths: list[Path], sheets: Path | None) -> list[str]:
    refused: Counter[str] = Counter()
    every: list[tuple[Path, Photo]] = []
    for path in paths:
        photo = hair_masks.opened(path, _SIDE)
        try:
            head(photo)
        except FaceError as error:
            refused[type(error).__name__] += 1
        else:
            every.append((path, photo))
    worn = []
    for path, photo in every:
        try:
            example(photo)
        except FaceError as error:
            refused[f"{type(error).__name__} of a reference"] += 1
        else:
            worn.append((path, photo))
    made, outside, on_face, slowest = 0, 0, 0, 0.0
    for number, (path, photo) in enumerate(every):
        start = number % max(len(worn), 1)
        others = [pair for pair in worn[start:] + worn[:start] if pair[0] != path]
        face = largest_face(photo)
        for other, reference in others[:_REFERENCES]:
            begun = time.process_time()
            try:
                done = tinct.hair_transfer(photo, reference).photo
            except FaceError as error:
                refused[f"{type(error).__name__} of a pair"] += 1
                continue
            finally:
                slowest = max(slowest, time.process_time() - begun)
            made += 1
            changed = (done.pixels != photo.pixels).any(axis=2)
            outside += int(changed[_outside(face, photo.pixels.shape)].sum())
            on_face += int(changed[_middle(face, photo.pixels.shape)].sum())
            if sheets is not None:
                size = (round(reference.width * photo.height / reference.height), photo.height)
                shown = cv2.resize(reference.pixels, size, interpolation=cv2.INTER_AREA)
                row = _row(photo.pixels, shown, done.pixels)
                cv2.imwrite(str(sheets / f"transfer-{path.stem}-{other.stem}.png"), row[..., ::-1])
    reasons = ", ".join(f"{count} {name}" for name, count in refused.most_common())
    return ["transfer", str(made), str(outside), str(on_face), "", f"{slowest:.1f}", reasons]


def main() -> None:
    """Print the figures, and write a row of pictures for each photo if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["network"])
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--tools", nargs="+", choices=[*_TOOLS, "transfer"], default=[*_TOOLS, "transfer"])
    options = parser.parse_args()
    if options.what == "network":
        print(hair_masks.measured(options.sheets))
        return
    if options.sheets is not None:
        options.sheets.mkdir(parents=True, exist_ok=True)
    paths = [path for path in photos("portraits", "matting_people") if path.suffix == ".jpg"]
    rows = [
        _transferred(paths, options.sheets) if tool == "transfer" else _measured(tool, paths, options.sheets)
        for tool in options.tools
    ]
    head = ["tool", "taken", "outside", "face", "still", "s", "refused"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(table("Hair", f"{len(paths)} photos; largest memory {memory:.2f} GB.", head, rows))


if __name__ == "__main__":
    main()
