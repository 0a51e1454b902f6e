"""Where hair begins above the forehead, and where the brows are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.hair import Hair

__all__ = ["Forehead", "forehead"]

Array = NDArray[np.float64]

_ACROSS: Final = np.linspace(-0.7, 0.7, 81)
_UPWARDS: Final = np.linspace(-0.16, -1.0, 100)
_RIM: Final = [21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251]
"""The mesh's upper rim, from the picture's left to its right."""
_BROWS: Final = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]
_TEMPLES: Final = (127, 356)
_OFF: Final = 0.28  # a hairline so far above the mesh's rim is no hairline: it is not seen


@dataclass(frozen=True, eq=False)
class Forehead:
    """Heights on a forehead, in the head's frame."""

    hairline: Array
    """v at each of `u`."""
    seen: float
    """Share of the middle of the forehead above which hair was seen near the rim."""
    brows: Array
    """(n, 2) u and v along both brows, with the temples at the ends."""
    points: Array
    """(468, 2) the mesh in the head's frame."""
    aside: float
    """How far the middle of the free forehead lies from the middle between the temples, in halves of their distance:
    large under a deep side parting."""

    def hair(self, u: Array) -> Array:
        """v of the hairline."""
        return np.interp(u, _ACROSS, self.hairline)

    def rim(self, u: Array) -> Array:
        """v of the mesh's upper rim."""
        return np.interp(u, self.points[_RIM, 0], self.points[_RIM, 1])

    def brow(self, u: Array) -> Array:
        """v of the brows."""
        return np.interp(u, self.brows[:, 0], self.brows[:, 1])

    @property
    def free(self) -> float:
        """Share of the height from the mesh's rim to the brows that no hair covers, in the middle of the forehead."""
        inside = _ACROSS[np.abs(_ACROSS - self.middle) < 0.2]
        height = self.brow(inside) - self.rim(inside)
        return float(np.median((self.brow(inside) - self.hair(inside)) / np.maximum(height, 0.02)))

    @property
    def middle(self) -> float:
        """u half way between the temples."""
        return float(self.brows[0, 0] + self.brows[-1, 0]) / 2

    @property
    def half(self) -> float:
        """Half the distance between the temples."""
        return float(self.brows[-1, 0] - self.brows[0, 0]) / 2


def forehead(hair: Hair) -> Forehead:
    """Measure a forehead."""
    frame = hair.frame
    points = frame.of(hair.points[:468])
    grid = np.stack(np.meshgrid(_ACROSS, _UPWARDS), axis=-1)
    places = frame.to(grid).astype(np.float32)
    matte = cv2.remap(hair.matte, places[..., 0], places[..., 1], cv2.INTER_LINEAR) > 0.5
    lasting = matte & np.roll(matte, -2, axis=0)
    rim = np.interp(_ACROSS, points[_RIM, 0], points[_RIM, 1]) - 0.05
    lowest = np.where(lasting.any(axis=0), _UPWARDS[lasting.argmax(axis=0)], np.nan)
    unseen = np.isnan(lowest) | (lowest < rim - _OFF)
    fitted = np.where(unseen, rim, lowest)
    fitted = np.convolve(np.pad(fitted, 3, mode="edge"), np.ones(7) / 7, "valid")
    middle = np.abs(_ACROSS) < 0.3
    brows = points[_BROWS]
    brows = brows[brows[:, 0].argsort()]
    left, right = points[_TEMPLES[0], 0] + 0.015, points[_TEMPLES[1], 0] - 0.015
    inside = brows[(brows[:, 0] > left) & (brows[:, 0] < right)]
    ends = [[left, inside[0, 1] + 0.05]], [[right, inside[-1, 1] + 0.05]]
    brows = np.concatenate([ends[0], inside, ends[1]])
    return Forehead(fitted, float((~unseen[middle]).mean()), brows, points, _aside(hair, points, brows))


def _aside(hair: Hair, points: Array, brows: Array) -> float:
    """See `Forehead.aside`; looked at half way from the mesh's rim to the brows."""
    left, right = float(brows[0, 0]), float(brows[-1, 0])
    u = np.linspace(left, right, 121)
    v = (np.interp(u, points[_RIM, 0], points[_RIM, 1]) + np.interp(u, brows[:, 0], brows[:, 1])) / 2
    places = hair.frame.to(np.stack([u, v], axis=-1)).astype(np.float32)[None]
    free = cv2.remap(hair.matte, places[..., 0], places[..., 1], cv2.INTER_LINEAR)[0] < 0.5
    return float(abs(u[free].min() + u[free].max() - left - right) / (right - left)) if free.any() else 0.0
