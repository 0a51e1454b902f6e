"""Teacher labels: ``python -m training.person.label WORK --models FOLDER``.

The teacher is ``selfie_segmentation.tflite`` of the package ``mediapipe==0.10.14`` (Apache-2.0); FOLDER is that wheel,
unpacked. Each photo is shown three times (plain, mirrored, with a border) and the answers are averaged;
photos on which they disagree are dropped, and so are those whose ImageNet class is an animal or a plant, because the
teacher takes a lone dog or flower for a person. Sources without people get empty labels.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.lite0 import Classifier
from training.shards import Entry, entries, photos, square

__all__ = ["SIDE", "NatureFilter", "Teacher", "main"]

SIDE = 144
TEACHERS = {"utkface": 3200, "flickr": 4500, "ccp": 1500, "muxface": 887, "imagenette": 900}
EMPTY = {"intel": 1100, "catsdogs": 1100, "houses": 500, "grocery": 500, "scenes": 400}
_DISAGREE = 0.05  # mean absolute difference between views above which a photo is dropped


class Teacher:
    """Selfie segmentation at 256x256."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        path = folder / "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
        self._net = Interpreter(str(path), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._output = self._net.get_output_details()[0]["index"]

    def once(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Matte (h, w) float32 of RGB pixels (h, w, 3)."""
        height, width = rgb.shape[:2]
        small = cv2.resize(rgb, (256, 256), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        self._net.set_tensor(self._input, small[None])
        self._net.invoke()
        matte = self._net.get_tensor(self._output)[0, ..., 0]
        return np.asarray(cv2.resize(matte, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    def views(self, rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Mattes of the plain, mirrored and padded photo, each (h, w)."""
        mirrored = np.ascontiguousarray(rgb[:, ::-1])
        edge = rgb.shape[0] // 8
        padded = cv2.copyMakeBorder(rgb, edge, edge, edge, edge, cv2.BORDER_REFLECT_101)
        inner = self.once(padded)[edge:-edge, edge:-edge]
        return [self.once(rgb), self.once(mirrored)[:, ::-1], inner]


class NatureFilter:
    """Tells animals and plants by their ImageNet class."""

    _CLASSES = (*range(398), *range(984, 999))  # ImageNet's animals; flowers, fruit and fungi

    def __init__(self) -> None:
        self._net = Classifier().load_imagenet()

    def __call__(self, rgb: NDArray[np.uint8]) -> bool:
        view = cv2.resize(rgb, (192, 192), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        with torch.no_grad():
            logits = self._net(torch.from_numpy(view).permute(2, 0, 1)[None])
        return float(torch.softmax(logits, 1)[0, list(self._CLASSES)].sum()) > 0.5


def choose(rows: list[Entry]) -> dict[str, bool]:
    """Keys to use, in order, and whether the teacher labels them."""
    left = TEACHERS | EMPTY
    chosen = {}
    for row in rows:
        if left.get(row.source, 0) > 0:
            left[row.source] -= 1
            chosen[row.key] = row.source in TEACHERS
    return chosen


def main() -> None:
    """Write ``images.npy`` (n, SIDE, SIDE, 3) and ``mattes.npy`` (n, SIDE, SIDE), both uint8."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    teacher, is_nature = Teacher(options.models), NatureFilter()
    torch.set_num_threads(1)
    chosen = choose(entries())
    images, mattes = [], []
    for key, pixels in photos(set(chosen)):
        image = square(pixels, SIDE)
        matte = np.zeros((SIDE, SIDE), np.float32)
        if chosen[key]:
            views = teacher.views(image)
            matte = np.mean(views, axis=0)
            if is_nature(image) or max(float(np.abs(view - matte).mean()) for view in views) > _DISAGREE:
                continue
        images.append(image)
        mattes.append(np.rint(matte * 255).astype(np.uint8))
        if len(images) % 1000 == 0:
            print(len(images), "of", len(chosen), flush=True)
    options.work.mkdir(parents=True, exist_ok=True)
    np.save(options.work / "images.npy", np.stack(images))
    np.save(options.work / "mattes.npy", np.stack(mattes))
    print("kept", len(images), "of", len(chosen))


if __name__ == "__main__":
    main()
