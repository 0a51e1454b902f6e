"""Labels made by rules: ``python -m training.hair.label WORK``, after `training.hair.heads`; stops and resumes.

The teacher is Tinct's own way without a network (training.hair.classical): people, mesh, and each photo's colours.
It sees every head twice, once mirrored and in another light; heads on which its two answers disagree are dropped, and
the rest is looked at by a person, whose verdicts (`training.hair.verdicts`) drop or mend it, because the rules take
hats and dark clothes for hair. It is written in the upright view of a head that the network sees.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.errors import TinctError
from tinct.faces import canonical
from tinct.faces.face import Face
from tinct.faces.find import find_faces
from tinct.faces.pose import pose_of
from tinct.imaging.hair.seen import look
from tinct.imaging.hair.upright import upright
from tinct.photo.photo import Photo
from training.hair.classical import rough_hair
from training.hair.heads import Head, framed, heads, shaped
from training.shards import entries, photos

__all__ = ["FACE", "FINER", "HAIR", "HAT", "OTHER", "REST", "UNKNOWN", "Label", "label", "main"]

HAIR, FACE, OTHER, REST, HAT, UNKNOWN = 0, 1, 2, 3, 4, 255
"""Classes, the first four as the network's channels; a hat is something else, kept apart to be recoloured."""
FINER = 1.25
"""How much larger than the network's view labels are kept, so that it can be turned and moved."""
_YAW = 50  # degrees
_AROUND = 2.6  # of the detector's box: half the side of what is looked at
_SEEN_FACE = 72.0  # pixels to which the detector's box is enlarged
_AGREE = 0.66  # intersection over union of two answers
_PART = 100  # heads in a file


@dataclass(frozen=True, eq=False)
class Label:
    """A labelled head."""

    view: NDArray[np.uint8]
    """(h, w, 3) the upright view."""
    classes: NDArray[np.uint8]
    """(h, w)"""
    agreed: float
    """Intersection over union of the teacher's two answers; 1 where both saw no hair."""
    chin: float
    """v of the chin in the head's frame."""


def _turned(photo: Photo, face: Face) -> tuple[Photo, Face]:
    """Mirrored, in other light."""
    lighter = np.rint(255 * (photo.pixels[:, ::-1] / 255.0) ** 0.85).astype(np.uint8)
    points = face.points.copy()
    points[:, 0] = photo.width - 1 - points[:, 0]
    points = points[np.concatenate([canonical.mirror(), np.arange(473, 478), np.arange(468, 473)])]
    return Photo(np.ascontiguousarray(lighter)), Face(
        points, face.confidence, pose_of(points), face.photo_size
    )


def label(photo: Photo, face: Face, others: list[Face]) -> Label | None:
    """What the rules say of a head; None where their two answers have little in common."""
    seen = look(photo, face)
    one = rough_hair(seen).mask > 0
    two = np.ascontiguousarray(rough_hair(look(*_turned(photo, face))).mask[:, ::-1]) > 0
    if two.shape != one.shape:
        two = cv2.resize(two.astype(np.uint8), one.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    any_ = float((one | two).sum())
    agreed = float((one & two).sum()) / any_ if any_ else 1.0
    if agreed < _AGREE:
        return None
    classes = np.full(seen.shape, REST, np.uint8)
    classes[seen.oval > 0.5] = FACE
    rows, columns = np.indices(seen.shape)
    for other in others:
        x, y = (other.points[:, :2].mean(axis=0) - [seen.window.left, seen.window.top]) * seen.scale
        near = np.hypot(columns - x, rows - y) < 0.75 * other.width * seen.scale
        classes[near & (seen.person > 0.5) & (seen.oval < 0.5)] = OTHER
    classes[one] = HAIR
    classes[one != two] = UNKNOWN
    edge = cv2.morphologyEx(one.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    classes[edge & (seen.person < 0.9)] = UNKNOWN
    classes[seen.never & seen.grown(one, 0.06) & (seen.v < 0.02)] = UNKNOWN  # brows below a fringe
    view = upright(seen.rgb, seen.frame, finer=FINER)
    flat = upright(classes, seen.frame, how=cv2.INTER_NEAREST, beyond=UNKNOWN, finer=FINER)
    return Label(np.rint(view * 255).astype(np.uint8), flat, agreed, float(seen.place(152)[1]))


def _near(pixels: NDArray[np.uint8], head: Head) -> Photo:
    """What is around a head, enlarged."""
    x, y = head.left + head.width / 2, head.top + head.height / 2
    reach = _AROUND * head.width
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    part = pixels[top : int(y + 1.35 * reach), left : int(x + reach)]
    scale = max(1.0, _SEEN_FACE / head.width)
    large = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return Photo(np.ascontiguousarray(large, np.uint8))


def _labelled(pixels: NDArray[np.uint8], head: Head) -> Label | None:
    """The label of a head, if it is a face that is turned towards us."""
    photo = _near(pixels, head)
    found = list(find_faces(photo))
    near = [face for face in found if face.width > 0.6 * _SEEN_FACE and face.confidence > 0.62]
    if not near or len(found) > 4:
        return None
    face = max(near, key=lambda one: one.width)
    if abs(face.pose.yaw) > _YAW:
        return None
    return label(photo, face, [other for other in found if other is not face])


def main() -> None:
    """Write ``part-N.npz`` with views (n, h, w, 3), classes (n, h, w), keys (n,), agreement (n,) and chins (n,)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=25, help="of processor time")
    parser.add_argument("--room", type=float, default=0.25, help="least room around a head; see Head.room")
    parser.add_argument("--least", type=float, default=32, help="width of a detector's box, pixels")
    parser.add_argument("--score", type=float, default=0.75, help="least score of the detector")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    seen_file = options.work / "labelled.txt"
    done = set(seen_file.read_text().split()) if seen_file.exists() else set()
    rows = {row.key: row for row in entries()}
    wanted: dict[str, list[Head]] = {}
    for head in framed(heads(options.work / "heads.csv"), options.room):
        if head.key not in done and head.width >= options.least and head.score >= options.score:
            wanted.setdefault(head.key, []).append(head)
    number = len(list(options.work.glob("part-*.npz")))
    made: list[tuple[str, Label]] = []
    start = time.process_time()
    with seen_file.open("a") as log:
        for key, pixels in photos(set(wanted)):
            if time.process_time() - start > options.minutes * 60:
                break
            log.write(key + "\n")
            for head in wanted[key]:
                try:
                    labelled = _labelled(shaped(pixels, rows[key]), head)
                except TinctError:
                    continue
                if labelled is not None:
                    made.append((key, labelled))
            if len(made) >= _PART:
                log.flush()
                _write(options.work / f"part-{number:03}.npz", made)
                number, made = number + 1, []
                print(number, "parts", round(time.process_time() - start), "s", flush=True)
    if made:
        _write(options.work / f"part-{number:03}.npz", made)


def _write(path: Path, made: list[tuple[str, Label]]) -> None:
    np.savez_compressed(
        path,
        views=np.stack([one.view for _, one in made]),
        classes=np.stack([one.classes for _, one in made]),
        keys=np.array([key for key, _ in made]),
        agreed=np.array([one.agreed for _, one in made]),
        chins=np.array([one.chin for _, one in made]),
    )


if __name__ == "__main__":
    main()
