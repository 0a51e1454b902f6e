"""A hole and its surroundings at one size, and the same smaller."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.photo import Pixels

__all__ = ["Array", "Flags", "Scene", "nearest_known", "smaller"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scene:
    """What is known around a hole.

    Parameters
    ----------
    lab : ndarray, (h, w, 3), float32
        CIELAB / 100; of a known pixel nearby where not known.
    known : ndarray, (h, w), bool
        Pixels that may be looked at and copied.
    hole : ndarray, (h, w), bool
        Pixels to fill; none of them known. A pixel may be neither: another hole's, or transparent.
    """

    lab: Array
    known: Flags
    hole: Flags

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.hole.shape[0], self.hole.shape[1]

    @classmethod
    def of(cls, pixels: Pixels, known: Flags, hole: Flags, size: tuple[int, int]) -> Scene:
        """The scene of `pixels` (H, W, 3), shrunk to `size`.

        Colours are averaged over known pixels alone, so that nothing of what is removed leaks in. A small pixel is
        known where all that it covers is, and part of the hole where any is.
        """
        rgb = pixels.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)
        if size != hole.shape:
            rgb, known, hole = _shrunk(rgb, known, hole, size)
        _spread(rgb, known)
        lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)
        return cls(lab * np.float32(0.01), known, hole)


def smaller(scene: Scene, size: tuple[int, int]) -> Scene:
    """The scene at a smaller size."""
    return Scene(*_shrunk(scene.lab, scene.known, scene.hole, size))


def _spread(colors: Array, known: Flags) -> None:
    """Give each unknown pixel the colour of the nearest known one, if there is any."""
    if known.any():
        colors[~known] = colors[nearest_known(known)]


def nearest_known(known: Flags) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the known pixel nearest to each unknown one, in the order of ``np.nonzero(~known)``."""
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    place = np.zeros(int(label.max()) + 1, np.int64)
    at = np.flatnonzero(known)
    place[label.ravel()[at]] = at
    return np.unravel_index(place[label[~known]], known.shape)


def _shrunk(colors: Array, known: Flags, hole: Flags, size: tuple[int, int]) -> tuple[Array, Flags, Flags]:
    def shrink(values: Array) -> Array:
        return np.asarray(cv2.resize(values, size[::-1], interpolation=cv2.INTER_AREA), np.float32)

    weight = known.astype(np.float32)
    share = shrink(weight)
    some = (share > 1e-3)[..., None]
    mean = np.where(
        some, shrink(colors * weight[..., None]) / np.maximum(share, 1e-3)[..., None], shrink(colors)
    )
    return mean, share > 1 - 1e-4, shrink(hole.astype(np.float32)) > 1e-4
