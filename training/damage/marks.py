"""Train what keeps or leaves whole marks: ``python -m training.damage.marks OUT.onnx``.

Marks of photos that the network never saw, as they are and aged, clean, and with much or little damage drawn on them:
of each it is known whether it lies on damage. Logistic regression with a small penalty, by Newton's method (Hastie,
Tibshirani and Friedman 2009, "The elements of statistical learning", 4.4.1); large marks count for more, by the root of
their area. Network and judges, as they are in the package, are heard: install them first.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.find import heard
from tinct.imaging.damage.marks import Marks, marks_of
from training.damage.draw import draw
from training.damage.judges import exported
from training.damage.pairs import few, worn
from training.damage.parts import unseen

__all__ = ["examples", "fitted", "main", "near", "on_damage", "variants"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_RIDGE = 1e-3  # of the mean weight
_ROUNDS = 30
_SMALL = 40  # small photos


def near(truth: Flags) -> Flags:
    """Pixels (h, w) within two of damage."""
    return np.asarray(cv2.dilate(truth.astype(np.uint8), _NEAR) > 0)


def variants(pixels: Pixels, number: int) -> Iterator[tuple[Pixels, Flags]]:
    """A photo clean and damaged, as it is and aged, and where the damage is."""
    rng = np.random.default_rng(500 + number)
    old = worn(pixels, rng)
    none = np.zeros(pixels.shape[:2], np.bool_)
    yield pixels, none
    yield old, none
    yield draw(pixels, rng)
    yield draw(old, rng, few(old, rng) if number % 2 == 0 else None)


def on_damage(marks: Marks, truth: Flags) -> tuple[Array, Array]:
    """Which marks (n,) lie mostly on damage, and the area (n,) of each."""
    count = len(marks.features) + 1
    area = np.bincount(marks.of.ravel(), minlength=count)[1:].astype(np.float32)
    hit = np.bincount(marks.of.ravel(), near(truth).ravel(), count)[1:]
    return (hit > area / 2).astype(np.float32), area


def examples(photos: Iterator[Pixels]) -> tuple[Array, Array, Array]:
    """Features (n, f), whether damage (n,) and weight (n,) of all marks."""
    parts = []
    for number, pixels in enumerate(photos):
        for seen, truth in variants(pixels, number):
            marks = marks_of(*heard(seen.astype(np.float32) / 255))
            damaged, area = on_damage(marks, truth)
            parts.append((marks.features, damaged, np.sqrt(area)))
    features, damaged, weight = (np.concatenate(some) for some in zip(*parts, strict=True))
    return features, damaged, weight


def fitted(features: Array, damaged: Array, weight: Array) -> tuple[Array, Array]:
    """Factors (f, 1) and offset (1,) of scaled features (n, f)."""
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1).astype(np.float64)
    w = weight / weight.mean()
    beta = np.zeros(x.shape[1])
    penalty = np.full(len(beta), _RIDGE * len(x))
    penalty[-1] = 0
    for _ in range(_ROUNDS):
        sure = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (w * (sure - damaged)) + penalty * beta
        bend = (x * (w * sure * (1 - sure))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(bend, slope)
        beta -= step
        if np.abs(step).max() < 1e-6:
            break
    return beta[:-1, None].astype(np.float32), beta[-1:].astype(np.float32)


def main() -> None:
    """Hear, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    features, damaged, weight = examples(unseen(_SMALL))
    mean, spread = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    scaled = np.clip((features - mean) / spread, -5, 5)
    data = exported(mean, spread, list(fitted(scaled, damaged, weight)))
    options.out.write_bytes(data)
    print(f"{len(features)} marks, {damaged.mean():.0%} of them damage")
    print(f"{options.out.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
