"""Blur: measured at edges, and taken away where it is small and the same all over the photo.

References
----------
Zhuo and Sim 2011, "Defocus map estimation from a single image": blurred once more, an edge loses the more of its slope
the sharper it was. Wang, Yang, Yin and Zhang 2008, "A new alternating minimization algorithm for total variation image
reconstruction": deconvolution that leaves flat parts flat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.photo import Pixels

__all__ = ["Blur", "blur_of", "sharpened"]

Array = NDArray[np.float32]

_AGAIN = 1.0  # pixels, standard deviation of the second blur
_EDGE = 0.04  # of 1: slope over a pixel that makes an edge, once it is blurred again
_SHARPEST = 15  # percentile of the widths of a tile's edges: soft ones are often things that are soft
_TILES = 4  # along each side
_FEWEST = 60  # edge pixels of a tile that can be measured
_LEAST_TILES = 3
_SMALL, _LARGE = 1.0, 3.0  # pixels: below there is no blur worth the risk, above too little is left
_ALIKE = 1.6  # largest of the tiles' widths in the smallest, up to which blur is the same all over

_TILE, _MARGIN = 768, 32
_STEPS = 5
_SMOOTH = 3000.0  # fidelity to the photo; noise lowers it
_OVER = 0.06  # of 1 by which a pixel may leave what lies within a width around it: more is ringing


@dataclass(frozen=True)
class Blur:
    """What was measured."""

    sigma: float
    """Standard deviation of the Gaussian that is most like it, in pixels; 0 where there are too few edges."""
    uniform: bool
    """Whether it is about the same all over the photo."""

    @property
    def removable(self) -> bool:
        """Whether it is there, small and uniform."""
        return self.uniform and _SMALL <= self.sigma <= _LARGE


def blur_of(pixels: Pixels) -> Blur:
    """Measure.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
        At the size at which they were taken.
    """
    light = _light(pixels)
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
        return Blur(0.0, False)
    low, high = np.percentile(found, (10, 75))
    return Blur(float(np.median(found)), bool(high <= _ALIKE * low))


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


def sharpened(pixels: Pixels, sigma: float, noise: float) -> Pixels:
    """The photo without a blur like that Gaussian; colours stay where they are.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
    sigma : float
        Pixels.
    noise : float
        Standard deviation, of 1: the more, the more carefully.
    """
    out = np.empty_like(pixels)
    top = np.float32(np.iinfo(pixels.dtype).max)
    height, width = pixels.shape[:2]
    for row in range(0, height, _TILE):
        for column in range(0, width, _TILE):
            inner = np.s_[row : min(row + _TILE, height), column : min(column + _TILE, width)]
            first, left = max(row - _MARGIN, 0), max(column - _MARGIN, 0)
            outer = np.s_[first : inner[0].stop + _MARGIN, left : inner[1].stop + _MARGIN]
            light = _light(pixels[outer])
            change = _bounded(_deconvolved(light, sigma, noise), light, sigma) - light
            part = change[row - first : inner[0].stop - first, column - left : inner[1].stop - left]
            seen = pixels[inner].astype(np.float32) + part[..., None] * top
            out[inner] = np.rint(np.clip(seen, 0, top))
    return out


def _light(pixels: Pixels) -> Array:
    seen = pixels.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)
    return np.asarray(cv2.transform(seen, np.array([[0.299, 0.587, 0.114]], np.float32)), np.float32)


def _deconvolved(light: Array, sigma: float, noise: float) -> Array:
    """Least total variation among pictures that are like the photo once they are blurred."""
    pad = 4 * math.ceil(sigma) + 8
    seen = np.pad(light, pad, "reflect") if min(light.shape) > pad else np.pad(light, pad, "edge")
    h, w = (cv2.getOptimalDFTSize(size) for size in seen.shape)
    seen = np.pad(seen, ((0, h - seen.shape[0]), (0, w - seen.shape[1])), "edge")
    v, u = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None]
    blur = np.exp(-2 * (np.pi * sigma) ** 2 * (u * u + v * v)).astype(np.float32)
    right, down = np.exp(2j * np.pi * u) - 1, np.exp(2j * np.pi * v) - 1
    slopes = (np.abs(right) ** 2 + np.abs(down) ** 2).astype(np.float32)
    mu = np.float32(_SMOOTH / (1 + (noise * 255 / 1.5) ** 2))
    start = np.fft.rfft2(seen)
    current, beta = seen, np.float32(8.0)
    for _ in range(_STEPS):
        x, y = np.roll(current, -1, 1) - current, np.roll(current, -1, 0) - current
        size = np.maximum(np.hypot(x, y), 1e-9)
        share = np.maximum(size - 1 / beta / 4, 0) / size
        gradient = np.conj(right) * np.fft.rfft2(x * share) + np.conj(down) * np.fft.rfft2(y * share)
        solved = (mu * blur * start + beta * gradient) / (mu * blur * blur + beta * slopes)
        current = np.fft.irfft2(solved, (h, w)).astype(np.float32)
        beta *= np.float32(2.5)
    return np.asarray(current[pad : pad + light.shape[0], pad : pad + light.shape[1]], np.float32)


def _bounded(made: Array, light: Array, sigma: float) -> Array:
    side = 2 * math.ceil(1.5 * sigma) + 1
    square = np.ones((side, side), np.uint8)
    low, high = cv2.erode(light, square), cv2.dilate(light, square)
    return np.asarray(np.clip(made, low - _OVER, high + _OVER), np.float32)
