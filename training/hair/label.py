"""Labels made by rules: ``python -m training.hair.label WORK --minutes 25``; stops and resumes.

The teacher is Tinct's own way without a network (tinct.imaging.hair.classical): people, mesh, and each photo's colours.
It sees every head twice, once mirrored and in another light; heads on which its two answers disagree are dropped, and
so are those whose hair covers the throat, which is where dark clothes are taken for hair. What stays is written in
the upright view of a head that the network sees: classes hair, face, other person, anything else, and where nothing
is known.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.errors import TinctError
from tinct.faces.face import Face
from tinct.faces.find import find_faces
from tinct.faces.pose import pose_of
from tinct.imaging.hair.classical import rough_hair
from tinct.imaging.hair.seen import Seen, look
from tinct.imaging.hair.upright import upright
from tinct.photo.photo import Photo
from training.shards import entries, photos

__all__ = ["BACK", "FACE", "HAIR", "OTHER", "UNKNOWN", "main"]

HAIR, FACE, OTHER, BACK, UNKNOWN = 0, 1, 2, 3, 255
"""Classes, in the order of the network's channels, and where there is no label."""
_SOURCES = ("muxface", "news", "ava", "tvframes", "templates", "picsum", "web", "voc", "imgbase", "osie")
_LEAST, _YAW = 34, 50  # width of a face in the stored photo; degrees
_AGREE = 0.84  # intersection over union of two answers
_THROAT = 0.3  # of the column under the chin


def _order() -> set[str]:
    """Keys of the photos to look at; `photos` gives them in the order of their shards."""
    return {row.key for row in entries() if row.source in _SOURCES}


def _views(photo: Photo, face: Face) -> Iterator[tuple[Seen, NDArray[np.float32], float]]:
    """What is seen, and the teacher's answer: plain, and mirrored in other light."""
    seen = look(photo, face)
    rough = rough_hair(seen)
    yield seen, rough.mask, rough.crown
    lighter = np.rint(255 * (photo.pixels[:, ::-1] / 255.0) ** 0.85).astype(np.uint8)
    points = face.points.copy()
    points[:, 0] = photo.width - 1 - points[:, 0]
    points = points[_mirror()]
    turned = Face(points, face.confidence, pose_of(points), face.photo_size)
    again = rough_hair(look(Photo(np.ascontiguousarray(lighter)), turned))
    yield seen, np.ascontiguousarray(again.mask[:, ::-1]), again.crown


def _mirror() -> NDArray[np.int64]:
    from tinct.faces.canonical import mirror

    return np.concatenate([mirror(), np.arange(468, 478)])


def _label(
    photo: Photo, face: Face, others: list[Face]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """The upright view (h, w, 3) and its classes (h, w); None where the rules are not sure."""
    (seen, one, crown), (_, two, crown2) = _views(photo, face)
    if two.shape != one.shape:
        two = cv2.resize(two, one.shape[::-1], interpolation=cv2.INTER_NEAREST)
    both, any_ = float(((one > 0) & (two > 0)).sum()), float(((one > 0) | (two > 0)).sum())
    bald = any_ == 0
    if bald and (max(crown, crown2) > 0.04 or not _above(seen)):
        return None
    if not bald and both / max(any_, 1) < _AGREE:
        return None
    chin = float(seen.place(152)[1])
    throat = (np.abs(seen.u) < 0.22) & (seen.v > chin + 0.25) & (seen.v < chin + 1.2)
    if throat.any() and one[throat].mean() > _THROAT:
        return None
    classes = np.full(seen.shape, BACK, np.uint8)
    oval = seen.oval > 0.5
    classes[oval] = FACE
    for other in others:
        x, y = (other.points[:, :2].mean(axis=0) - [seen.window.left, seen.window.top]) * seen.scale
        across = other.width * seen.scale
        classes[np.hypot(np.indices(seen.shape)[1] - x, np.indices(seen.shape)[0] - y) < 0.75 * across] = (
            OTHER
        )
    classes[one > 0] = HAIR
    classes[(one > 0) != (two > 0)] = UNKNOWN
    edge = cv2.morphologyEx((one > 0).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    classes[edge & (seen.person < 0.9)] = UNKNOWN
    classes[seen.never & seen.grown(one > 0, 0.06) & (seen.v < 0.02)] = UNKNOWN  # brows below a fringe
    view, flat = (
        upright(seen.rgb, seen.frame, cv2.INTER_LINEAR),
        upright(classes, seen.frame, cv2.INTER_NEAREST),
    )
    inside = upright(np.ones(seen.shape, np.uint8), seen.frame, cv2.INTER_NEAREST) > 0
    flat = np.where(inside, flat, UNKNOWN)
    return np.rint(view * 255).astype(np.uint8), flat.astype(np.uint8)


def _above(seen: Seen) -> bool:
    """Whether the photo shows what is above the forehead."""
    return float(seen.v.min()) < float(seen.place(10)[1]) - 0.35


def _heads(pixels: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Labelled views of the heads of a photo."""
    large = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    photo = Photo(np.ascontiguousarray(large, np.uint8))
    found = list(find_faces(photo))
    for face in found:
        if face.width < 2 * _LEAST or abs(face.pose.yaw) > _YAW or face.confidence < 0.7 or len(found) > 3:
            continue
        made = _label(photo, face, [other for other in found if other is not face])
        if made is not None:
            yield made


def main() -> None:
    """Write ``part-N.npz`` with views (n, h, w, 3), classes (n, h, w) and keys (n,), a hundred heads each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=25, help="of processor time")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    seen_file = options.work / "seen.txt"
    done = set(seen_file.read_text().split()) if seen_file.exists() else set()
    number = len(list(options.work.glob("part-*.npz")))
    views, classes, keys = [], [], []
    start = time.process_time()
    with seen_file.open("a") as log:
        for key, pixels in photos(_order() - done):
            if time.process_time() - start > options.minutes * 60:
                break
            log.write(key + "\n")
            try:
                made = list(_heads(pixels))
            except TinctError:
                continue
            for view, label in made:
                views.append(view)
                classes.append(label)
                keys.append(key)
            if len(keys) >= 100:
                log.flush()
                path = options.work / f"part-{number:03}.npz"
                np.savez_compressed(
                    path, views=np.stack(views), classes=np.stack(classes), keys=np.array(keys)
                )
                number += 1
                views, classes, keys = [], [], []
                print(number, "parts", round(time.process_time() - start), "s", flush=True)


if __name__ == "__main__":
    main()
