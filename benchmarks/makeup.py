"""Makeup measured: ``python -m benchmarks.makeup [--sheet FILE]``; the face networks must be installed.

Targets and references of eval/portraits, faces_200px (dark skin) and matting_people. Moved: mean distance, in pixels
of a face 400 pixels wide, by which the mesh of a made-up face differs from that of the face itself. Colour: the same
for the photo in the colours of the made-up one, laid on without moving a line (see `recoloured`): what the network
makes of colour alone. Left: how far the mesh of the made-up photo lies from that of the recoloured one, mean of all
468 points, of those of lips and of those of eyes; what makeup moves. Its control, printed below the table: what it
finds where the lips of the made-up photo are really swollen. Flow: how far the picture moves between the recoloured and
the made-up photo, by optical flow between both photos' light and shade, each freed of its local mean and contrast (DIS:
Kroeger, Timofte, Dai, Van Gool 2016), and at the points of the lips alone; with the same control. Edge: how far the
edge of the lips, laid where the photo's colours change, lies from that of the photo before; what makeup does to the
lips' contour. Structure: the largest distance between the lines of both photos in any of the places of eyes, brows,
nose and mouth, by normalised correlation of the gradients of logarithms, strong ones cut to the photo's own 75th
percentile, so that a contour that grows darker weighs no more than the lines around it. Drift: CIEDE2000 on bare skin
that wears nothing (no lids, cheeks, lips), its mean and 95th percentile over pixels. Own look: mean CIEDE2000 over the
face when it is its own reference. Sides: how differently both lids of the canonical face change.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos, split
from benchmarks.recoloured import recoloured
from benchmarks.tables import table
from tinct.effects.makeup.apply import part_of
from tinct.effects.makeup.areas import areas
from tinct.effects.makeup.worn import logs
from tinct.faces.find import find_faces, largest_face
from tinct.faces.flat import flattened, spread
from tinct.faces.lips import outline
from tinct.faces.points import BROWS, EYES, LIPS_RING, MOUTH_RING
from tinct.faces.regions import Window, region, window
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo

__all__ = ["main"]

_TARGETS = (
    "celebahq_081680", "celebahq_015248", "human_stock-emotions-a-1", "human_stock-teen-4", "black_f_21_26",
    "black_f_28_03", "73", "black_f_24_15", "black_m_55_37",
)  # fmt: skip
_REFERENCES = ("celebahq_058150", "celebahq_091623", "black_f_26_25", "black_f_24_15")
"""Of fair, tanned, brown and dark skin."""
_LIPS, _EYES = [*LIPS_RING, *MOUTH_RING], [*EYES[0], *EYES[1]]
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
    lines = [_lines(photo, part, scale) for photo in (before, after)]
    shifts = []
    for ring in (EYES[0], EYES[1], BROWS[0], BROWS[1], LIPS_RING, _NOSE):
        points = (face.points[list(ring), :2] - [part.left, part.top]) * scale
        low, high = (points.min(axis=0) - 16).astype(int), (points.max(axis=0) + 17).astype(int)
        low = np.maximum(low, 0)
        one, two = (each[low[1] : high[1], low[0] : high[0]] for each in lines)
        most = np.percentile(np.linalg.norm(one, axis=-1), 75)
        shifts.append(_shift(_cut(one, most), _cut(two, most)))
    return max(shifts)


def _lines(photo: Photo, part: Window, scale: float) -> NDArray[np.float32]:
    """Gradients (h, w, 2) of the logarithm of lightness."""
    gray = np.asarray(photo.pixels[part.slices], np.float32).mean(axis=-1)
    gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.float32)
    light = np.log(np.maximum(gray, 0) + 8)
    return np.dstack([cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)])


def _cut(lines: NDArray[np.float32], most: float) -> NDArray[np.float32]:
    length = np.linalg.norm(lines, axis=-1, keepdims=True)
    return np.asarray(lines * np.minimum(1, most / np.maximum(length, 1e-6)), np.float32)


def _edge(face: tinct.Face, before: Photo, after: Photo) -> float:
    """Mean distance between the edges of the lips of two photos, in pixels of a face 400 pixels wide."""
    part = window(face)
    points = face.points - [part.left, part.top, 0]
    one, two = (outline(logs(part_of(photo, part)), points) for photo in (before, after))
    apart = np.linalg.norm(one[:, None] - two[None], axis=-1)
    return float((apart.min(axis=0).mean() + apart.min(axis=1).mean()) / 2 / face.width * 400)


def _mesh(face: tinct.Face, photo: Photo) -> NDArray[np.float64]:
    """Where the mesh of a photo lies, (468, 2), in pixels of a face 400 pixels wide."""
    found = find_faces(photo)
    again = min(found, key=lambda one: float(np.abs(one.points[:, :2] - face.points[:, :2]).mean()))
    return np.asarray(again.points[:468, :2] / face.width * 400)


def _apart(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(one - two, axis=1))


def _flow(face: tinct.Face, before: Photo, after: Photo) -> NDArray[np.float64]:
    """How far the picture moves at the mesh's points, (468,), in pixels of a face 400 pixels wide."""
    part, scale = window(face, 0.1), 400 / face.width
    one, two = (_levelled(photo, part, scale) for photo in (before, after))
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    finder.setFinestScale(0)
    finder.setVariationalRefinementIterations(10)
    moves = finder.calc(one, two, None)  # type: ignore[call-overload]
    at = np.asarray((face.points[:468, :2] - [part.left, part.top] + 0.5) * scale - 0.5, np.float32)
    read = cv2.remap(moves, at[:, None, 0], at[:, None, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.linalg.norm(read[:, 0], axis=1), np.float64)


def _levelled(photo: Photo, part: Window, scale: float) -> NDArray[np.uint8]:
    """Light and shade with the same mean and contrast everywhere."""
    gray = np.asarray(photo.pixels[part.slices], np.float32).mean(axis=-1)
    gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.float32)
    light = cv2.GaussianBlur(np.log(np.maximum(gray, 0) + 8), (0, 0), 0.8)
    fine = light - cv2.GaussianBlur(light, (0, 0), 5)
    spread = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 5))
    return np.asarray(np.clip(128 + 50 * fine / (spread + 0.5 * np.median(spread)), 0, 255), np.uint8)


def _swollen(face: tinct.Face, photo: Photo) -> tuple[Photo, NDArray[np.float64]]:
    """The photo with swollen lips, and how far that moves the mesh's points, as of `_flow`."""
    ring = face.points[LIPS_RING, :2]
    middle, half = ring.mean(axis=0), np.ptp(ring[:, 0]) / 2

    def move(places: NDArray[np.float64]) -> NDArray[np.float64]:
        away = places - middle
        near = np.exp(-(away**2).sum(axis=-1, keepdims=True) / half**2)
        return np.asarray(away * near * (2 * face.width / 400 / (0.7 * half)))

    y, x = np.indices(photo.pixels.shape[:2], np.float64)
    places = np.stack([x, y], axis=-1)
    source = (places - move(places)).astype(np.float32)
    pixels = cv2.remap(
        np.asarray(photo.pixels, np.uint8), source[..., 0], source[..., 1], cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    true = np.linalg.norm(move(face.points[:468, :2]), axis=1) / face.width * 400
    return photo.with_pixels(np.asarray(pixels, np.uint8)), np.asarray(true, np.float64)


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


def _figures(face: tinct.Face, target: Photo, made: Photo) -> tuple[float, ...]:
    part = window(face)
    points = face.points - [part.left, part.top, 0]
    shape = (part.bottom - part.top, part.right - part.left)
    worn = areas()
    free, _ = spread(np.maximum.reduce([worn.lids, worn.cheeks]), points, shape)
    bare = (region(face, "skin", part) > 0.9) & (free < 0.02)
    different = _difference(target, made)[part.slices]
    one, two = (np.asarray(p.pixels[part.slices], np.float32) / 255 for p in (target, made))
    ratio = np.log((flattened(two, points) + 0.05) / (flattened(one, points) + 0.05)).mean(axis=-1)
    plain = recoloured(face, target, made)
    own, colour, seen = (_mesh(face, photo) for photo in (target, plain, made))
    left, flow = _apart(colour, seen), _flow(face, plain, made)
    sides = np.abs(ratio - ratio[:, ::-1])[worn.lids > 0.3].mean()
    return (
        float(_apart(own, seen).mean()),
        float(_apart(own, colour).mean()),
        *(float(left[numbers].mean()) for numbers in (slice(None), _LIPS, _EYES)),
        *(float(flow[numbers].mean()) for numbers in (slice(None), _LIPS)),
        _edge(face, target, made),
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
    rows, controls, moves = [], [], dict[str, list[tuple[float, ...]]]({"choose": [], "report": []})
    for name, photo in _named(_TARGETS):
        face = largest_face(photo)
        every = [tinct.makeup(photo, reference=other).photo for _, other in _named(_REFERENCES)]
        figures = [_figures(face, photo, one) for one in every]
        for base in (photo, every[0]):
            swollen, true = _swollen(face, base)
            ways = (true, _flow(face, base, swollen), _apart(_mesh(face, base), _mesh(face, swollen)))
            controls.append([(way.mean(), way[_LIPS].mean()) for way in ways])
        half = "report" if split([Path(name)], "report") else "choose"
        moves[half] += figures
        *far, sides = np.max(figures, axis=0)
        own = tinct.makeup(photo, reference=photo).photo
        part = window(face)
        same = _difference(photo, own)[part.slices][region(face, "oval", part) > 0.5].mean()
        rows.append(
            (name, f"{face.width:.0f}", *(f"{one:.2f}" for one in far), f"{same:.3f}", f"{sides:.3f}")
        )
        print(*rows[-1], flush=True)
    note = (
        "The worst of four references; goals: left, flow, edge and structure below 1, drift at most 1.5, own look "
        "at most 1."
    )
    head = (
        "target", "width", "moved", "colour", "left", "of lips", "of eyes", "flow", "of lips", "edge", "structure",
        "drift", "95 %", "own look", "sides",
    )  # fmt: skip
    print(table("Makeup", note, head, rows))
    for name, part in (("photos", controls[::2]), ("made-up photos", controls[1::2])):
        true, flow, mesh = np.array(part).transpose(1, 0, 2)
        for way, seen in (("flow", flow), ("mesh", mesh)):
            wrong, (every_point, lips) = np.abs(seen - true).max(axis=0), seen.mean(axis=0)
            print(
                f"lips of {name} swell, all points by {true[:, 0].mean():.2f}, theirs by {true[:, 1].mean():.2f}: "
                f"{way} {every_point:.2f} and {lips:.2f}, off by {wrong[0]:.2f} and {wrong[1]:.2f} at most"
            )
    for half, values in moves.items():
        for number, what in enumerate(("moved", "colour", "left")):
            low, high = np.percentile([one[number] for one in values], [50, 95])
            most = max(one[number] for one in values)
            print(f"{what}, targets to {half}: median {low:.2f}, 95 % {high:.2f}, worst {most:.2f}")
    if options.sheet:
        _sheet(options.sheet)


if __name__ == "__main__":
    main()
