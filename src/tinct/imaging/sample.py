"""What a fit sees of a photo: its proxy, and how much each pixel counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sample"]

Array = NDArray[np.float32]

_LEAST_SHARE = 0.05
"""Below this share of countable pixels the whole photo counts: a portrait that fills the frame is its own palette."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A proxy and its weights.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB-encoded.
    weight : ndarray, (h, w), float32, optional
        0..1, how much each pixel counts; None counts all alike.
    """

    rgb: Array
    weight: Array | None = None

    @property
    def flat(self) -> Array:
        """All pixels, (h * w, 3)."""
        return self.rgb.reshape(-1, 3)

    @property
    def weights(self) -> Array:
        """Share of each pixel, (h * w,), summing to 1."""
        count = self.rgb.shape[0] * self.rgb.shape[1]
        if self.weight is None or self.weight.mean() < _LEAST_SHARE:
            return np.full(count, 1 / count, np.float32)
        flat = self.weight.reshape(-1).astype(np.float64)
        return np.asarray(flat / flat.sum(), np.float32)

    def _draw(self, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """`count` pixel numbers, spread evenly over the photo in proportion to the weights."""
        edges = np.cumsum(self.weights, dtype=np.float64)
        at = (np.arange(count) + rng.random(count)) / count * edges[-1]
        return np.asarray(np.minimum(np.searchsorted(edges, at, side="right"), len(edges) - 1))

    def colors(self, count: int, rng: np.random.Generator) -> Array:
        """`count` colours of the photo, (count, 3)."""
        return self.flat[self._draw(count, rng)]

    def neighbours(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """`count` pairs of neighbouring pixels, half of them side by side, half one above the other."""
        height, width = self.rgb.shape[:2]
        y, x = np.divmod(self._draw(count, rng), width)
        beside = np.arange(count) % 2 == 0
        return self.rgb[y, x], self.rgb[
            np.minimum(y + ~beside, height - 1), np.minimum(x + beside, width - 1)
        ]
