"""Locks of hair that lie across the lips.

What crosses both lips from above to the chin, and is unlike the lips and unlike the skin beside them wherever it goes,
is followed down by dynamic programming, as strands over an eye are. Then what is near it and nearer to its colours than
to the lips' is hair. What is not sure tells nothing: a hole in lipstick on bare lips is worse than a painted lock.
"""

from __future__ import annotations

import functools
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.covered import bare_skin
from tinct.faces.flat import SIDE, flat_mask, flat_points
from tinct.faces.points import LIPS_RING, MOUTH_RING
from tinct.faces.strands import way
from tinct.photo.color import srgb_to_lab

__all__ = ["across_lips"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_ABOVE, _BELOW, _BESIDE = 22, 26, 4
"""Pixels of the flattened face around the lips through which a lock goes."""
_BLUR: Final = 1.5  # of the same
_FLOOR: Final = np.array([7, 4, 4], np.float32)  # least spread of the colours of lips and skin: L*, a*, b*
_LIKE, _UNLIKE = 2.0, 4.0  # spreads up to which a colour is theirs, and from which it is surely not
_LIKE_SKIN: Final = 1.5  # the same beside the lips, where those are sure
_MOUTH: Final = (9, 5)  # down and across: what is dark or white between lips tells nothing there
_UNTOLD: Final = 0.6  # what counts there
_BOTH, _LIPS = 0.5, 0.74
"""Share of a way on which it is unlike both, or unlike the lips on them and a little unlike the skin beside."""
_MOST: Final = 5  # locks
_REACH: Final = 22  # pixels around a way that its lock may fill
_CROSSED, _SEEN, _MUCH = 0.6, 0.7, 0.4
"""Share of the lips' height that a lock crosses, of that where it is unlike them, and of the lips that it may hide."""
_RIM: Final = 5  # pixels around hair that are kept too


@functools.cache
def _places() -> tuple[Flags, Flags, Flags, Flags]:
    """Lips with what is between them; their inside; what is between them; skin around."""
    lips, mouth = flat_mask([LIPS_RING]) > 0, flat_mask([MOUTH_RING])
    inside = cv2.erode((lips & (mouth == 0)).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    around = bare_skin() & (cv2.dilate(lips.astype(np.uint8), np.ones((71, 71), np.uint8)) > 0)
    return lips, np.asarray(inside), np.asarray(cv2.dilate(mouth, np.ones(_MOUTH, np.uint8)) > 0), around


def across_lips(flat: Array) -> Array:
    """Where locks lie across the lips.

    Parameters
    ----------
    flat : ndarray, (SIDE, SIDE, 3), float32
        The face laid flat, sRGB 0..1; see :func:`tinct.faces.flat.flattened`.

    Returns
    -------
    ndarray, (SIDE, SIDE), float32
        0 or 1; 0 but at the lips and close to them.
    """
    lips, inside, mouth, around = _places()
    lab = np.asarray(cv2.GaussianBlur(srgb_to_lab(np.clip(flat, 0, 1)), (0, 0), _BLUR), np.float32)
    from_lips, from_skin = _apart(lab, lab[inside]), _apart(lab, lab[around])
    both = _sure(np.minimum(from_lips, from_skin), _LIKE)
    either = np.where(lips, _sure(from_lips, _LIKE), _sure(from_skin, _LIKE_SKIN))
    low, high = flat_points()[LIPS_RING].min(axis=0), flat_points()[LIPS_RING].max(axis=0)
    top, left, bottom, right = (
        int(low[1]) - _ABOVE, int(low[0]) - _BESIDE, int(high[1]) + _BELOW, int(high[0]) + _BESIDE
    )  # fmt: skip
    out = np.zeros((SIDE, SIDE), np.uint8)
    part = np.s_[top:bottom, left:right]
    for shown, least in ((both, _BOTH), (either, _LIPS)):
        shown[mouth] = np.maximum(shown[mouth], _UNTOLD)
        left_over = np.asarray(shown[part], np.float32).copy()
        for _ in range(_MOST):
            share, columns = way(left_over)
            if share < least:
                break
            hair = _lock(lab[part], columns, lips[part] & ~mouth[part], from_lips[part])
            out[part] |= hair.astype(np.uint8)
            away = np.abs(np.arange(right - left)[None] - columns[:, None])
            left_over[(away <= _RIM) | hair] = 0
    return np.asarray(cv2.dilate(out, np.ones((_RIM, _RIM), np.uint8)), np.float32)


def _lock(lab: Array, columns: NDArray[np.intp], lips: Flags, from_lips: Array) -> Flags:
    """What is near a way down and of its colours on the lips rather than of theirs."""
    rows, away = np.arange(len(columns)), np.abs(np.arange(lab.shape[1])[None] - columns[:, None])
    on = lips[rows, columns]
    if on.sum() < _CROSSED * lips.sum(axis=0).max() or (from_lips[rows, columns] > _LIKE)[on].mean() < _SEEN:
        return np.asarray(away < 0, np.bool_)
    colors = lab[rows[on], columns[on]]
    like = (away <= _REACH) & (_apart(lab, colors) < from_lips) | (away <= _RIM // 2)
    _, numbers = cv2.connectedComponents(like.astype(np.uint8))
    lock = np.isin(numbers, np.unique(numbers[rows, columns])) & like
    return np.asarray(lock & (float((lock & lips).sum()) < _MUCH * float(lips.sum())))


def _apart(lab: Array, colors: Array) -> Array:
    """How far each colour is from the median of some (n, 3), in their spread."""
    middle = np.median(colors, axis=0)
    spread = np.maximum(1.48 * np.median(np.abs(colors - middle), axis=0), _FLOOR)
    return np.asarray(np.sqrt((((lab - middle) / spread) ** 2).sum(axis=-1)), np.float32)


def _sure(distance: Array, like: float) -> Array:
    return np.asarray(np.clip((distance - like) / (_UNLIKE - _LIKE), 0, 1), np.float32)
