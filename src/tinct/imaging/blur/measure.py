"""Blur, measured at edges and in the spectrum.

References
----------
Zhuo and Sim 2011, "Defocus map estimation from a single image": blurred once more, an edge loses the more of its slope
the sharper it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.blur.deconvolution import light_of
from tinct.imaging.blur.kernels import Kernel, gaussian
from tinct.imaging.blur.spectrum import Guess, everywhere, guesses
from tinct.photo.photo import Pixels

__all__ = ["Blur", "blur_of"]

Array = NDArray[np.float32]

_AGAIN = 1.0  # pixels, standard deviation of the second blur
_EDGE = 0.04  # of 1: slope over a pixel that makes an edge, once it is blurred again
_SHARPEST = 15  # percentile of the widths of a tile's edges: soft ones are often things that are soft
_TILES = 4  # along each side
_FEWEST = 60  # edge pixels of a tile that can be measured
_LEAST_TILES = 3
_SMALL, _LARGE = 1.0, 3.0  # pixels: below there is no blur worth the risk, above too little is left
_ALIKE = 1.6  # largest of the tiles' widths in the smallest, up to which blur is the same all over
_SOFT = 0.85  # pixels of edges below which no lens was out of focus
_AGREE = (0.6, 1.8)  # shares of the width of edges that a disc's spread may be
_MATCHES = {"disc": (1.0, 0.84), "motion": (0.97, 0.83)}
"""What the right kernel leaves unexplained at most: of what no blur leaves, and of what another kind does."""
_SPREAD = {"gaussian": 1.0, "disc": 0.5, "motion": 1 / math.sqrt(12)}
"""Standard deviation of a kernel of size 1 along its way."""


@dataclass(frozen=True)
class Blur:
    """What was measured."""

    sigma: float
    """Standard deviation of the kernel along its way, in pixels; 0 where there are too few edges."""
    uniform: bool
    """Whether it is about the same all over the photo."""
    kind: Literal["gaussian", "disc", "motion"] = "gaussian"
    """Soft, out of focus, or moved along a straight way."""
    degrees: float = 0.0
    """Of that way, from level downwards."""

    @property
    def removable(self) -> bool:
        """Whether it is there, small and uniform."""
        return self.uniform and _SMALL <= self.sigma <= _LARGE

    @property
    def kernel(self) -> Kernel:
        """What a point became."""
        if self.kind == "gaussian":
            return gaussian(self.sigma)
        return Guess(self.kind, self.sigma / _SPREAD[self.kind], self.degrees, 0, False).kernel


def blur_of(pixels: Pixels) -> Blur:
    """Measure.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
        At the size at which they were taken.
    """
    light = light_of(pixels)
    sigma, uniform = _at_edges(light)
    found = guesses(light)
    for kind in ("motion", "disc"):
        if kind not in found or not _fits(found[kind], found):
            continue
        one, spread = found[kind], found[kind].size * _SPREAD[kind]
        if kind == "motion" or (sigma > _SOFT and _AGREE[0] * sigma < spread < _AGREE[1] * sigma):
            return Blur(spread, everywhere(light, one.kernel), one.kind, one.degrees)
    if uniform and sigma >= _SMALL and "gaussian" in found:
        # edges make blur too small, noise in the spectrum too large
        sigma = math.sqrt(sigma * float(np.clip(found["gaussian"].size, sigma, 2 * sigma)))
    return Blur(sigma, uniform)


def _fits(one: Guess, every: dict[Literal["gaussian", "disc", "motion"], Guess]) -> bool:
    most, share = _MATCHES[one.kind]
    others = min(other.left for other in every.values() if other.kind != one.kind)
    return not one.widest and one.left < most and one.left < share * others


def _at_edges(light: Array) -> tuple[float, bool]:
    """Width of edges, 0 where there are too few, and whether it is alike all over."""
    height, width = light.shape
    found = []
    for row in range(_TILES):
        for column in range(_TILES):
            tile = light[
                row * height // _TILES : (row + 1) * height // _TILES,
                column * width // _TILES : (column + 1) * width // _TILES,
            ]
            side = 384  # of a tile of a large photo its middle is enough
            top, left = (max(0, (size - side) // 2) for size in tile.shape)
            found += _sharpest(tile[top : top + side, left : left + side])
    if len(found) < _LEAST_TILES:
        return 0.0, False
    low, high = np.percentile(found, (10, 75))
    return float(np.median(found)), bool(high <= _ALIKE * low)


def _sharpest(light: Array) -> list[float]:
    """Width of the sharpest edges of a tile, or nothing."""
    if min(light.shape) < 16:
        return []
    seen = cv2.GaussianBlur(light, (0, 0), 0.5)  # noise makes edges look sharp
    again = cv2.GaussianBlur(seen, (0, 0), _AGAIN)
    first, second = (
        np.hypot(cv2.Sobel(one, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(one, cv2.CV_32F, 0, 1, scale=1 / 8))
        for one in (seen, again)
    )
    ridge = second >= cv2.dilate(second, np.ones((3, 3), np.uint8)) * 0.98
    at = ridge & (second > _EDGE / 2)
    if at.sum() < _FEWEST:
        return []
    ratio = np.maximum(first[at] / second[at], 1.001)
    width = np.sqrt(np.maximum(_AGAIN**2 / (ratio**2 - 1) - 0.25, 0.01))
    return [float(np.percentile(np.minimum(width, 10), _SHARPEST))]
