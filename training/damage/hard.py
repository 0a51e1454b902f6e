"""Places of clean photos that a network takes for damage: masts, ropes, wires, hair, bars, lettering, joints, twigs.

They are few among all places, and teach most (Sung and Poggio 1998, "Example-based learning for view-based human face
detection"): of several views only the places are learned from that are most taken for damage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Suspicion", "masses"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]
Suspicion = Callable[[Pixels], Array]
"""Of a view (h, w, 3) how far each pixel is taken for damage (h, w), 0..1."""


def masses(suspected: Array, side: int, number: int) -> Iterator[tuple[float, int, int]]:
    """How much is suspected in squares, and their corners (row, column), most first; none overlaps another."""
    mass = cv2.boxFilter(suspected, cv2.CV_32F, (side, side), anchor=(0, 0), normalize=False)
    mass = np.array(mass[: suspected.shape[0] - side + 1, : suspected.shape[1] - side + 1])
    for _ in range(number):
        row, column = (int(at) for at in np.unravel_index(int(mass.argmax()), mass.shape))
        if mass[row, column] < 0:
            return
        yield float(mass[row, column]), row, column
        mass[max(row - side, 0) : row + side, max(column - side, 0) : column + side] = -1
