"""Choose from what log-odds a mark goes, on the photos for tuning: ``python -m training.damage.bounds``.

Each photo is judged as it is and with damage drawn on it, twice; all bounds are printed. The one in
``tinct.imaging.damage.find`` is the highest that finds 0.8 of what was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.find import going, heard, weighed
from tinct.imaging.damage.marks import Marks, marks_of
from tinct.photo.color import srgb_to_lab
from training.damage.draw import draw
from training.damage.parts import tuning

__all__ = ["Judged", "Measured", "judged", "main", "measured"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_RIM = np.ones((3, 3), np.uint8)  # as `restore` widens what it finds
_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_BOUNDS = np.arange(-4, 1.01, 0.25)  # log-odds
_SPOILT = 0.001  # of a clean photo's pixels, above which it is


@dataclass(frozen=True, eq=False)
class Judged:
    """The marks of a photo, and what each weighs (n,)."""

    marks: Marks
    odds: Array
    truth: Flags
    """(h, w): where it is damaged; nowhere where it is clean."""


def judged(pixels: Pixels, truth: Flags) -> Judged:
    """One photo."""
    rgb = pixels.astype(np.float32) / 255
    marks = marks_of(srgb_to_lab(rgb), *heard(rgb))
    return Judged(marks, weighed(marks), truth)


def _widened(flags: Flags, by: NDArray[np.uint8]) -> Flags:
    return np.asarray(cv2.dilate(flags.astype(np.uint8), by) > 0)


class Measured(NamedTuple):
    """What a bound does."""

    recall: float
    precision: float
    """Of the photos in which something is found."""
    changed: float
    """Share of a clean photo's pixels, in the mean."""
    touched: int
    """Clean photos of which anything changes."""
    spoilt: int
    """Those of which more than a thousandth does."""


def measured(some: Sequence[Judged], bound: float) -> Measured:
    """Means over photos."""
    recalls, precisions, changed = [], [], []
    for one in some:
        found = _widened(one.marks.kept(going(one.odds, bound)), _RIM)
        if not one.truth.any():
            changed.append(found.mean())
            continue
        recalls.append((one.truth & _widened(found, _NEAR)).sum() / one.truth.sum())
        if found.any():
            precisions.append((found & _widened(one.truth, _NEAR)).sum() / found.sum())
    shares = np.array(changed)
    return Measured(
        float(np.mean(recalls)),
        float(np.mean(precisions)) if precisions else float("nan"),
        float(shares.mean()),
        int((shares > 0).sum()),
        int((shares > _SPOILT).sum()),
    )


def main() -> None:
    """Judge all, print what each bound does."""
    some = []
    for number, pixels in enumerate(tuning()):
        some.append(judged(pixels, np.zeros(pixels.shape[:2], np.bool_)))
        some += [judged(*draw(pixels, np.random.default_rng(seed + number))) for seed in (7000, 9000)]
    for bound in _BOUNDS:
        m = measured(some, bound)
        print(
            f"{bound:+.2f}: recall {m.recall:.3f} precision {m.precision:.3f} "
            f"clean {m.changed:.3%} touched {m.touched} spoilt {m.spoilt}"
        )


if __name__ == "__main__":
    main()
