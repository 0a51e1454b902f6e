"""The upright view of a head: every head as large and at the same place, as the network for hair sees it."""

from __future__ import annotations

from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.frame import Frame

__all__ = ["HEIGHT", "WIDTH", "back", "upright"]

_T = TypeVar("_T", bound=np.generic)

WIDTH, HEIGHT = 208, 256
"""Pixels of the view."""
_UNIT: Final = WIDTH / 3.4  # pixels of the view to a face's width
_ORIGIN: Final = (WIDTH / 2, 1.5 * _UNIT)


def _to_view(frame: Frame) -> NDArray[np.float64]:
    """The affine map (2, 3) from pixels of a picture to those of the view."""
    turn = np.stack([frame.across, frame.down]) * (_UNIT / frame.width)
    return np.column_stack([turn, np.array(_ORIGIN) - turn @ frame.origin])


def upright(picture: NDArray[_T], frame: Frame, how: int = cv2.INTER_LINEAR) -> NDArray[_T]:
    """A picture (h, w, ...) as the view shows it, (HEIGHT, WIDTH, ...); 0 beyond its border."""
    turned = cv2.warpAffine(picture, _to_view(frame), (WIDTH, HEIGHT), flags=how)  # type: ignore[arg-type]
    return np.asarray(turned, picture.dtype)


def back(view: NDArray[np.float32], frame: Frame, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A map (HEIGHT, WIDTH, ...) of the view laid back on a picture of `shape` (h, w); 0 where the view saw nothing."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(view, _to_view(frame), shape[::-1], flags=flags), np.float32)
