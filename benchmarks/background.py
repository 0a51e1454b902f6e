"""Mattes and backgrounds: ``python -m benchmarks.background [mattes|speed ...] [--sheet FILE [--photos NAME ...]]``.

Photos of eval/matting_people; the masks there are silver, made by others' programs. MAE: mean absolute difference of
mattes, 0..1. IoU: of the two where they are above a half. The sheet shows what is cut out, on magenta, of photos of
anything (eval/color_photos, or those named), with the engine, the confidence and the coverage, to be judged by eye.
Objects before other photos are measured by ``python -m training.subject.evaluate``.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks import data
from benchmarks.tables import table

__all__ = ["main"]


def _pairs() -> list[tuple[Path, Path]]:
    masks = [path for path in data.photos("matting_people") if path.stem.endswith("_mask")]
    return [(path.with_name(path.stem.removesuffix("_mask") + ".jpg"), path) for path in masks]


def mattes() -> str:
    """How close the mattes come."""
    from tinct.models import store

    rows = []
    for subject, engine in (
        ("person", "person"),
        ("any", "isnet" if store.installed("isnet") else "subject"),
    ):
        figures, missed = [], 0
        for photo, mask in _pairs():
            truth = tinct.open(mask).pixels[..., 1] / 255
            try:
                made = tinct.background(tinct.open(photo), "mask", subject=subject).photo.pixels[..., 0] / 255  # type: ignore[arg-type]
            except tinct.errors.ParameterError:
                made, missed = np.zeros_like(truth), missed + 1
            both, either = (made > 0.5) & (truth > 0.5), (made > 0.5) | (truth > 0.5)
            figures.append((np.abs(made - truth).mean(), both.sum() / max(either.sum(), 1)))
        mae, iou = np.mean(figures, axis=0)
        rows.append((engine, str(len(figures)), f"{mae:.4f}", f"{iou:.3f}", str(missed)))
    note = "Goals: MAE 0.03 or less, IoU 0.93 or more. Missed: photos in which no subject was found."
    return table("Mattes", note, ("engine", "photos", "MAE", "IoU", "missed"), rows)


def speed() -> str:
    """Seconds and peak memory at 12 megapixels."""
    photo = tinct.open(_pairs()[0][0])
    large = tinct.Photo(
        np.asarray(cv2.resize(photo.pixels, (4000, 3000), interpolation=cv2.INTER_CUBIC), np.uint8)
    )
    rows = []
    for mode in ("mask", "remove", "change", "blur"):
        began = time.perf_counter()
        tinct.background(large, mode, colors="#808080" if mode == "change" else None)  # type: ignore[arg-type]
        rows.append((mode, f"{time.perf_counter() - began:.2f}"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return table(
        "Speed", f"At 12 megapixels; the process peaked at {peak:.0f} MB.", ("mode", "seconds"), rows
    )


def sheet(paths: list[Path], cell: int = 300, columns: int = 6) -> NDArray[np.uint8]:
    """Photos and what is cut out of them, side by side."""
    cells = []
    for path in paths:
        photo = tinct.open(path)
        shown = np.uint8(255) * np.clip(photo.proxy(cell), 0, 1)
        try:
            made = tinct.background(photo, "mask")
            matte = cv2.resize(made.photo.pixels, shown.shape[1::-1], interpolation=cv2.INTER_AREA) / 255
            said = f"{made.engine} {made.confidence:.2f} {made.coverage:.0%}"
        except tinct.errors.ParameterError:
            matte, said = np.zeros((*shown.shape[:2], 3)), "nothing"
        both = np.zeros((cell + 20, 2 * cell, 3), np.uint8)
        both[: shown.shape[0], : shown.shape[1]] = shown
        both[: shown.shape[0], cell : cell + shown.shape[1]] = shown * matte + (1 - matte) * [255, 0, 255]
        text = f"{path.stem[:30]}: {said}"
        cv2.putText(
            both, text, (4, cell + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA
        )
        cells.append(both)
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])


_PARTS = {"mattes": mattes, "speed": speed}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*_PARTS, []], help="all by default")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--photos", type=Path, nargs="*", help="of the sheet; color_photos by default")
    options = parser.parse_args()
    if options.sheet:
        cv2.imwrite(str(options.sheet), sheet(options.photos or data.photos("color_photos"))[..., ::-1])
        return
    for part in options.parts or _PARTS:
        print(_PARTS[part](), flush=True)


if __name__ == "__main__":
    main()
