"""Soft masks: made small, refined along the photo's edges, applied at full size strip by strip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.photo import Pixels

__all__ = ["GuidedMask", "guide", "ramp", "smoothstep"]

Array = NDArray[np.float32]

_CERTAIN = (0.12, 0.88)
"""Fitted values that count as outside and as inside: the filter alone would only come close to 0 and 1."""


def smoothstep(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth step between them."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def ramp(value: float, low: float, high: float) -> float:
    """`smoothstep` of one number."""
    return float(smoothstep(np.array(value, np.float32), low, high))


@dataclass(frozen=True, eq=False)
class GuidedMask:
    """A mask that can be read at any size, held as a local linear model of the photo's colours.

    Parameters
    ----------
    model : ndarray, (h, w, 4), float32
        At each pixel of the proxy: three factors for red, green and blue in 0..1, and a constant.
    small : ndarray, (h, w), float32
        The mask at proxy size, 0..1.
    """

    model: Array
    small: Array

    def rows(self, pixels: Pixels, top: int, height: int) -> Array:
        """The mask of some rows of the full-size photo.

        Parameters
        ----------
        pixels : ndarray, (n, W, 3), uint8 or uint16
            The rows.
        top, height : int
            Number of the first row, and how many rows the photo has.

        Returns
        -------
        ndarray, (n, W), float32
            0..1; does not depend on how the photo is cut into strips.
        """
        count, width = pixels.shape[:2]
        out = np.zeros((count, width), np.float32)
        left, right, flat = self._extent(top, top + count, height, width)
        if flat is not None:
            out.fill(flat)
            return out
        if left >= right:
            return out
        columns = pixels[:, left:right]
        step_x, step_y = self.small.shape[1] / width, self.small.shape[0] / height
        place = np.array(
            [
                [step_x, 0, (left + 0.5) * step_x - 0.5],
                [0, step_y, (top + 0.5) * step_y - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (right - left, count)
        model = cv2.warpAffine(
            self.model, place, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )  # (n, w', 4)
        scale = np.float32(1 / np.iinfo(pixels.dtype).max)
        mask = np.asarray(model[..., 3], np.float32)
        for channel in range(3):
            mask = mask + model[..., channel] * (columns[..., channel] * scale)
        out[:, left:right] = smoothstep(mask, *_CERTAIN)
        return out

    def full(self, pixels: Pixels) -> NDArray[np.uint8]:
        """The whole mask at the size of `pixels` (H, W, 3): (H, W) uint8, 255 inside."""
        height = pixels.shape[0]
        out = np.empty(pixels.shape[:2], np.uint8)
        for top in range(0, height, 256):
            strip = pixels[top : top + 256]
            out[top : top + 256] = np.rint(self.rows(strip, top, height) * 255)
        return out

    def _extent(self, top: int, bottom: int, height: int, width: int) -> tuple[int, int, float | None]:
        """Columns that the mask may touch in rows `top` to `bottom`, or its value if it is the same throughout."""
        h, w = self.small.shape
        first = max(int(top * h / height) - 2, 0)
        last = min(int(np.ceil(bottom * h / height)) + 2, h)
        band = self.small[first:last]
        if band.max() <= 0.0:
            return 0, 0, 0.0
        if band.min() >= 1.0:
            return 0, width, 1.0
        touched = np.flatnonzero(band.max(axis=0) > 0)
        left = int(max(touched[0] - 2, 0) * width / w)
        right = int(np.ceil(min(touched[-1] + 3, w) * width / w))
        return left, min(right, width), None


def guide(mask: Array, rgb: Array, radius: int, softness: float = 1e-4) -> GuidedMask:
    """Fit a mask to a photo's edges with a colour guided filter.

    Parameters
    ----------
    mask : ndarray, (h, w), float32
        0..1, soft and roughly placed.
    rgb : ndarray, (h, w, 3), float32
        The photo at the mask's size, 0..1.
    radius : int
        Of the window in pixels, about the width of the mask's uncertainty.
    softness : float
        Variance of colour below which the mask is smoothed rather than fitted.

    Returns
    -------
    GuidedMask

    References
    ----------
    He, Sun, Tang 2013, "Guided image filtering"; He, Sun 2015, "Fast guided filter" (fitted small, applied large).
    """
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(values: Array) -> Array:
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT_101), np.float32)

    rgb = np.ascontiguousarray(rgb, np.float32)
    mean_rgb, mean_mask = mean(rgb), mean(mask)
    covariance = mean(rgb * mask[..., None]) - mean_rgb * mean_mask[..., None]  # (h, w, 3)
    spread = np.empty((*mask.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            spread[..., i, j] = mean(rgb[..., i] * rgb[..., j]) - mean_rgb[..., i] * mean_rgb[..., j]
            spread[..., j, i] = spread[..., i, j]
    spread += softness * np.eye(3, dtype=np.float32)
    factors = np.linalg.solve(spread, covariance[..., None])[..., 0]  # (h, w, 3)
    constant = mean_mask - (factors * mean_rgb).sum(axis=-1)
    model = mean(np.concatenate([factors, constant[..., None]], axis=-1))
    eroded = np.asarray(cv2.erode(mask, np.ones((radius + 1, radius + 1), np.uint8)), np.float32)
    inside = mean(eroded)[..., None]
    model += inside * (np.array([0, 0, 0, 1], np.float32) - model)  # deep inside, colours decide nothing
    fitted = (model[..., :3] * rgb).sum(axis=-1) + model[..., 3]
    return GuidedMask(model, smoothstep(fitted, *_CERTAIN))
