"""Score the shipped segmenter on people with silver masks: ``python -m training.person.evaluate [--models FOLDER]``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.people import find_people
from tinct.photo.photo import Photo
from training.person.label import Teacher
from training.shards import data_folder

__all__ = ["main"]

_SIDE = 512


def _proxy(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _student(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    people = find_people(Photo(rgb))
    return np.zeros(rgb.shape[:2], np.float32) if people is None else people.small


def _score(segment: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> tuple[float, float]:
    """Mean absolute error and mean intersection over union."""
    folder = data_folder() / "eval" / "matting_people"
    errors, overlaps = [], []
    for mask_path, photo_path in _pairs(folder):
        rgb = _proxy(np.ascontiguousarray(cv2.imread(str(photo_path))[..., ::-1]))
        truth = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE)
        truth = cv2.resize(truth, rgb.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        found = segment(rgb)
        errors.append(float(np.abs(found - truth).mean()))
        inside, real = found > 0.5, truth > 0.5
        overlaps.append(float((inside & real).sum() / max((inside | real).sum(), 1)))
    return float(np.mean(errors)), float(np.mean(overlaps))


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Mask and photo of each case."""
    masks = sorted(folder.glob("*_mask.png"))
    return [(mask, mask.with_name(mask.name.replace("_mask.png", ".jpg"))) for mask in masks]


def main() -> None:
    """Print a table row for the student and, with --models, for its teacher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path)
    options = parser.parse_args()
    print("| segmenter | mean absolute error | IoU |\n|---|---|---|")
    print("| Tinct person | {:.4f} | {:.3f} |".format(*_score(_student)))
    if options.models:
        teacher = Teacher(options.models)
        print("| MediaPipe selfie (teacher) | {:.4f} | {:.3f} |".format(*_score(teacher.once)))


if __name__ == "__main__":
    main()
