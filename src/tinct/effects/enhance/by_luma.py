"""Double a photo by the small network of clips: it sees luma alone, and colours follow by interpolation."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session

__all__ = ["by_luma"]

Array = NDArray[np.float32]

_LUMA: Final = np.array([[0.299, 0.587, 0.114]], np.float32)
_PLANES: Final = 5  # luma, and what other frames would say of it, which a photo has none of


def by_luma(model: str, seen: Array) -> Array:
    """A window (h, w, 3), float32, 0..1, at twice its size: (2h, 2w, 3)."""
    height, width = seen.shape[:2]
    luma = np.pad(cv2.transform(seen, _LUMA), [(0, height % 2), (0, width % 2)], mode="edge")
    told = np.zeros((1, _PLANES, *luma.shape), np.float32)
    told[0, 0] = luma
    size = (2 * width, 2 * height)
    drawn = session(model).run({"seen": told})[0][0, 0, : size[1], : size[0]]
    result = np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_CUBIC), np.float32)
    result += (drawn - cv2.transform(result, _LUMA))[..., None]
    return result
