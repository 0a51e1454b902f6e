"""Take a known blur away.

References
----------
Wang, Yang, Yin and Zhang 2008, "A new alternating minimization algorithm for total variation image reconstruction":
deconvolution that leaves flat parts flat.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.blur.kernels import Kernel
from tinct.photo.photo import Pixels

__all__ = ["light_of", "sharpened"]

Array = NDArray[np.float32]

_TILE, _MARGIN = 768, 32  # pixels that are worked on at once, and around them
_STEPS = 5
_FIRST, _FASTER = 8.0, 2.5  # how strictly slopes are held to be sparse, and by what it grows a step
_FAITHFUL = 20_000.0  # to a photo without noise
_NOISY = 0.55 / 255  # of 1: noise that halves it
_OVER = 0.06  # of 1 by which a pixel may leave what lies within a width around it: more is ringing


def sharpened(pixels: Pixels, kernel: Kernel, noise: float) -> Pixels:
    """The photo without a blur; colours stay where they are.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
    kernel : ndarray, (k, k), float32
        What a point became; its sum is 1, k is odd.
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
            light = light_of(pixels[outer])
            change = _bounded(_deconvolved(light, kernel, noise), light, len(kernel)) - light
            part = change[row - first : inner[0].stop - first, column - left : inner[1].stop - left]
            seen = pixels[inner].astype(np.float32) + part[..., None] * top
            out[inner] = np.rint(np.clip(seen, 0, top))
    return out


def light_of(pixels: Pixels) -> Array:
    """Luma of BT.601 (h, w), 0..1."""
    seen = pixels.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)
    return np.asarray(cv2.transform(seen, np.array([[0.299, 0.587, 0.114]], np.float32)), np.float32)


def _deconvolved(light: Array, kernel: Kernel, noise: float) -> Array:
    """Least total variation among pictures that are like the photo once they are blurred."""
    half = len(kernel) // 2
    pad = 2 * len(kernel) + 8
    h, w = (cv2.getOptimalDFTSize(size + 2 * pad) for size in light.shape)
    seen = _joined(light, pad, h, w)
    spread = np.zeros((h, w), np.float32)
    spread[: len(kernel), : len(kernel)] = kernel
    blur = np.fft.rfft2(np.roll(spread, (-half, -half), (0, 1))).astype(np.complex64)
    v, u = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None]
    right, down = np.exp(2j * np.pi * u) - 1, np.exp(2j * np.pi * v) - 1
    slopes = (np.abs(right) ** 2 + np.abs(down) ** 2).astype(np.float32)
    mu = np.float32(_FAITHFUL / (1 + (noise / _NOISY) ** 2))
    start = mu * np.conj(blur) * np.fft.rfft2(seen)
    weight = mu * np.abs(blur) ** 2
    current, beta = seen, np.float32(_FIRST)
    for _ in range(_STEPS):
        x, y = np.roll(current, -1, 1) - current, np.roll(current, -1, 0) - current
        size = np.maximum(np.hypot(x, y), 1e-9)
        share = np.maximum(size - 1 / beta / 4, 0) / size
        gradient = np.conj(right) * np.fft.rfft2(x * share) + np.conj(down) * np.fft.rfft2(y * share)
        current = np.fft.irfft2((start + beta * gradient) / (weight + beta * slopes), (h, w)).astype(
            np.float32
        )
        beta *= np.float32(_FASTER)
    return np.asarray(current[pad : pad + light.shape[0], pad : pad + light.shape[1]], np.float32)


def _joined(light: Array, pad: int, h: int, w: int) -> Array:
    """Widened to (h, w) so that it can be put beside itself: a step there would ring through the whole photo."""
    more = [(pad, whole - size - pad) for size, whole in zip(light.shape, (h, w), strict=True)]
    seen = np.pad(light, more, "reflect" if min(light.shape) > pad + 16 else "edge")
    v, u = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None]
    soft = np.exp(-2 * (np.pi * pad / 3) ** 2 * (u * u + v * v))
    far = np.fft.irfft2(np.fft.rfft2(seen) * soft, (h, w))
    ramps = [np.clip(np.minimum(np.arange(n) + 0.5, n - 0.5 - np.arange(n)) / pad, 0, 1) for n in (h, w)]
    share = np.minimum(ramps[0][:, None], ramps[1][None])
    share = share * share * (3 - 2 * share)
    return np.asarray(share * seen + (1 - share) * far, np.float32)


def _bounded(made: Array, light: Array, side: int) -> Array:
    square = np.ones((side, side), np.uint8)
    low, high = cv2.erode(light, square), cv2.dilate(light, square)
    return np.asarray(np.clip(made, low - _OVER, high + _OVER), np.float32)
