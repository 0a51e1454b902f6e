"""Ask the network: from lightness to a distribution over chroma, and from that to one colouring.

Annealed mean after Zhang, Isola, Efros 2016, "Colorful Image Colorization". Where the likely hues contradict each other
their mean is a muddy guess, so chroma is scaled by how far they agree, squared: the resultant length of directional
statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session
from tinct.photo.resize import fit_size, resize

__all__ = ["Guess", "guess"]

Array = NDArray[np.float32]

SIDE = 256  # longer side that the network sees
STRIDE = 4
_MULTIPLE = 32
_GAIN = np.float32(1.25)  # gives sure colours back what averaging takes from them
_TEMPERATURE = 0.6  # below 1 the likely colours win over the mean of all, which is grey


@dataclass(frozen=True, eq=False)
class Guess:
    """Distributions over chroma for a grid of cells."""

    logits: Array
    """(h, w, q)."""
    bins: Array
    """(q, 2) a*, b* of each class."""
    light: Array
    """(h, w) L* of the photo in each cell."""

    def chroma(self, tilt: Array | None = None) -> Array:
        """One colouring, (h, w, 2) a*, b*.

        Parameters
        ----------
        tilt : ndarray, (q,), optional
            Added to the logits everywhere: what is uncertain turns, what is certain stays.
        """
        z = self.logits if tilt is None else self.logits + tilt
        p = np.exp((z - z.max(axis=-1, keepdims=True)) / np.float32(_TEMPERATURE))
        p /= p.sum(axis=-1, keepdims=True)
        mean = p @ self.bins
        size = p @ np.hypot(self.bins[:, 0], self.bins[:, 1])
        agreement = np.hypot(mean[..., 0], mean[..., 1]) / np.maximum(size, np.float32(1e-3))
        return np.asarray(mean * (_GAIN * agreement**2)[..., None], np.float32)


def guess(light: Array, hints: Array | None = None) -> Guess:
    """Run the network.

    Parameters
    ----------
    light : ndarray, (H, W), float32
        L*, 0..100, as the network should see it.
    hints : ndarray, (n, 4), float32, optional
        Known points: row and column as shares 0..1 of height and width, a*, b*.

    Raises
    ------
    MissingModelError, DamagedModelError
        The weights are not there or not the right ones.
    """
    import cv2

    height, width = fit_size(light.shape[0], light.shape[1], SIDE)
    small = resize(light, (height, width))
    bottom, right = -height % _MULTIPLE, -width % _MULTIPLE
    padded = np.asarray(cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.float32)
    rows, columns = padded.shape[0] // STRIDE, padded.shape[1] // STRIDE
    known = np.zeros((1, 3, rows, columns), np.float32)
    for y, x, a, b in [] if hints is None else hints:
        cell = int(y * height / STRIDE), int(x * width / STRIDE)
        known[0, :, min(cell[0], rows - 1), min(cell[1], columns - 1)] = a / 110, b / 110, 1
    logits, bins = session("colorizer").run(
        {"lightness": padded[None, None] / 100, "hints": known, "mood": np.zeros((1, 4), np.float32)}
    )
    inside = -(-height // STRIDE), -(-width // STRIDE)
    cells = resize(padded, (rows, columns))[: inside[0], : inside[1]]
    grid = np.ascontiguousarray(logits[0].transpose(1, 2, 0)[: inside[0], : inside[1]])
    return Guess(grid, bins, cells)
