"""Does makeup move a face: ``python -m benchmarks.registered``; the face networks must be installed.

Two answers for the same pair of photos, in pixels of the photo. Mesh: how far the 478 points of the made-up photo lie
from the photo's (mean, 95th percentile, most). Registered: the shift between both photos around lips and eyes, found
without any network: the enhanced correlation coefficient (Evangelidis and Psarakis, 2008) is maximised over shifts of
the logarithm of luma, whose mean and spread are made the same everywhere before. That this sees a shift is checked by
moving the made-up photo by (0.5, 0.3) pixels: error is what is missing from it, or too much. A lip that only grew would
not shift: `benchmarks.makeup` measures its edge.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.makeup import _REFERENCES, _named
from benchmarks.tables import table
from tinct.faces.find import find_faces, largest_face
from tinct.faces.points import EYES, LIPS_RING
from tinct.photo.photo import Photo

__all__ = ["main"]

Array = NDArray[np.float32]

_TARGETS = ("celebahq_081680", "celebahq_015248", "human_stock-emotions-a-1")
"""Photos whose faces are some 500 pixels wide."""
_KNOWN = (0.5, 0.3)


def _even(photo: Photo) -> Array:
    """Logarithms (h, w) of luma, of the same mean and spread everywhere."""
    luma = np.asarray(cv2.cvtColor(np.asarray(photo.pixels, np.uint8), cv2.COLOR_RGB2GRAY), np.float32)
    light = np.log(luma + 8)
    away = light - cv2.GaussianBlur(light, (0, 0), 6)
    return np.asarray(away / (np.sqrt(cv2.GaussianBlur(away * away, (0, 0), 10)) + 0.02), np.float32)


def _shift(one: Array, two: Array) -> NDArray[np.float64]:
    """The shift (x, y) that leads from one to the other."""
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-6)
    start = np.eye(2, 3, dtype=np.float32)
    _, found = cv2.findTransformECC(
        one, two, start, cv2.MOTION_TRANSLATION, stop, np.ones_like(one, np.uint8), 5
    )
    return np.asarray(found[:, 2], np.float64)


def _figures(face: tinct.Face, before: Photo, after: Photo) -> tuple[float, ...]:
    again = min(find_faces(after), key=lambda one: float(np.abs(one.points - face.points).mean()))
    mesh = np.linalg.norm(again.points[:, :2] - face.points[:, :2], axis=1)
    one, two = _even(before), _even(after)
    known = np.array([[1, 0, _KNOWN[0]], [0, 1, _KNOWN[1]]])
    shifted = np.asarray(cv2.warpAffine(two, known, two.shape[::-1], flags=cv2.INTER_CUBIC), np.float32)
    shifts, errors = [], []
    for ring in (LIPS_RING, *EYES):
        points, rim = face.points[list(ring), :2], face.width * 0.04
        left, top = np.maximum(points.min(axis=0) - rim, 0).astype(int)
        right, bottom = (points.max(axis=0) + rim).astype(int)
        place = slice(top, bottom), slice(left, right)
        shift = _shift(one[place], two[place])
        shifts.append(float(np.hypot(*shift)))
        errors.append(float(np.hypot(*(_shift(one[place], shifted[place]) - shift - _KNOWN))))
    return float(mesh.mean()), float(np.percentile(mesh, 95)), float(mesh.max()), *shifts, max(errors)


def main() -> None:
    """Print the table."""
    rows = []
    for name, photo in _named(_TARGETS):
        face = largest_face(photo)
        made = [tinct.makeup(photo, reference=other).photo for _, other in _named(_REFERENCES)]
        worst = np.max([_figures(face, photo, one) for one in made], axis=0)
        rows.append((name, f"{face.width:.0f}", *(f"{one:.2f}" for one in worst)))
        print(*rows[-1], flush=True)
    head = ("target", "width", "mesh", "95 %", "most", "lips", "right eye", "left eye", "error")
    print(table("Makeup, registered", "The worst of four references, in pixels of the photo.", head, rows))


if __name__ == "__main__":
    main()
