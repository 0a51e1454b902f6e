"""Work on a photo in strips of rows: no more of it is held than the strips that threads are working on."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.threads import cores

__all__ = ["by_strips", "rows_of"]

Array = NDArray[np.float32]


def by_strips(
    work: Callable[[int, int], None], size: tuple[int, int], pixels: int, threads: int | None = None
) -> None:
    """Call ``work(top, bottom)`` for strips that together are all rows, several at a time.

    Parameters
    ----------
    work : callable
        Gets the first row of a strip, and the one after its last.
    size : tuple of int
        Height and width.
    pixels : int
        Of one strip, about; what a thread works on should stay in its core's cache.
    threads : int, optional
        At most; as many as there are cores for it by default.
    """
    from concurrent.futures import ThreadPoolExecutor

    height, width = size
    step = max(1, pixels // width)
    count = min(threads or cores(), cores())
    if count == 1:
        for top in range(0, height, step):
            work(top, min(top + step, height))
        return
    with ThreadPoolExecutor(count) as pool:
        for _ in pool.map(lambda top: work(top, min(top + step, height)), range(0, height, step)):
            pass


def rows_of(small: Array, top: int, count: int, size: tuple[int, int]) -> Array:
    """Some rows of a small picture (h, w, up to 4) brought linearly to a photo's size: (count, W, up to 4).

    Parameters
    ----------
    small : ndarray, (h, w, c), float32
        c is 1 to 4.
    top, count : int
        The first row, and how many.
    size : tuple of int
        Height and width of the photo.
    """
    h, w = small.shape[:2]
    if (h, w) == size:
        return small[top : top + count]
    step_x, step_y = w / size[1], h / size[0]
    place = np.array([[step_x, 0, 0.5 * step_x - 0.5], [0, step_y, (top + 0.5) * step_y - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(
        np.ascontiguousarray(small), place, (size[1], count), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, np.float32).reshape(count, size[1], *small.shape[2:])
