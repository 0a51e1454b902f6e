"""Locks of hair across lips: ``python -m benchmarks.locks [choose|report]``; the face networks must be installed.

Over every other face of eval/portraits, matting_people and faces_200px locks are drawn from beside the nose over the
lips to the chin, of some strands or twice as many, in four colours. Told: of most of the lock's pixels on the lips it
is known that they are hair. Changed: share of those pixels that the look `classic` changes by more than 4 levels of
255. Bare: faces without a drawn lock on whose lips hair is found, and the share of their lips. Faces are split by name:
bounds were chosen on one half, figures are of the other.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos, split
from benchmarks.tables import table
from tinct.effects.makeup.apply import applied
from tinct.effects.makeup.change import Amounts, from_look
from tinct.effects.makeup.looks import look
from tinct.effects.makeup.makeup import _suitable
from tinct.errors import FaceError
from tinct.faces.face import Face
from tinct.faces.find import largest_face
from tinct.faces.flat import spread
from tinct.faces.regions import Window, region
from tinct.photo.photo import Photo

__all__ = ["drawn", "main"]

_COLORS = {"dark": (38, 26, 20), "brown": (95, 62, 40), "blond": (205, 170, 120), "grey": (150, 145, 140)}
_WIDE = (0.06, 0.12)  # of a lock, of the face's width
_FINER = 4  # times as fine as the photo strands are drawn
_LEAST = 64  # pixels of width
_LIPS = Amounts(lips=1, shadow=0, liner=0, blush=0, foundation=0)


def drawn(
    photo: Photo, face: Face, color: tuple[int, int, int], wide: float, at: float, rng: np.random.Generator
) -> tuple[Photo, NDArray[np.float32]]:
    """A photo with a lock over the lips, `at` half the mouth's width from its middle; and the lock (h, w), 0..1."""
    points, width = face.points[:, :2], face.width
    middle, aside = points[[13, 14]].mean(axis=0), (points[291] - points[61]) / 2
    down = points[152] - middle
    across = middle + aside * at
    top, end = across - down * 1.1 - aside * 0.15, across + down * 0.95 + aside * 0.15
    height, length = photo.pixels.shape[:2]
    lock = np.zeros((height * _FINER, length * _FINER), np.float32)
    shade = np.ones_like(lock)
    way = np.linspace(0, 1, 40)[:, None]
    for _ in range(max(6, int(wide * width / 1.2))):
        first = rng.normal(0, wide / 2.6) * width
        last = first * 0.7 + rng.normal(0, wide / 5) * width
        bend = 2 * across - 0.5 * (top + end) + [last, 0]
        begin, stop = top + np.array([first, 0]), end + np.array([last * 0.6, 0])
        line = (1 - way) ** 2 * begin + 2 * way * (1 - way) * bend + way**2 * stop
        strand = np.zeros_like(lock)
        at_pixels = np.round((line + 0.5) * _FINER * 8).astype(np.int32)
        cv2.polylines(strand, [at_pixels], False, (1.0,), max(2, round(width / 150 * _FINER)), cv2.LINE_AA, 3)
        shade = np.where(strand > 0.5, np.exp(rng.normal(0, 0.25)), shade).astype(np.float32)
        lock = np.maximum(lock, strand)
    share, light = (
        cv2.resize(one, (length, height), interpolation=cv2.INTER_AREA)[..., None] for one in (lock, shade)
    )
    made = photo.pixels * (1 - share) + np.clip(np.asarray(color) * light, 0, 255) * share
    return photo.with_pixels(np.rint(made).astype(np.uint8)), np.asarray(share[..., 0], np.float32)


def _told(photo: Photo, face: Face) -> tuple[NDArray[np.float32], Photo]:
    """Where hair is found on the lips, over the whole photo; and the photo made up."""
    own, part = _suitable(photo, face, _LIPS)
    made = applied(
        photo, face, part, from_look(own, look("classic"), _LIPS), np.maximum(own.hidden, own.strands)
    )
    points = face.points - [part.left, part.top, 0]
    out = np.zeros(photo.pixels.shape[:2], np.float32)
    out[part.slices] = spread(own.strands, points, out[part.slices].shape)[0]
    return out, made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", nargs="?", choices=("choose", "report"), default="report")
    options = parser.parse_args()
    rng = np.random.default_rng(3)
    bare, rows = list[float](), {name: list[tuple[float, float]]() for name in _COLORS}
    paths = [path for path in photos("portraits", "matting_people", "faces_200px") if "mask" not in path.stem]
    for number, path in enumerate(split(paths, options.half)):
        photo = tinct.open(path)
        try:
            face = largest_face(photo)
            if face.width < _LEAST:
                continue
            found, _ = _told(photo, face)
        except FaceError:
            continue
        lips = region(face, "lips", Window(0, 0, *face.photo_size)) > 0.9
        bare.append(float((found[lips] > 0.5).mean()))
        if number % 2:
            continue
        for name, color in _COLORS.items():
            hairy, lock = drawn(photo, face, color, _WIDE[number // 2 % 2], rng.uniform(-0.7, 0.7), rng)
            on = (lock > 0.6) & lips
            try:
                found, made = _told(hairy, face)
            except FaceError:
                rows[name].append((1.0, 0.0))
                continue
            if on.sum() > 10:
                changed = np.abs(made.pixels.astype(int) - hairy.pixels).max(axis=-1) > 4
                rows[name].append((float((found[on] > 0.5).mean()), float(changed[on].mean())))
    title = f"Locks across the lips, the half to {options.half}"
    wrong = sum(one > 0 for one in bare)
    note = f"{wrong} of {len(bare)} bare faces have hair found, on {max(bare):.0%} of the lips at most"
    table_rows = [
        (
            name,
            str(len(found)),
            f"{np.mean([one > 0.5 for one, _ in found]):.0%}",
            f"{np.mean([c for _, c in found]):.0%}",
        )
        for name, found in rows.items()
    ]
    print(table(title, note, ("lock", "drawn", "told", "changed"), table_rows))


if __name__ == "__main__":
    main()
