"""Choose what is asked of damage, on the photos for tuning: ``python -m training.damage.bounds``.

Each photo is judged as it is and with damage drawn on it; of all settings that change at most so much of the clean
ones, those are printed that find most at each precision. Copy one into ``tinct.imaging.damage.find``.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.find import Bounds, Gate, kept, odds_of
from training.damage.draw import draw
from training.damage.parts import tuning

__all__ = ["Judged", "gates", "main", "measured"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_RIM = np.ones((3, 3), np.uint8)  # as `restore` widens what it finds
_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_CHANGED = 0.0007  # of clean photos, at most


@dataclass(frozen=True, eq=False)
class Judged:
    """Log-odds (h, w) of a photo as it is and damaged, and where the damage is."""

    clean: Array
    damaged: Array
    truth: Flags
    near: Flags
    """Within two pixels of it."""


def judged(pixels: NDArray[np.uint8], seed: int) -> Judged:
    """One photo."""
    damaged, truth = draw(pixels, np.random.default_rng(seed))
    odds = [odds_of(seen.astype(np.float32) / 255) for seen in (pixels, damaged)]
    return Judged(odds[0], odds[1], truth, _widened(truth, _NEAR))


def _widened(flags: Flags, by: NDArray[np.uint8]) -> Flags:
    return np.asarray(cv2.dilate(flags.astype(np.uint8), by) > 0)


def measured(some: list[Judged], gate: Gate) -> tuple[float, float, float]:
    """Means over photos: recall, precision, share of a clean photo that would change."""
    figures = []
    for one in some:
        found = _widened(kept(one.damaged, gate), _RIM)
        wrong = _widened(kept(one.clean, gate), _RIM)
        recall = (one.truth & _widened(found, _NEAR)).sum() / max(one.truth.sum(), 1)
        figures.append((recall, (found & one.near).sum() / max(found.sum(), 1), wrong.mean()))
    recall, precision, changed = np.mean(figures, axis=0)
    return float(recall), float(precision), float(changed)


def gates() -> list[Gate]:
    """What is tried."""
    return [
        Gate(certain, Bounds(*likely), worn)
        for certain in (Bounds(1, 5, 40), Bounds(1, 7, 100))
        for likely in itertools.product((-5.0, -4.0, -3.0, -2.0), (-1.0, 0.0, 1.0), (1, 3, 9))
        for worn in (0.02, 0.03, 0.04, 0.05)
    ]


def main() -> None:
    """Try settings, print the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tries", type=int, default=150)
    options = parser.parse_args()
    some = [judged(pixels, 7000 + number) for number, pixels in enumerate(tuning())]
    every = gates()
    rng = np.random.default_rng(0)
    tried = [every[index] for index in rng.permutation(len(every))[: options.tries]]
    rows = sorted(((*measured(some, gate), gate) for gate in tried), key=lambda row: -row[0])
    best = 0.0
    for recall, precision, changed, gate in rows:
        if changed <= _CHANGED and precision > best:
            best = precision
            print(f"recall {recall:.3f} precision {precision:.3f} clean {changed:.4%}  {gate}", flush=True)


if __name__ == "__main__":
    main()
