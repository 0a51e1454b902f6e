"""Train what tells signs of faces: ``python -m training.faces.signs OUT.onnx``; the face networks must be installed.

`signs.csv` has a row for each face that somebody looked at: the photo's key, and of glasses and of a beard ``yes``,
``no`` or ``unsure``; what is unsure does not teach. Ages stand in the names of the photos of ``utkface``; up to 5 is a
child, from 14 on is none. Each sign is a logistic regression on the rows of the face where it shows. Before the
weights are written, a fifth of the faces at a time is told by what the others teach, and that is printed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import photos as evaluation
from tinct.errors import NoFaceError
from tinct.faces.find import largest_face
from tinct.faces.flat import flattened
from tinct.faces.regions import window
from tinct.faces.signs import COUNT, described
from tinct.models.convert.graph import Graph
from tinct.photo.decode import open as open_photo
from tinct.photo.photo import Photo
from training.shards import entries, part, photos

__all__ = ["LABELS", "exported", "fitted", "main", "rows_of"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

LABELS = Path(__file__).with_name("signs.csv")
_SIDE = 16  # places of a row, and rows
_ROWS = {"glasses": (2, 11), "beard": (6, 16), "child": (0, 16)}
_REGULAR = {"glasses": 0.1, "beard": 0.1, "child": 0.01}  # inverse of the weight of squared weights
_CHILD, _GROWN = 5, 14  # years
_FOLDS = 5


def rows_of(sign: str) -> Flags:
    """Which numbers (COUNT,) of a face tell a sign."""
    first, last = _ROWS[sign]
    rows = np.zeros((_SIDE, _SIDE), bool)
    rows[first:last] = True
    turns = (COUNT // _SIDE**2 - 3) // 2
    return np.concatenate([np.repeat(rows.ravel(), count) for count in (turns, turns, 3)])


def fitted(sign: str, features: Array, yes: Flags) -> tuple[Array, float]:
    """Weights (COUNT,) and offset from faces and their mirror images (2, n, COUNT); both kinds weigh the same."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    which = rows_of(sign)
    model = LogisticRegression(C=_REGULAR[sign], class_weight="balanced", max_iter=500)
    model.fit(np.concatenate(list(features))[:, which], np.tile(yes, 2))
    weights = np.zeros(COUNT, np.float32)
    weights[which] = model.coef_[0]
    return weights, float(model.intercept_[0])


def exported(weights: Array, offsets: Array) -> bytes:
    """The model as ONNX: ``features`` (n, COUNT) in, ``odds`` (n, 3) out; weights are kept as halves."""
    graph = Graph()
    halves = graph.constant(weights.astype(np.float16))
    at = graph.add("MatMul", ("features", graph.add("Cast", (halves,), to=1)))
    graph.add("Add", (at, graph.constant(offsets.astype(np.float32))), "odds")
    return graph.to_bytes(("features", ("n", COUNT)), ("odds", ("n", len(offsets))))


def _seen(keys: set[str]) -> Iterator[tuple[str, Photo]]:
    for path in evaluation("portraits", "matting_people", "faces_200px"):
        if path.stem in keys:
            yield path.stem, open_photo(path)
    for key, pixels in photos({key for key in keys if "." in key}):
        yield key, Photo(pixels)


def _ages() -> dict[str, int]:
    found = {one.key: one.path for one in entries() if one.source == "utkface"}
    ages = {key: int(Path(path).name.split("_")[0]) for key, path in found.items()}
    names = [path.stem.split("_") for path in evaluation("faces_200px")]
    return ages | {"_".join(name): int(name[2]) for name in names}


def _described(photo: Photo) -> Array:
    face = largest_face(photo)
    around = window(face, 0.25)
    rgb = np.asarray(photo.pixels[around.slices], np.float32) / np.float32(255)
    flat = flattened(rgb, face.points - [around.left, around.top, 0])
    return np.stack([described(flat), described(np.ascontiguousarray(flat[:, ::-1]))])


def main() -> None:
    """Look, tell, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    with LABELS.open(newline="") as file:
        labels = {row["key"]: row for row in csv.DictReader(file)}
    keys, rows = list[str](), list[Array]()
    for key, photo in _seen(set(labels)):
        try:
            rows.append(_described(photo))
        except NoFaceError:
            continue
        keys.append(key)
    features, ages = np.stack(rows, axis=1), _ages()
    folds = np.array([part(key, _FOLDS) for key in keys])
    weights, offsets = np.zeros((COUNT, len(_ROWS)), np.float32), np.zeros(len(_ROWS), np.float32)
    for number, sign in enumerate(_ROWS):
        if sign == "child":
            years = np.array([ages.get(key, -1) for key in keys])
            yes, known = years <= _CHILD, (years >= 0) & ((years <= _CHILD) | (years >= _GROWN))
        else:
            said = np.array([labels[key][sign] for key in keys])
            yes, known = said == "yes", said != "unsure"
        told = np.zeros(len(keys))
        for fold in range(_FOLDS):
            there = known & (folds != fold)
            weight, offset = fitted(sign, features[:, there], yes[there])
            told[folds == fold] = (features[:, folds == fold] @ weight).mean(axis=0) + offset
        _tell(sign, told[known & yes], told[known & ~yes])
        weights[:, number], offsets[number] = fitted(sign, features[:, known], yes[known])
    options.out.write_bytes(exported(weights, offsets))
    told(options.out)


def _tell(sign: str, yes: NDArray[np.float64], no: NDArray[np.float64]) -> None:
    under = float((yes[:, None] > no).mean())
    print(f"{sign}: {len(yes)} with, {len(no)} without; area under the curve {under:.3f}")
    for bound in (-2.5, -2, -1.5, -1, -0.5, 0):
        print(f"  from {bound}: {(yes > bound).mean():.1%} of those with, {(no > bound).mean():.1%} without")


if __name__ == "__main__":
    main()
