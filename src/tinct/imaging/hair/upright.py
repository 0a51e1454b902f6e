"""The upright view of a head: every head as large and at the same place, as the network for hair sees it."""

from __future__ import annotations

from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.frame import Frame

__all__ = ["HEIGHT", "WIDTH", "back", "place", "upright"]

_T = TypeVar("_T", bound=np.generic)

WIDTH, HEIGHT = 128, 160
"""Pixels of the view."""
_UNIT: Final = WIDTH / 3.5  # pixels of the view to a face's width
_ABOVE: Final = 1.5  # widths of the face from the upper border to the place between the eyes


def place(u: float, v: float, finer: float = 1.0) -> tuple[float, float]:
    """Where u, v of a head's frame lies in its view: x, y in pixels."""
    return finer * (WIDTH / 2 + u * _UNIT), finer * (_ABOVE + v) * _UNIT


def _to_view(frame: Frame, finer: float) -> NDArray[np.float64]:
    """The affine map (2, 3) from pixels of a picture to those of the view."""
    turn = np.stack([frame.across, frame.down]) * (_UNIT * finer / frame.width)
    return np.column_stack([turn, np.array(place(0, 0, finer)) - turn @ frame.origin])


def upright(
    picture: NDArray[_T],
    frame: Frame,
    *,
    how: int = cv2.INTER_LINEAR,
    beyond: float = 0.0,
    finer: float = 1.0,
) -> NDArray[_T]:
    """A picture (h, w, ...) as the view shows it, (HEIGHT, WIDTH, ...); `beyond` outside the picture's border.

    `finer` makes the view so many times larger. Of a head that is much larger in the picture nothing is averaged: give
    it a copy in which it is about as large as in the view.
    """
    turned = cv2.warpAffine(
        picture,  # type: ignore[arg-type]
        _to_view(frame, finer),
        (round(WIDTH * finer), round(HEIGHT * finer)),
        flags=how,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(beyond, beyond, beyond, beyond),
    )
    return np.asarray(turned, picture.dtype)


def back(view: NDArray[np.float32], frame: Frame, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A map (HEIGHT, WIDTH, ...) of the view laid back on a picture of `shape` (h, w); 0 where the view ends."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(view, _to_view(frame, 1.0), shape[::-1], flags=flags)
    return np.asarray(turned, np.float32)
