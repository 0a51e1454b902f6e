"""Coordinates of a head in a photo: across and along the face, in widths of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.faces.face import Face
from tinct.faces.regions import Window

__all__ = ["Frame", "around_head", "frame_of"]

Array = NDArray[np.float32]

_SIDES, _ABOVE, _BELOW = 1.7, 1.75, 2.6  # of the face's width, from the middle of the face: hair to the waist
_BRIDGE: Final = 168  # top of the nose, between the eyes
_TEMPLES: Final = (234, 454)


@dataclass(frozen=True, eq=False)
class Frame:
    """A head's own axes in a picture; u grows to the picture's right along the face, v towards the chin."""

    origin: NDArray[np.float64]
    """(2,) pixels: between the eyes."""
    across: NDArray[np.float64]
    """(2,) unit vector from temple to temple."""
    down: NDArray[np.float64]
    """(2,) unit vector at right angles to it."""
    width: float
    """From temple to temple, pixels."""

    def of(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """u, v of places (..., 2) in pixels."""
        away = np.asarray(points, np.float64)[..., :2] - self.origin
        return np.stack([away @ self.across, away @ self.down], axis=-1) / self.width

    def to(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Pixels of u, v (..., 2)."""
        u, v = places[..., :1], places[..., 1:2]
        return np.asarray(self.origin + self.width * (u * self.across + v * self.down))

    def grid(self, shape: tuple[int, ...]) -> tuple[Array, Array]:
        """u and v of each pixel of a picture, (h, w) each."""
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        x, y = x - np.float32(self.origin[0]), y - np.float32(self.origin[1])
        u = (x * self.across[0] + y * self.across[1]) / self.width
        v = (x * self.down[0] + y * self.down[1]) / self.width
        return u.astype(np.float32), v.astype(np.float32)


def frame_of(points: NDArray[np.float64]) -> Frame:
    """The axes of a traced face, points (478, 2 or 3) in pixels of the picture."""
    across = points[_TEMPLES[1], :2] - points[_TEMPLES[0], :2]
    width = float(np.linalg.norm(across))
    across = across / max(width, 1e-6)
    return Frame(points[_BRIDGE, :2].copy(), across, np.array([-across[1], across[0]]), width)


def around_head(face: Face) -> Window:
    """The part of the photo that may hold a head's hair; never outside the photo."""
    middle = face.points[[234, 454, 10, 152], :2].mean(axis=0)
    width, height = face.photo_size
    left, right = (int(np.clip(middle[0] + side * _SIDES * face.width, 0, width)) for side in (-1, 1))
    top = int(np.clip(middle[1] - _ABOVE * face.width, 0, height))
    bottom = int(np.clip(middle[1] + _BELOW * face.width, 0, height))
    return Window(left, top, right, bottom)
