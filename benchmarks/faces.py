"""Faces measured: ``python -m benchmarks.faces [detection] [stability] [pose] [speed]``; all without a word.

detection: faces_200px and portraits (photos in which a face is found), photos without people (faces found there;
``without_people.txt`` lists them), and faces pasted at known sizes into a photo of 4000 x 3000 pixels.
stability: how far the 478 points move, in percent of the face's width, when the photo is shifted by up to 2 pixels or
scaled by 0.5 to 2. pose: turns of ordinary portraits, and what mirroring does to them. speed: processor seconds and
memory at 1, 12 and 24 megapixels. The networks must be installed (``tinct models fetch --defaults``).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import mosaic, photos
from tinct.faces.find import find_faces
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["main", "without_people"]

Pixels = NDArray[np.uint8]


def without_people() -> list[Path]:
    """Photos of eval/color_photos that show nobody."""
    lines = Path(__file__).with_name("without_people.txt").read_text().splitlines()
    names = {line for line in lines if line and not line.startswith("#")}
    return [path for path in photos("color_photos") if path.name in names]


def detection() -> None:
    for folder in ("faces_200px", "portraits"):
        found = [(path.name, len(find_faces(tinct.open(path)))) for path in photos(folder)]
        missed = [name for name, count in found if count == 0]
        total = sum(count for _, count in found)
        print(
            f"{folder}: a face in {len(found) - len(missed)} of {len(found)} photos, {total} in all", *missed
        )
    false = {path.name: len(find_faces(tinct.open(path))) for path in without_people()}
    wrong = [f"{name} ({count})" for name, count in false.items() if count]
    print(f"without people: faces in {len(wrong)} of {len(false)} photos", *wrong)
    for times in (30, 100, 300):
        found = [(path.name, len(find_faces(_darker(path, times)))) for path in photos("portraits")[::2]]
        lost = [name for name, count in found if not count]
        wrong = [path.name for path in without_people()[::4] if find_faces(_darker(path, times))]
        print(
            f"{times} times darker: a face in {len(found) - len(lost)} of {len(found)} portraits, "
            f"in {len(wrong)} of {len(without_people()[::4])} photos without people",
            *wrong,
        )
    heads = photos("faces_200px")[::10]
    for width in (34, 50, 67, 100, 200, 800):  # of the crop; the face takes about 0.75 of it
        seen = sum(_pasted(path, width, small=False) for path in heads)
        print(
            f"crop of {width} in 4000 x 3000 pixels (face 1/{4000 / width / 0.75:.0f}): {seen} of {len(heads)}"
        )
    seen = sum(_pasted(path, 34, small=True) for path in heads)
    print(f"crop of 34 with small faces asked for: {seen} of {len(heads)}")


def _darker(path: Path, times: float) -> Photo:
    """A photo with less light, as a sensor would see it: with noise, and in the few levels that are left."""
    rng = np.random.default_rng([round(times), *path.name.encode()])
    light = srgb_to_linear(np.asarray(tinct.open(path).pixels, np.float32) / 255) / np.float32(times)
    light = light + rng.normal(0, 1, light.shape).astype(np.float32) * np.float32((2e-5 / times) ** 0.5)
    return Photo(np.rint(linear_to_srgb(np.clip(light, 0, 1).astype(np.float32)) * 255).astype(np.uint8))


def _pasted(path: Path, width: int, *, small: bool) -> bool:
    """Whether a face is found where it was put."""
    rng = np.random.default_rng([width, *path.name.encode()])
    canvas = cv2.resize(mosaic(1), (4000, 3000), interpolation=cv2.INTER_CUBIC)
    head = np.asarray(tinct.open(path).pixels)
    method = cv2.INTER_AREA if width < head.shape[0] else cv2.INTER_CUBIC
    left, top = int(rng.integers(0, 4000 - width)), int(rng.integers(0, 3000 - width))
    canvas[top : top + width, left : left + width] = cv2.resize(head, (width, width), interpolation=method)
    middle = np.array([left + width / 2, top + width / 2])
    boxes = [face.box for face in find_faces(Photo(canvas), small=small)]
    return any(np.abs((np.array(b[:2]) + b[2:]) / 2 - middle).max() < width / 2 for b in boxes)


def stability() -> None:
    changes: dict[str, list[float]] = {
        "shift of 1 or 2": [],
        "scale 0.5": [],
        "scale 0.75": [],
        "scale 2": [],
    }
    for path in photos("faces_200px")[::6] + photos("portraits")[::2]:
        pixels = np.asarray(tinct.open(path).pixels)
        first = max(find_faces(Photo(pixels)), key=lambda face: face.width)
        for dx, dy in ((1, 0), (0, 2), (2, 1)):
            moved = Photo(np.ascontiguousarray(pixels[dy:, dx:]))
            changes["shift of 1 or 2"].append(_moved(first, moved, lambda p, d=(dx, dy): p + d))
        for factor in (0.5, 0.75, 2.0):
            method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
            scaled = Photo(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=method))
            changes[f"scale {factor:g}"].append(
                _moved(first, scaled, lambda p, f=factor: (p + 0.5) / f - 0.5)
            )
    for name, values in changes.items():
        print(f"{name}: points move by {np.median(values):.2f} % (median), {max(values):.2f} % (worst photo)")


def _moved(
    first: tinct.Face, other: Photo, back: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> float:
    """Mean distance of points in percent of the width; infinite where the face is lost."""
    found = find_faces(other)
    if not found:
        return float("inf")
    ways = [np.linalg.norm(back(face.points[:, :2]) - first.points[:, :2], axis=1).mean() for face in found]
    return 100 * float(min(ways)) / first.width


def pose() -> None:
    straight, turns, mirrored = [], [], []
    for path in photos("faces_200px", "portraits"):
        pixels = np.asarray(tinct.open(path).pixels)
        found = find_faces(Photo(pixels))
        other = find_faces(Photo(np.ascontiguousarray(pixels[:, ::-1])))
        if len(found) != 1 or len(other) != 1:
            continue
        one, two = found[0].pose, other[0].pose
        turns.append((one.yaw, one.pitch, one.roll))
        mirrored.append((one.yaw + two.yaw, one.pitch - two.pitch, one.roll + two.roll))
        if abs(one.yaw) < 12:
            straight.append(one.pitch)
    print(f"pitch of {len(straight)} faces turned by less than 12 degrees: median {np.median(straight):+.1f}")
    for name, values in zip(("yaw", "pitch", "roll"), np.transpose(turns), strict=True):
        low, middle, high = np.percentile(values, [5, 50, 95])
        print(f"{name}: median {middle:+.1f}, 5 % below {low:+.1f}, 5 % above {high:+.1f} degrees")
    for name, values in zip(("yaw", "pitch", "roll"), np.abs(np.transpose(mirrored)), strict=True):
        print(
            f"{name} of the mirrored photo differs by {values.mean():.1f} on average, {values.max():.1f} at most"
        )


def speed() -> None:
    pixels = np.asarray(tinct.open(photos("portraits")[-1]).pixels)
    find_faces(Photo(pixels))  # sessions are made
    for megapixels in (1, 12, 24):
        height = round((megapixels * 1e6 / 1.5) ** 0.5)
        canvas = mosaic(megapixels)
        side = height // 4
        canvas[side : 2 * side, side : 2 * side] = cv2.resize(pixels[:800, :800], (side, side))
        for small in (False, True):
            busy, wall = time.process_time(), time.perf_counter()
            count = len(find_faces(Photo(canvas), small=small))
            busy, wall = time.process_time() - busy, time.perf_counter() - wall
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(
                f"{megapixels} MP{' small' if small else ''}: {busy:.2f} processor s, {wall:.2f} s, "
                f"{count} faces, peak {peak:.2f} GB"
            )


def main() -> None:
    """Run the parts that are named, or all."""
    parts = {"detection": detection, "stability": stability, "pose": pose, "speed": speed}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *parts], default=[])
    for name in parser.parse_args().parts or parts:
        print(f"-- {name}")
        parts[name]()


if __name__ == "__main__":
    main()
