"""Along which way things run at each pixel, and means along and across it.

References
----------
Kyprianidis and Kang 2011, "Image and video abstraction by coherence-enhancing filtering": the smoothed structure
tensor; Kang, Lee and Chui 2007, "Coherent line drawing": differences across the way, gathered along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Flow", "lines"]

Array = NDArray[np.float32]

_TENSOR = 3.0  # pixels over which directions are averaged
_WIDER = 1.6  # of the second Gaussian of a difference that is like the Laplacian's
_ALONG = 4.0  # pixels, standard deviation along the way
_STRIDE = 1.0  # pixels from one step along it to the next


@dataclass(frozen=True, eq=False)
class Flow:
    """Unit vectors (h, w) along edges and lines: `x` to the right, `y` down."""

    x: Array
    y: Array

    @classmethod
    def of(cls, light: Array) -> Flow:
        """From lightness (h, w): the weaker eigenvector of the smoothed structure tensor."""
        dx, dy = cv2.Scharr(light, cv2.CV_32F, 1, 0), cv2.Scharr(light, cv2.CV_32F, 0, 1)
        xx, xy, yy = (cv2.GaussianBlur(part, (0, 0), _TENSOR) for part in (dx * dx, dx * dy, dy * dy))
        angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # of the gradient
        return cls(np.asarray(-np.sin(angle), np.float32), np.asarray(np.cos(angle), np.float32))

    def across(self, light: Array, sigma: float) -> Array:
        """Difference of two Gaussians across the way: that of `sigma` less a wider one."""
        rows, columns = _grid(light.shape)
        total, wide = light.copy(), light.copy()
        weight = weight_wide = 1.0
        for step in range(1, int(np.ceil(2.5 * sigma * _WIDER)) + 1):
            near = float(np.exp(-(step**2) / (2 * sigma**2)))
            far = float(np.exp(-(step**2) / (2 * (sigma * _WIDER) ** 2)))
            for side in (step, -step):
                seen = _sampled(light, columns - side * self.y, rows + side * self.x)
                total += near * seen
                wide += far * seen
                weight, weight_wide = weight + near, weight_wide + far
        return np.asarray(total / weight - wide / weight_wide, np.float32)

    def along(self, values: Array) -> Array:
        """Gaussian mean along the way, following its turns."""
        rows, columns = _grid(values.shape)
        total, weights = values.copy(), 1.0
        for side in (1.0, -1.0):
            x, y = columns.copy(), rows.copy()
            before_x, before_y = side * self.x, side * self.y
            for step in range(1, int(2 * _ALONG / _STRIDE) + 1):
                x += _STRIDE * before_x
                y += _STRIDE * before_y
                way_x, way_y = _sampled(self.x, x, y), _sampled(self.y, x, y)
                turned = np.where(way_x * before_x + way_y * before_y < 0, np.float32(-1), np.float32(1))
                before_x, before_y = way_x * turned, way_y * turned
                weight = float(np.exp(-((step * _STRIDE) ** 2) / (2 * _ALONG**2)))
                total += weight * _sampled(values, x, y)
                weights += weight
        return np.asarray(total / weights, np.float32)


def lines(light: Array, sigma: float) -> Array:
    """How far each pixel lies above (positive) or within (negative) a dark line, in units of lightness: (h, w).

    Parameters
    ----------
    light : ndarray, (h, w), float32
        L*.
    sigma : float
        Half the width of lines, in pixels.
    """
    flow = Flow.of(light)
    return flow.along(flow.across(light, sigma))


def _grid(shape: tuple[int, ...]) -> tuple[Array, Array]:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return rows.astype(np.float32), columns.astype(np.float32)


def _sampled(picture: Array, x: Array, y: Array) -> Array:
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
