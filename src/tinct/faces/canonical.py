"""The canonical face: where the mesh's points lie on an average head, and the triangles between them.

``canonical.json`` holds MediaPipe's metric face model (Apache-2.0; the file names its source): points in
centimetres, x to the picture's right, y up, z towards the viewer; places in 0..1 on a flattened, symmetric picture of
the face; and the triangles that fill it, openings of eyes and mouth too.
"""

from __future__ import annotations

import functools
import json
from importlib import resources

import numpy as np
from numpy.typing import NDArray

__all__ = ["mirror", "places", "points", "triangles"]


@functools.cache
def _file() -> dict[str, list[list[float]]]:
    text = resources.files("tinct.faces").joinpath("canonical.json").read_text(encoding="utf-8")
    found: dict[str, list[list[float]]] = json.loads(text)
    return found


@functools.cache
def points() -> NDArray[np.float64]:
    """(468, 3) in centimetres."""
    return np.array(_file()["points"])


@functools.cache
def places() -> NDArray[np.float64]:
    """(468, 2): x to the right and y down on the flattened face, 0..1; exactly symmetric about x = 0.5."""
    found = np.array(_file()["places"]) * [1, -1] + [0, 1]
    if found[10, 1] > found[152, 1]:  # the forehead is above the chin
        found[:, 1] = 1 - found[:, 1]
    turned = found[mirror()] * [-1, 1] + [1, 0]
    return np.asarray((found + turned) / 2)


@functools.cache
def triangles() -> NDArray[np.int64]:
    """(898, 3) numbers of points."""
    return np.array(_file()["triangles"], np.int64)


@functools.cache
def mirror() -> NDArray[np.int64]:
    """(468,): the number of each point's counterpart on the other side."""
    every = points()
    distance = ((every[:, None] * [-1, 1, 1] - every[None]) ** 2).sum(axis=-1)
    return np.asarray(distance.argmin(axis=1))
