"""Choose what is asked of damage, on the photos for tuning: ``python -m training.damage.bounds``.

Each photo is judged as it is and with damage drawn on it; all settings are printed, those that find most first. The
one in ``tinct.imaging.damage.find`` finds most of those that spoil at most a tenth of the clean photos, at a precision
above 0.72.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.find import Bounds, Gate, kept, odds_of
from training.damage.draw import draw
from training.damage.parts import tuning

__all__ = ["Judged", "Measured", "gates", "main", "measured"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_RIM = np.ones((3, 3), np.uint8)  # as `restore` widens what it finds
_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_SPOILT = 0.001  # of a clean photo's pixels, above which it is


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


class Measured(NamedTuple):
    """What a gate does."""

    recall: float
    precision: float
    """Of the photos in which something is found."""
    changed: float
    """Share of a clean photo's pixels, in the mean."""
    spoilt: int
    """Clean photos of which more than a thousandth changes."""


def measured(some: list[Judged], gate: Gate) -> Measured:
    """Means over photos."""
    recalls, precisions, changed = [], [], []
    for one in some:
        found = _widened(kept(one.damaged, gate), _RIM)
        recalls.append((one.truth & _widened(found, _NEAR)).sum() / max(one.truth.sum(), 1))
        if found.any():
            precisions.append((found & one.near).sum() / found.sum())
        changed.append(_widened(kept(one.clean, gate), _RIM).mean())
    return Measured(
        float(np.mean(recalls)),
        float(np.mean(precisions)) if precisions else float("nan"),
        float(np.mean(changed)),
        int((np.array(changed) > _SPOILT).sum()),
    )


def gates() -> list[Gate]:
    """What is tried."""
    certain = Bounds(1, 5, 40)
    return [
        Gate(certain, Bounds(*likely), worn)
        for likely in ((-3.5, 0, 3), (-2.5, 0.5, 4), (-2, 0.5, 4), (-1, 2, 12))
        for worn in (0.005, 0.01, 0.02, 0.03, 0.04, 0.05)
    ]


def main() -> None:
    """Try settings, print all."""
    some = [judged(pixels, seed + number) for number, pixels in enumerate(tuning()) for seed in (7000, 9000)]
    rows = [(measured(some, gate), gate) for gate in gates()]
    for (recall, precision, changed, spoilt), gate in sorted(rows, key=lambda row: -row[0].recall):
        spoilt //= 2  # each photo is there twice
        figures = f"recall {recall:.3f} precision {precision:.3f} clean {changed:.3%} spoilt {spoilt}"
        print(f"{figures}  {gate.likely} {gate.worn}")


if __name__ == "__main__":
    main()
