"""Faces and heads as evidence for people, and a nearer look at those whom the segmenter missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces import find
from tinct.faces.crop import Crops, square
from tinct.faces.detect import HEAD, Detection, detect_heads, head_score
from tinct.faces.face import Face
from tinct.faces.points import OVAL_RING
from tinct.imaging.segment import SEEN, predict
from tinct.photo.photo import Photo

__all__ = ["Evidence", "Found", "look", "look_closer", "with_faces"]

Array = NDArray[np.float32]
Evidence = Literal["face", "head", "sure"]

# Longer side of the copy in which faces are looked for: those that matter here are seen in it
_SIDE: Final = 1024
_NEAR: Final = 4.0  # side of the square that is looked at again, of the face's
_LARGE: Final = 0.1  # of the longer side: such faces the first look has seen well enough
_MOST: Final = 16  # faces that are looked at again, the largest first
_AROUND: Final = 1.4  # side of the square in which a region is looked at alone, of its own
_CERTAIN, _AT_FIRST, _AGAIN = 0.95, 0.1, 0.2
"""Probability, and shares that have it in the whole photo or in such a square where the segmenter is sure."""
_LIKELY, _ALONE = 0.9, 0.42
"""The same where no other network can speak for people: probability, and sum of both shares."""
_FACE: Final = 0.97  # probability that a found face belongs to a person
_HAIR: Final = 0.6  # the same of the place of hair, where the segmenter saw nothing there


@dataclass(frozen=True, eq=False)
class Found:
    """Faces and heads of a photo, in pixels of a copy of it."""

    size: tuple[int, int]
    """Width and height of the copy."""
    faces: tuple[Face, ...] = ()
    heads: tuple[Detection, ...] = ()

    def middles(self, kind: Literal["faces", "heads"], shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Row and column of the middle of each, in an array of `shape` over the same photo."""
        if kind == "faces":
            places = [(np.array(face.box[:2]) + face.box[2:]) / 2 for face in self.faces]
        else:
            places = [head.box[:2] + head.box[2:] / 2 for head in self.heads]
        scaled = [place * [shape[1] / self.size[0], shape[0] / self.size[1]] for place in places]
        return [(int(np.clip(y, 0, shape[0] - 1)), int(np.clip(x, 0, shape[1] - 1))) for x, y in scaled]


def look(photo: Photo) -> Found:
    """Find faces and heads, where the networks for it are installed."""
    if not find.installed():
        return Found((photo.width, photo.height))
    small = np.rint(np.clip(photo.proxy(_SIDE), 0, 1) * 255).astype(np.uint8)
    copy = Photo(small)
    return Found((copy.width, copy.height), find.find_faces(copy), tuple(detect_heads(Crops(copy))))


def look_closer(photo: Photo, region: NDArray[np.bool_], probability: Array) -> Evidence | None:
    """What speaks for people in a region without a face, looked at again when it fills the view; None: nothing.

    Parameters
    ----------
    photo : Photo
    region : ndarray, (h, w), bool
        In the shape of a proxy of the photo.
    probability : ndarray, (h, w), float32
        Of a person, as the segmenter saw the whole photo.
    """
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    step = photo.width / region.shape[1]
    side = float(max(rows[-1] - rows[0], columns[-1] - columns[0], 8)) * _AROUND * step
    middle = (np.array([columns[0] + columns[-1], rows[0] + rows[-1]]) / 2 + 0.5) * step - 0.5
    view, _ = square(photo, middle, side, 0.0, SEEN)
    seen = predict(view)
    if not find.installed():
        both = _share(probability[region], _LIKELY) + _share(seen, _LIKELY)
        return "sure" if both >= _ALONE else None
    if head_score(view) > HEAD:
        return "head"
    first, second = _share(probability[region], _CERTAIN), _share(seen, _CERTAIN)
    return "sure" if first >= _AT_FIRST or second >= _AGAIN else None


def _share(probability: Array, level: float) -> float:
    """Of the places that are likelier a person than not, those whose probability is above `level`."""
    return float((probability > level).sum()) / max(int((probability > 0.5).sum()), 1)


def with_faces(probability: Array, photo: Photo, faces: Sequence[Face]) -> Array:
    """Raise the probability (h, w) of people on found faces and their hair.

    Faces that are small in the photo are looked at again, each in a square of its own; what is seen there counts where
    it is more.
    """
    made, crops = probability.copy(), Crops(photo)
    for face in sorted(faces, key=lambda one: -one.size)[:_MOST]:
        if face.size < _LARGE * max(face.photo_size):
            _look_again(made, crops, face)
    for face in faces:
        _fill(made, face)
    return made


def _look_again(probability: Array, crops: Crops, face: Face) -> None:
    """Put what the segmenter sees around one face into `probability` where it is more."""
    photo = crops.photo
    height, width = probability.shape
    scale = photo.width / face.photo_size[0]
    middle = (face.points[OVAL_RING, :2].mean(axis=0) + [0, face.size * 0.5] + 0.5) * scale - 0.5
    view, to_photo = crops.square(middle, face.size * _NEAR * scale, 0.0, SEEN)
    seen = predict(view)
    edge = np.minimum(np.arange(SEEN), np.arange(SEEN)[::-1]) / (SEEN / 8)
    seen = seen * np.minimum(np.minimum.outer(edge, edge), 1).astype(np.float32)
    to_map = np.diag([width / photo.width, height / photo.height]) @ to_photo
    to_map[:, 2] += (np.array([width / photo.width, height / photo.height]) - 1) / 2
    placed = cv2.warpAffine(seen, to_map, (width, height), flags=cv2.INTER_AREA)
    np.maximum(probability, placed, out=probability)


def _fill(probability: Array, face: Face) -> None:
    """Make a face's oval a person, and the place of its hair where nothing was seen there."""
    height, width = probability.shape
    scale = np.array([width / face.photo_size[0], height / face.photo_size[1]])
    outline = (face.points[OVAL_RING, :2] + 0.5) * scale - 0.5
    oval = _polygon(outline, (height, width))
    np.maximum(probability, _FACE * oval, out=probability)
    middle = outline.mean(axis=0)
    up = outline[0] - middle  # towards the hairline
    crown = middle + (outline - middle) * 1.25 + up * 0.3
    hair = np.clip(_polygon(crown, (height, width)) - oval, 0, 1)
    above = hair * (((np.indices((height, width))[::-1].transpose(1, 2, 0) - middle) @ up) > 0)
    if above.sum() and float((probability * above).sum() / above.sum()) < 0.3:
        np.maximum(probability, _HAIR * above.astype(np.float32), out=probability)


def _polygon(points: NDArray[np.float64], shape: tuple[int, int]) -> Array:
    out = np.zeros(shape, np.uint8)
    cv2.fillPoly(out, [np.round(points * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return np.asarray(out / 255, np.float32)
