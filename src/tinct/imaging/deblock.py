"""Take away the steps between the 8 x 8 blocks of JPEG, which brightening would lift with everything else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["deblock"]

Array = NDArray[np.float32]

_GRID = 8
_RAMP = (0.5, 0.36, 0.21, 0.07)  # shares of a step that the pixels on each side of it take, from the nearest


def deblock(rows: Array, first: int, most: float) -> None:
    """Turn steps at the borders of blocks into ramps, in place.

    A step is what a border has beyond the slopes beside it. One as large as `most` is taken away, twice that is an edge
    of the photo and stays, and in between it is a part of it. (After List et al. 2003, "Adaptive deblocking filter",
    with a ramp in place of its taps.)

    Parameters
    ----------
    rows : ndarray, (n, W, c), float32
        Rows of a photo whose first pixel begins a block.
    first : int
        Number of the first of them.
    most : float
        In the units of `rows`.
    """
    _across(rows, (-first) % _GRID, most)
    _across(rows.transpose(1, 0, 2), 0, most)


def _across(lines: Array, begin: int, most: float) -> None:
    """The borders before the lines `begin`, `begin` + 8, ... of (n, m, c)."""
    half = len(_RAMP)
    at = np.arange(begin, len(lines) - half + 1, _GRID)
    at = at[at >= half]
    beside = (lines[at - 1] - lines[at - 2] + lines[at + 1] - lines[at]) / 2
    step = lines[at] - lines[at - 1] - beside
    size = np.abs(step)
    taken = np.sign(step) * np.clip(2 * np.float32(most) - size, 0, size)
    for away, share in enumerate(_RAMP):
        lines[at - 1 - away] += taken * np.float32(share)
        lines[at + away] -= taken * np.float32(share)
