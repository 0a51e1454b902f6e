"""Strands of hair that lie over an eye.

Hair that has nearly the skin's colour is not told by it, but it runs: the edge of a strand goes on, lighter on the
same side, from the skin above an eye over brow, lid and lashes to the skin below. Lashes, creases and brows are short,
or lie across. Edges are followed downwards by dynamic programming; those that hardly break off are strands.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.flat import SIDE, flat_points
from tinct.faces.points import EYES

__all__ = ["strands", "way"]

Array = NDArray[np.float32]

_ABOVE, _BELOW, _BESIDE = 58, 42, 18
"""Pixels of the flattened face around an eye through which a strand goes."""
_BLUR: Final = 1.0  # of the same, in which edges are seen
_CLEAR, _LEAST = 4.0, 0.01
"""An edge is sure from so many medians of all steps around, and from such a step of the logarithm of light a pixel."""
_STRAIGHT: Final = 0.001  # what going straight down is better by
_WHOLE, _NEXT = 0.84, 0.6
"""Share of a way on which the edge of a strand shows: of the first, and of more of them beside it."""
_MEMORY, _FADED = 0.12, 0.5
"""Weight of each row beyond the box, and the mean of rows down to which an edge goes on there."""
_MOST: Final = 24  # edges of a lock that are looked for
_APART: Final = 3  # pixels between two of them
_BUNDLE: Final = 60  # most between the first and any other
_LOCK: Final = 45  # pixels between edges of which what lies between is hair
_RIM: Final = 8  # pixels beside an edge that are hair


def strands(light: Array) -> Array:
    """Where strands lie over eyes and lids.

    Parameters
    ----------
    light : ndarray, (SIDE, SIDE), float32
        The logarithm of the light of a face laid flat; see :func:`tinct.faces.flat.flattened`.

    Returns
    -------
    ndarray, (SIDE, SIDE), float32
        0 or 1; 0 but around eyes.
    """
    soft = cv2.GaussianBlur(np.asarray(light, np.float32), (0, 0), _BLUR)
    steps = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0) / 8, np.float32)
    out = np.zeros((SIDE, SIDE), np.float32)
    for ring in EYES:
        low, high = flat_points()[list(ring)].min(axis=0), flat_points()[list(ring)].max(axis=0)
        box = (int(low[1]) - _ABOVE, int(high[1]) + _BELOW, int(low[0]) - _BESIDE, int(high[0]) + _BESIDE)
        out = np.maximum(out, _hair(steps, box))
    return out


def _hair(steps: Array, box: tuple[int, int, int, int]) -> Array:
    """1 where strands are that cross a box (top, bottom, left, right), of the steps of light between columns."""
    top, bottom, left, right = box
    usual = float(np.median(np.abs(steps[top:bottom, left:right])))
    sure = steps / max(_LEAST, _CLEAR * usual)
    whole = [np.clip(sure, 0, 1), np.clip(-sure, 0, 1)]  # darker to lighter, and lighter to darker
    shown = [one[top:bottom, left:right].copy() for one in whole]
    columns = np.arange(right - left)[None]
    edges = np.zeros((SIDE, SIDE), np.uint8)
    for number in range(_MOST):
        ways = [way(one) for one in shown]
        side = int(ways[1][0] > ways[0][0])
        share, line = ways[side]
        if share < (_NEXT if number else _WHOLE):
            break
        edges[np.arange(top, bottom), left + line] = 1
        for row, column in (*_onwards(whole[side], top, left + int(line[0]), -1),
                            *_onwards(whole[side], bottom - 1, left + int(line[-1]), 1)):  # fmt: skip
            edges[row, column] = 1
        away = np.abs(columns - line[:, None])
        shown[side][away <= _APART] = 0
        if number == 0:
            for one in shown:
                one[away > _BUNDLE] = 0
    rim, lock = (np.ones((3, 2 * half + 1), np.uint8) for half in (_RIM, _LOCK // 2))
    return np.asarray(cv2.dilate(cv2.morphologyEx(edges, cv2.MORPH_CLOSE, lock), rim), np.float32)


def _onwards(shown: Array, row: int, column: int, down: int) -> list[tuple[int, int]]:
    """Where an edge goes on beyond a place, as far as it hardly breaks off."""
    out, lately = [], 1.0
    while 0 <= row + down < SIDE and 0 < column < SIDE - 1:
        row += down
        column += int(np.argmax(shown[row, column - 1 : column + 2] + [0, _STRAIGHT, 0])) - 1
        lately += _MEMORY * (float(shown[row, column]) - lately)
        if lately < _FADED:
            break
        out.append((row, column))
    return out


def way(shown: Array) -> tuple[float, NDArray[np.intp]]:
    """The way down, aside by one pixel a row at most, on which an edge shows most: its share, and its columns."""
    total, came = shown[0], np.zeros(shown.shape, np.intp)
    numbers = np.arange(shown.shape[1])
    for row in range(1, len(shown)):
        before = np.pad(total, 1, constant_values=-1)
        ways = np.stack([before[:-2], before[1:-1] + _STRAIGHT, before[2:]])
        came[row] = np.clip(numbers + ways.argmax(axis=0) - 1, 0, len(numbers) - 1)
        total = ways.max(axis=0) + shown[row]
    path = [int(total.argmax())]
    for row in range(len(shown) - 1, 0, -1):
        path.append(int(came[row, path[-1]]))
    way = np.array(path[::-1])
    return float(shown[np.arange(len(way)), way].mean()), way
