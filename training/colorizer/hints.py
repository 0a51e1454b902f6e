"""Fit what a hint goes by: ``python -m training.colorizer.hints`` prints the weights of `tinct.effects.colorize.carry`.

A region of one colour in a colour photo stands for a thing, a cell inside it for a hint: connected cells whose chroma,
scaled by their lightness as a surface's is, stays near that of the hint. Cells clearly of another colour are not of it;
those between count for neither. Photos are of the split `choose`; no outline drawn by hand takes part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.colorize import gray, lab_of, photos
from tinct.effects.colorize.carry import evidence, heat_of
from tinct.effects.colorize.cells import Cells
from tinct.effects.colorize.join import MIDDLE
from tinct.effects.colorize.scan import lightness_seen
from tinct.imaging.likelihood import predict_chroma
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo

__all__ = ["main"]

Array = NDArray[np.float32]

_STEPS: Final = {"color_photos": 1, "small_photos": 5}  # every how many photos
_TRIES, _PER_PHOTO = 60, 4
_COLORED: Final = 16.0  # chroma of a hint's cell
_SAME, _OTHER = 11.0, 18.0  # a*, b* to the hint's
_LIT: Final = (0.5, 1.3)
_AREA: Final = (0.02, 0.5)  # share of the cells
_DRAWN: Final = {1: 120, 0: 240}  # cells of a region, and beside it; the latter count twice
_PENALTY: Final = 0.3


def regions() -> Iterator[tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Evidence (h, w, k), the region, and what is not of it, for each hint."""
    rng = np.random.default_rng(1)
    for folder, step in _STEPS.items():
        size = (256, 256) if folder == "color_photos" else None
        for number, (_, rgb) in enumerate(photos(folder, size, "choose")):
            if number % step:
                continue
            lab = srgb_to_lab(Photo(gray(rgb), gray=True).proxy(MIDDLE))
            cells = Cells.of(predict_chroma(lightness_seen(lab, "gray")))
            h, w = cells.light.shape
            truth = np.asarray(cv2.resize(lab_of(rgb), (w, h), interpolation=cv2.INTER_AREA), np.float32)
            truth[..., 0] = np.clip(cells.light, 0, 100)
            found = 0
            for _ in range(_TRIES):
                at = int(rng.integers(3, h - 3)), int(rng.integers(3, w - 3))
                parted = _parted(truth, at)
                if parted is None:
                    continue
                heat, _fixed = heat_of(cells, [[at]])
                yield evidence(cells, heat[..., 0], at), *parted
                found += 1
                if found == _PER_PHOTO:
                    break


def _parted(truth: Array, at: tuple[int, int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """The region of one colour around a cell, and what is of another; none if it is no such region."""
    if np.hypot(*truth[at][1:]) < _COLORED or not 20 < truth[at][0] < 90:
        return None
    lit = np.clip((truth[..., 0] + 16) / (truth[at][0] + 16), *_LIT)[..., None]
    away = np.linalg.norm(truth[..., 1:] - truth[at][1:] * lit, axis=-1)
    around = np.ones((3, 3), np.uint8)
    same = np.asarray(cv2.morphologyEx((away < _SAME).astype(np.uint8), cv2.MORPH_CLOSE, around), np.uint8)
    labels = cv2.connectedComponents(same, connectivity=4)[1]
    whole = ((labels == labels[at]) & (same > 0)).astype(np.uint8)
    core = cv2.erode(whole, around) > 0
    other = (away > _OTHER) & (cv2.dilate(whole, around) == 0)
    if not core[at] or not _AREA[0] < whole.mean() < _AREA[1] or other.sum() < 100:
        return None
    return core, other


def main() -> None:
    """Print weights and bias."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    rng = np.random.default_rng(0)
    rows, labels, counts = [], [], []
    found = list(regions())
    for told, core, other in found:
        for label, part in ((1, core), (0, other)):
            chosen = rng.permutation(told[part])[: _DRAWN[label]]
            rows.append(chosen)
            labels.append(np.full(len(chosen), label))
            counts.append(np.full(len(chosen), (2 - label) / len(chosen)))
    x = np.concatenate(rows)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=_PENALTY, max_iter=200).fit(
        (x - mean) / spread, np.concatenate(labels), sample_weight=np.concatenate(counts) * 300
    )
    weights = fitted.coef_[0] / spread
    bias = fitted.intercept_[0] - (weights * mean).sum()
    print(f"{len(found)} regions, weights {weights.round(4).tolist()}, bias {bias:.4f}")


if __name__ == "__main__":
    main()
