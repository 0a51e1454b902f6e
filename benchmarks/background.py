"""Mattes and backgrounds: ``python -m benchmarks.background [mattes|speed ...]``; photos of eval/matting_people.

The masks there are silver, made by others' programs. MAE: mean absolute difference of mattes, 0..1. IoU: of the two
where they are above a half.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import cv2
import numpy as np

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
    for subject, engine in (("person", "person"), ("any", "isnet")):
        if engine == "isnet" and not store.installed("isnet"):
            continue
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


_PARTS = {"mattes": mattes, "speed": speed}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*_PARTS, []], help="all by default")
    for part in parser.parse_args().parts or _PARTS:
        print(_PARTS[part](), flush=True)


if __name__ == "__main__":
    main()
