"""Labels by teachers: ``python -m training.person.label WORK --models FOLDER [--worker I --workers N]``.

The teacher of outlines is ``selfie_segmentation.tflite`` of the package ``mediapipe==0.10.14`` (Apache-2.0); FOLDER is
that wheel, unpacked. It takes lone dogs, flowers and shoes for people; the person segmenter that Tinct ships does not,
but misses limbs. So a photo is kept with the outlines of the first where both mean the same people, and where they
differ over a whole patch nothing is learned from that patch. A photo on which the first sees people and Tinct
decides, by faces, heads and its own segmenter, that nobody is there, is kept as empty.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.people import find_people
from tinct.imaging.segment import predict
from tinct.photo.photo import Photo
from training.person.selfie import MODEL
from training.shards import Entry, entries, part, photos

__all__ = ["CANVAS", "PEOPLE", "PLAIN", "Teacher", "label", "main"]

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

CANVAS: Final = 192
"""Longer side of a stored photo, in pixels; it lies in the corner of a square canvas."""
PEOPLE: Final = {
    "flickr": 1300, "caption8k": 1100, "ccp": 500, "sports": 600, "muxface": 200, "utkface": 300, "cocosearch": 500,
    "voc": 300, "cocovqa": 200, "news": 350, "travel": 300, "web": 400, "osie": 150, "flickrpoem": 300,
    "templates": 150, "ava": 200, "tvframes": 60, "pacs": 100,
}  # fmt: skip
"""Photos that are looked at for people, by source."""
PLAIN: Final = {
    "imagewoof": 600, "catsdogs": 450, "birds": 350, "afhq": 200, "mozgalo": 150, "food": 150, "fruit": 100,
    "flowers5": 100, "caltech101": 600, "imgbase": 300, "antiq": 150, "gifts": 200, "in1k": 127, "in1k2": 500,
    "imagenette": 250, "instruments": 250, "grocery": 150, "cars": 120, "houses": 80, "pillow": 80, "rooms": 120,
    "clothing": 300, "inmini": 200, "sysuscene": 300, "natscene": 80, "landscape": 80, "intel": 100, "themes": 100,
}  # fmt: skip
"""Photos that mostly hold nobody, by source."""
_DISAGREE: Final = 0.05  # mean absolute difference between views above which a photo is dropped
_NOBODY: Final = 0.003  # of the photo; less is seen by chance
_SAME: Final = 0.55  # overlap of both teachers above which they mean the same people
_PATCH: Final = 24  # a patch is this part of the longer side wide
_EASY: Final = 4  # one in so many photos without anything like a person is kept
_SHARD: Final = 512


class Teacher:
    """Selfie segmentation at 256x256."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._net = Interpreter(str(folder / MODEL), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._output = self._net.get_output_details()[0]["index"]

    def once(self, rgb: Image) -> Array:
        """Matte (h, w) float32 of RGB pixels (h, w, 3)."""
        height, width = rgb.shape[:2]
        small = cv2.resize(rgb, (256, 256), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        self._net.set_tensor(self._input, small[None])
        self._net.invoke()
        matte = self._net.get_tensor(self._output)[0, ..., 0]
        return np.asarray(cv2.resize(matte, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    def views(self, rgb: Image) -> list[Array]:
        """Mattes of the plain, mirrored and padded photo, each (h, w)."""
        mirrored = np.ascontiguousarray(rgb[:, ::-1])
        edge = min(rgb.shape[:2]) // 8
        padded = cv2.copyMakeBorder(rgb, edge, edge, edge, edge, cv2.BORDER_REFLECT_101)
        inner = self.once(padded)[edge:-edge, edge:-edge]
        return [self.once(rgb), self.once(mirrored)[:, ::-1], inner]


def _taught(rgb: Image, teacher: Teacher) -> tuple[Array, bool]:
    """The teacher's matte (h, w) with small people looked at again from near; and whether its views agree."""
    views = teacher.views(rgb)
    matte = np.asarray(np.mean(views, axis=0), np.float32)
    agree = max(float(np.abs(view - matte).mean()) for view in views) <= _DISAGREE
    rows, columns = (np.flatnonzero((matte > 0.5).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return matte, agree
    height, width = matte.shape
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    margin = 0.2 * (box[2:] - box[:2]) + 4
    left, top = np.maximum(box[:2] - margin, 0).astype(int)
    right, bottom = np.minimum(box[2:] + margin, (width, height)).astype(int)
    if (right - left) * (bottom - top) < 0.6 * height * width:
        near = np.zeros_like(matte)
        crop = np.ascontiguousarray(rgb[top:bottom, left:right])
        mirrored = np.ascontiguousarray(crop[:, ::-1])
        near[top:bottom, left:right] = (teacher.once(crop) + teacher.once(mirrored)[:, ::-1]) / 2
        agree = agree and float(np.abs(near - matte).mean()) <= _DISAGREE
        matte = 0.35 * matte + 0.65 * near
    return matte, agree


def label(rgb: Image, teacher: Teacher, key: str) -> tuple[Array, NDArray[np.bool_]] | None:
    """Matte (h, w) in 0..1 and what may be learned from (h, w); None: the photo is left out."""
    matte, agree = _taught(rgb, teacher)
    unit = rgb.astype(np.float32) / 255
    own = (predict(unit) + predict(np.ascontiguousarray(unit[:, ::-1]))[:, ::-1]) / 2
    inside, mine = matte > 0.5, own > 0.5
    everywhere = np.ones(matte.shape, bool)
    if max(inside.mean(), mine.mean()) < _NOBODY:
        return (np.zeros_like(matte), everywhere) if part(key, _EASY) == 0 else None
    if agree and (inside & mine).sum() >= _SAME * (inside | mine).sum():
        side = max(3, max(matte.shape) // _PATCH)
        apart = np.zeros(matte.shape, np.uint8)
        for differs in (inside & ~mine, mine & ~inside):
            apart |= cv2.morphologyEx(
                differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)
            )
        return matte, cv2.dilate(apart, np.ones((3, 3), np.uint8)) == 0
    if mine.mean() < 0.25 * inside.mean() and find_people(Photo(rgb)) is None:
        return np.zeros_like(matte), everywhere
    return None


def _chosen(rows: list[Entry], worker: int, workers: int) -> set[str]:
    left = PEOPLE | PLAIN
    keys = []
    for row in rows:
        if left.get(row.source, 0) > 0:
            left[row.source] -= 1
            keys.append(row.key)
    return {key for key in keys if part(key, workers) == worker}


def _labelled(keys: set[str], teacher: Teacher) -> Iterator[tuple[str, Image, Image, Image]]:
    """Key, photo, matte and what is learned from, each with its longer side at most CANVAS."""
    for key, pixels in photos(keys):
        scale = CANVAS / max(pixels.shape[:2])
        if scale < 1:
            pixels = np.asarray(
                cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
            )
        found = label(pixels, teacher, key)
        if found is not None:
            matte, learned = found
            yield key, pixels, np.rint(matte * 255).astype(np.uint8), learned.astype(np.uint8) * 255


def main() -> None:
    """Write ``part-I-*.npz``: photos (n, CANVAS, CANVAS, 3), mattes, learned, sizes (n, 2), keys."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    teacher = Teacher(options.models)
    options.work.mkdir(parents=True, exist_ok=True)
    held: list[tuple[str, Image, Image, Image]] = []
    number = 0

    def write() -> None:
        nonlocal number
        arrays = {
            name: np.zeros((len(held), CANVAS, CANVAS, *one.shape[2:]), np.uint8)
            for name, one in zip(("photos", "mattes", "learned"), held[0][1:], strict=True)
        }
        for place, (_, *images) in enumerate(held):
            for array, image in zip(arrays.values(), images, strict=True):
                array[place, : image.shape[0], : image.shape[1]] = image
        sizes = np.array([one[1].shape[:2] for one in held])
        path = options.work / f"part-{options.worker}-{number:03d}"
        np.savez(path.with_suffix(".tmp.npz"), keys=[one[0] for one in held], sizes=sizes, **arrays)
        path.with_suffix(".tmp.npz").replace(path.with_suffix(".npz"))
        number += 1
        print("kept", (number - 1) * _SHARD + len(held), flush=True)
        held.clear()

    for one in _labelled(_chosen(entries(), options.worker, options.workers), teacher):
        held.append(one)
        if len(held) == _SHARD:
            write()
    if held:
        write()


if __name__ == "__main__":
    main()
