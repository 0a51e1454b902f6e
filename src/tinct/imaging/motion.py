"""Motion between frames, and carrying along it what was found on another frame.

Dense inverse search (Kroeger et al. 2016, "Fast optical flow using dense inverse search"), on small luma.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "grid", "small_luma"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_ALIKE: Final = 8.0  # difference of luma, 0..255, at which what was carried is no longer trusted
_LEAST: Final = 16  # sides that the search needs


def small_luma(luma: Pixels, side: int) -> Pixels:
    """Luma (h, w) whose longer side is `side` at most; the shorter one is no less than the search needs."""
    height, width = luma.shape
    scale = min(1.0, side / max(height, width))
    size = (max(_LEAST, round(width * scale)), max(_LEAST, round(height * scale)))
    return (
        luma
        if size == (width, height)
        else np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    )


def grid(height: int, width: int) -> tuple[Array, Array]:
    """Columns and rows of pixels, (h, w) each."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


class Motion:
    """Where each pixel of one frame was in another.

    Parameters
    ----------
    now, then : ndarray, (h, w), uint8
        Small luma of both.
    search : object, optional
        A search of OpenCV, to be used again.
    """

    def __init__(self, now: Pixels, then: Pixels, search: Any = None) -> None:
        search = search or self.search()
        self.flow: Array = np.asarray(search.calc(now, then, None), np.float32)  # (h, w, 2)
        self._now, self._then = now, then

    @staticmethod
    def search() -> Any:
        """The search, down to half the size of what it is given."""
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def settle(self, times: float, window: int = 15, edge: int = 5) -> None:
        """Let stand still what motion explains hardly better than none does, as motion follows noise too.

        Parameters
        ----------
        times : float
            How many times what motion leaves may be left, in `window` x `window` pixels, with an edge of `edge` pixels.
        """
        now, then = self._now.astype(np.float32), self._then.astype(np.float32)
        place = self.place(*now.shape)
        moved = cv2.remap(then, *place, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) - now
        stood = then - now
        power = [cv2.blur(gap * gap, (window, window)) for gap in (stood, moved)]
        still = (power[0] <= power[1] * np.float32(times)).astype(np.float32)
        self.flow *= (1 - cv2.blur(still, (edge, edge)))[..., None]

    def place(self, height: int, width: int) -> tuple[Array, Array]:
        """Column and row, in pixels of a frame of this size, where each pixel was: (height, width) each."""
        h, w = self.flow.shape[:2]
        flow = cv2.resize(self.flow, (width, height), interpolation=cv2.INTER_LINEAR)
        x, y = grid(height, width)
        return flow[..., 0] * np.float32(width / w) + x, flow[..., 1] * np.float32(height / h) + y

    def carried(self, values: Array) -> Array:
        """Values (h, w) or (h, w, c) of the other frame, brought to this one; of any size and number of channels."""
        height, width = values.shape[:2]
        x, y = self.place(height, width)
        flat = values.reshape(height, width, -1)
        parts = [
            cv2.remap(
                np.ascontiguousarray(flat[..., k : k + 4]),
                x,
                y,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ).reshape(height, width, -1)
            for k in range(0, flat.shape[2], 4)
        ]
        return np.concatenate(parts, axis=2).reshape(values.shape).astype(np.float32, copy=False)

    def trust(self, height: int, width: int) -> Array:
        """How surely each pixel is the same thing in both frames: (height, width), 0..1."""
        gap = np.abs(self.carried(self._then.astype(np.float32)) - self._now)
        sure = np.exp(-((cv2.blur(gap, (5, 5)) / np.float32(_ALIKE)) ** 2))
        return np.asarray(cv2.resize(sure, (width, height), interpolation=cv2.INTER_AREA), np.float32)
