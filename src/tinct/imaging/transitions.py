"""Where one shot goes over into the next little by little: dissolves, and fades through black or white.

A dissolve is where frames between two that differ, and that look like their own neighbours, are mixtures of both
(Lienhart 2001, "Reliable transition detection in videos"). In a steady pan or zoom frames seem so too where little is
seen of them; but there the frame in the middle is what the ends show, moved, which it is not in a dissolve.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.planes import Planes
from tinct.imaging.motion import Motion, grid

__all__ = ["DissolveFinder", "FadeFinder"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_LEAST: Final = 14.0  # mean difference of luma and chroma, 0..255, that both ends of a dissolve have
_DISSOLVES: Final = (3, 4, 5, 6, 8, 10, 13, 17, 22, 28, 36, 48)  # frames that are looked at
_BESIDE: Final = 3  # frames on both sides of a dissolve that are one shot's
_COARSE: Final = (16, 9)  # what a dissolve is judged on, where motion counts less
_MIXED: Final = 0.4  # of what both ends differ by: how far frames between may be from a mixture, by motion
_STILL: Final = 0.35  # of the same: how far the frames beside may be from the ends
_STAYS: Final = 0.5  # of the dissolve's own pace: how far they may be along the way
_EVEN: Final = 0.15  # how far a share may be from an even rise
_OTHER: Final = 0.8  # correlation of both ends from which the light changed, not the picture
_PLAIN: Final = 4.0  # standard deviation of luma of an end that is black or white
_PLAINER: Final = 0.1  # of the other end's: what is nearly so, as in a fade
_APART: Final = 6  # frames between two dissolves
_FINE: Final = (96, 54)  # pixels on which motion and mixture are compared
_MOVED: Final = 0.37  # of what the mixture leaves: motion leaves less (at most .29; dissolves from .42)
_LIGHT: Final = 2.0  # times: what exposure changes in a dissolve's time at most
_SEEN: Final = 0.3  # share of the frame that motion must speak for
_FADES: Final = 24  # frames
_LEFT: Final = 0.25  # of the deviation of luma in so many frames: what is left where a picture is gone
_CLEAR: Final = 10.0  # which is less than this
_ENDS: Final = (56.0, 200.0)  # luma of what is nearly black, and nearly white


class DissolveFinder:
    """Told each frame in turn, says which frames a dissolve took."""

    def __init__(self) -> None:
        most = max(_DISSOLVES) + 2 * _BESIDE + 1
        self._seen: deque[Array] = deque(maxlen=most)
        self._fine: deque[Pixels] = deque(maxlen=most)
        self._flows: dict[tuple[int, int], Array] = {}  # between neighbours, by their numbers
        self._search: Any = None
        self._number = -1
        self._past = 0  # no other dissolve begins before this frame

    def __call__(self, seen: Array, planes: Planes) -> tuple[int, int] | None:
        """Numbers of the last frame before and the first after a dissolve that ended a few frames ago.

        Parameters
        ----------
        seen : ndarray, (3, h, w), float32
            A glance at luma and chroma.
        planes : Planes
            The frame.
        """
        self._seen.append(np.stack([cv2.resize(one, _COARSE, interpolation=cv2.INTER_AREA) for one in seen]))
        fine = (
            cv2.resize(one, _FINE, interpolation=cv2.INTER_AREA) for one in (planes.y, planes.u, planes.v)
        )
        self._fine.append(np.dstack(list(fine)))  # (h, w, 3)
        self._number += 1
        after = len(self._seen) - 1 - _BESIDE
        for length in _DISSOLVES:
            before = after - length
            if before < _BESIDE or self._number - _BESIDE - length < self._past:
                return None
            if self._mixes(before, after):
                if self._moves(before, after):
                    return None  # so longer ones would hold frames that only move
                self._past = self._number - _BESIDE + _APART
                return self._number - _BESIDE - length, self._number - _BESIDE
        return None

    def _mixes(self, before: int, after: int) -> bool:
        """Whether frames between are mixtures of both, as far as little is seen of them."""
        seen = self._seen
        first, last, length = seen[before], seen[after], after - before
        apart = _gap(first, last)
        ends = ((seen[before - _BESIDE], first, 0), (seen[after + _BESIDE], last, 1))
        if apart < _LEAST or max(_gap(beside, end) for beside, end, _ in ends) > _STILL * apart:
            return False
        deviations = first[0].std(), last[0].std()
        if min(deviations) < max(_PLAIN, _PLAINER * max(deviations)):
            return False
        if _correlation(first, last) > _OTHER:
            return False
        way = last - first
        power = float((way * way).sum())

        def share(frame: Array) -> float:
            return float(((frame - first) * way).sum()) / power

        if any(abs(share(beside) - end) > _STAYS * _BESIDE / length for beside, _, end in ends):
            return False
        for place in range(before + 1, after):
            gone = share(seen[place])
            if abs(gone - (place - before) / length) > _EVEN:
                return False
            if _gap(seen[place] - first, gone * way) > _MIXED * apart:
                return False
        return True

    def _moves(self, before: int, after: int) -> bool:
        """Whether both ends, brought along motion and lit alike, are the frame in the middle, not their mixture."""
        middle = (before + after) // 2
        first, last, frame = (self._fine[at].astype(np.float32) for at in (before, after, middle))
        left = np.full(frame.shape[:2], np.inf, np.float32)
        for end, at in ((first, before), (last, after)):
            x, y = self._place(middle, at)
            here = (x >= 0) & (y >= 0) & (x <= _FINE[0] - 1) & (y <= _FINE[1] - 1)
            moved = np.asarray(
                cv2.remap(end, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
            )
            left[here] = np.minimum(left, np.abs(_lit(moved, frame, here) - frame).sum(axis=-1))[here]
        inside = np.isfinite(left)
        if inside.mean() < _SEEN:
            return False
        way = last - first
        share = float(((frame - first) * way).sum()) / max(float((way * way).sum()), 1.0)
        mixed = np.abs(frame - first - np.float32(share) * way).sum(axis=-1)
        return bool(left[inside].mean() < _MOVED * mixed[inside].mean())

    def _place(self, there: int, other: int) -> tuple[Array, Array]:
        """Column and row, in a frame, of each pixel of another: by the steps from frame to frame between them."""
        x, y = grid(_FINE[1], _FINE[0])
        step = 1 if other > there else -1
        for at in range(there, other, step):
            flow = cv2.remap(
                self._flow(at, at + step), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            x, y = x + flow[..., 0], y + flow[..., 1]
        return x, y

    def _flow(self, now: int, then: int) -> Array:
        oldest = self._number + 1 - len(self._fine)
        key = (oldest + now, oldest + then)
        if key not in self._flows:
            if self._search is None:
                self._search = Motion.search()
                self._search.setFinestScale(0)
            self._flows = {pair: flow for pair, flow in self._flows.items() if min(pair) >= oldest}
            here, there = (np.ascontiguousarray(self._fine[at][..., 0]) for at in (now, then))
            self._flows[key] = Motion(here, there, self._search).flow
        return self._flows[key]


class FadeFinder:
    """Told each frame in turn, says where a picture faded into black or white and another one came out of it."""

    def __init__(self) -> None:
        self._number = -1
        self._deviations: deque[float] = deque(maxlen=_FADES)
        self._clear: Array | None = None
        """The last glance at a picture that can be known."""
        self._plain: tuple[int, int] | None = None
        """The first and last frame without any picture since then."""

    def __call__(self, seen: Array) -> tuple[int, int] | None:
        """Numbers of the first and last frame that show neither, as soon as the other picture can be known.

        Parameters
        ----------
        seen : ndarray, (3, h, w), float32
            A glance at luma and chroma.
        """
        self._number += 1
        deviation, mean = float(seen[0].std()), float(seen[0].mean())
        self._deviations.append(deviation)
        nearly = min(_CLEAR, _LEFT * max(self._deviations))
        if deviation < max(_PLAIN, nearly) and not _ENDS[0] < mean < _ENDS[1]:
            if self._clear is not None:
                self._plain = (self._plain[0] if self._plain else self._number, self._number)
            return None
        if deviation < _PLAIN:
            return None
        before, plain = self._clear, self._plain
        self._clear, self._plain = seen, None
        return None if before is None or plain is None or _correlation(before, seen) > _OTHER else plain


def _lit(seen: Array, like: Array, here: NDArray[np.bool_]) -> Array:
    """A frame (h, w, 3) in the light of another, as exposure may follow what comes into view; colours stay."""
    if not here.any():
        return seen
    middle, other = np.array([seen[here][:, 0].mean(), 128, 128], np.float32), like[here][:, 0].mean()
    own, light = seen - middle, like[..., 0] - other
    gain = float((own[..., 0] * light)[here].sum()) / max(float((own[..., 0] ** 2)[here].sum()), 1.0)
    return np.asarray(
        own * np.float32(np.clip(gain, 1 / _LIGHT, _LIGHT)) + np.array([other, 128, 128], np.float32),
        np.float32,
    )


def _correlation(one: Array, other: Array) -> float:
    return float(np.corrcoef(one[0].ravel(), other[0].ravel())[0, 1])


def _gap(one: Array, other: Array) -> float:
    return float(np.abs(one - other).mean(axis=(1, 2)).sum())
