"""A frame as planes of luma and chroma, and the way to RGB and back by the matrix that the clip names.

The matrices are those of ITU-T H.273, table 4. Chroma is read and written between the pixels of luma, both ways alike,
so that nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Matrix", "Planes"]

Pixels = NDArray[np.uint8]

_WEIGHTS: Final = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
"""Weights of red and blue by the number of the matrix; all others are BT.601."""
_BT601: Final = (0.299, 0.114)
_UNSAID: Final = 2
_HD: Final = 720  # lines from which a clip that does not say it has the matrix of BT.709


@dataclass(frozen=True, slots=True)
class Planes:
    """One frame, 4:2:0, 8 bits."""

    y: Pixels
    """(H, W); both are even."""
    u: Pixels
    """(H / 2, W / 2), of blue."""
    v: Pixels
    """(H / 2, W / 2), of red."""


@dataclass(frozen=True, slots=True)
class Frame(Planes):
    """A frame of a clip, upright."""

    seconds: float
    """When it is shown."""
    number: int
    """From 0."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """How luma and chroma relate to R'G'B'."""

    number: int
    """Of H.273: 1 is BT.709, 5 and 6 are BT.601, 9 is BT.2020, 2 is not said."""
    full: bool
    """Luma from 0 to 255 instead of 16 to 235."""
    lines: int
    """Of the frame, which decide where nothing is said."""

    def rgb(self, planes: Planes) -> Pixels:
        """(H, W, 3), R G B."""
        import cv2  # slow to load, and of no use to a server, which knows clips by their facts

        size = (planes.y.shape[1], planes.y.shape[0])
        chroma = [cv2.resize(c, size, interpolation=cv2.INTER_LINEAR) for c in (planes.u, planes.v)]
        return np.asarray(cv2.transform(cv2.merge([planes.y, *chroma]), self._to_rgb()), np.uint8)

    def planes(self, rgb: Pixels) -> Planes:
        """From (H, W, 3), sides even."""
        import cv2

        inverse = self._from_rgb()
        y = cv2.transform(rgb, inverse[:1])
        half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        small = cv2.resize(rgb, half, interpolation=cv2.INTER_AREA)
        chroma = cv2.transform(small, inverse[1:])
        shape = (rgb.shape[0], rgb.shape[1])
        return Planes(np.asarray(y, np.uint8).reshape(shape), *(_part(chroma, k) for k in (0, 1)))

    def moved(self, planes: Planes, before: Pixels, after: Pixels) -> Planes:
        """The planes of a frame, whose `rgb` is `before`, when that becomes `after`; its own where both agree."""
        import cv2

        old, new = self.planes(before), self.planes(after)
        changed = (
            cv2.add(cv2.subtract(now, was, dtype=cv2.CV_16S), own, dtype=cv2.CV_8U)
            for own, was, now in (
                (planes.y, old.y, new.y),
                (planes.u, old.u, new.u),
                (planes.v, old.v, new.v),
            )
        )
        return Planes(*(np.asarray(plane, np.uint8) for plane in changed))

    def _from_rgb(self) -> NDArray[np.float64]:
        """(3, 4): weights of R, G, B and the offset, for Y, U, V."""
        unsaid = 1 if self.lines >= _HD else 6
        red, blue = _WEIGHTS.get(unsaid if self.number == _UNSAID else self.number, _BT601)
        luma = np.array([red, 1 - red - blue, blue])
        cb = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
        cr = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
        black, white, span = (0, 255, 255) if self.full else (16, 235, 224)
        rows = np.stack([luma * (white - black), cb * span, cr * span]) / 255
        return np.column_stack([rows, [black, 128, 128]])

    def _to_rgb(self) -> NDArray[np.float64]:
        there = self._from_rgb()
        back = np.linalg.inv(there[:, :3])
        return np.column_stack([back, -back @ there[:, 3]])


def _part(chroma: NDArray[Any], number: int) -> Pixels:
    return np.ascontiguousarray(chroma[..., number]).astype(np.uint8, copy=False)
