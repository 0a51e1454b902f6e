"""What a fit sees of a photo: its proxy, and how much each pixel counts."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["Sample", "seen"]

Array = NDArray[np.float32]

_LEAST_OPACITY = 0.5  # of a pixel that is judged on its own
_LEAST_SHARE = 0.05
"""Below this share of countable pixels all that is seen counts: a portrait that fills the frame is its own palette."""


def seen(photo: Photo, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of a small copy of `size` (h, w) are more than half opaque; all where none is."""
    if photo.alpha is None:
        return np.ones(size, np.bool_)
    opacity = resize(photo.alpha.astype(np.float32) / np.float32(np.iinfo(photo.alpha.dtype).max), size)
    found = np.asarray(opacity > _LEAST_OPACITY)
    return found if found.any() else np.ones(size, np.bool_)


@dataclass(frozen=True, eq=False)
class Sample:
    """A proxy and its weights.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB-encoded.
    weight : ndarray, (h, w), float32, optional
        0..1, how much each pixel counts; None counts all alike.
    opacity : ndarray, (h, w), float32, optional
        0..1, how much of each pixel is seen; what is not seen never counts.
    """

    rgb: Array
    weight: Array | None = None
    opacity: Array | None = None

    @property
    def flat(self) -> Array:
        """All pixels, (h * w, 3)."""
        return self.rgb.reshape(-1, 3)

    @property
    def weights(self) -> Array:
        """Share of each pixel, (h * w,), summing to 1."""
        seen = (
            np.ones(self.rgb.shape[:2], np.float64)
            if self.opacity is None
            else self.opacity.astype(np.float64)
        )
        if not seen.any():
            seen = np.ones_like(seen)
        counted = seen if self.weight is None else seen * self.weight
        if counted.sum() < _LEAST_SHARE * seen.sum():
            counted = seen
        return np.asarray(counted.reshape(-1) / counted.sum(), np.float32)

    def _draw(self, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """`count` pixel numbers, spread evenly over the photo in proportion to the weights."""
        at = (np.arange(count) + rng.random(count)) / count
        pixels = self.rgb.shape[0] * self.rgb.shape[1]
        if self.weight is None and self.opacity is None:
            return np.asarray((at * pixels).astype(np.intp))
        edges = self._edges
        return np.asarray(np.minimum(np.searchsorted(edges, at * edges[-1], side="right"), pixels - 1))

    @functools.cached_property
    def _edges(self) -> NDArray[np.float64]:
        """Where the share of each pixel ends, (h * w,)."""
        return np.cumsum(self.weights, dtype=np.float64)

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
