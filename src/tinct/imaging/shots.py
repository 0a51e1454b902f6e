"""Shots of a clip: where it is cut, and views of each on which something can be fitted.

A cut is where two frames differ far more than those before did. A dissolve is where frames between two that differ,
and that look like their own neighbours, are mixtures of both (Lienhart 2001, "Reliable transition detection in
videos"). A clip is read once for both, and a shot's views are held no longer than the shot lasts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.clip import Clip
from tinct.clip.planes import Frame, Matrix, Planes
from tinct.photo.resize import shrink

__all__ = ["CutFinder", "DissolveFinder", "Shot", "shots"]

Pixels = NDArray[np.uint8]

_SIDE: Final = 512  # of a view, which is what maps are fitted on
_VIEWS: Final = 9  # of a shot, evenly spaced
_KEPT: Final = 18  # before every other one goes
_GLANCE: Final = (32, 18)  # what a cut is judged on
_LEAST: Final = 14.0  # mean difference of luma and chroma, 0..255, below which there is no cut
_TIMES: Final = 3.0  # what the difference is of the frames before
_BEFORE: Final = 8  # frames
_SHORTEST: Final = 4  # frames of a shot: a flash is no cut
_DISSOLVES: Final = (3, 4, 5, 6, 8, 10, 13, 17, 22, 28, 36, 48)  # frames that are looked at
_BESIDE: Final = 3  # frames on both sides of a dissolve that are one shot's
_COARSE: Final = (16, 9)  # what a dissolve is judged on, where motion counts less
_MIXED: Final = 0.4  # of what both ends differ by: how far frames between may be from a mixture, by motion
_STILL: Final = 0.35  # of the same: how far the frames beside may be from the ends
_STAYS: Final = 0.5  # of the dissolve's own pace: how far they may be along the way
_EVEN: Final = 0.15  # how far a share may be from an even rise
_OTHER: Final = 0.8  # correlation of both ends from which the light changed, not the picture
_PLAIN: Final = 4.0  # standard deviation of luma of an end that is black or white


class CutFinder:
    """Told each frame in turn, says at which a new shot begins."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._moves: deque[float] = deque(maxlen=_BEFORE)
        self._length = 0

    def __call__(self, planes: Planes) -> bool:
        """Whether this frame is the first of a shot; the clip's first one is."""
        return self.of(_glance(planes))

    def of(self, seen: NDArray[np.float32]) -> bool:
        """The same, of a glance at the frame."""
        last, self._last = self._last, seen
        self._length += 1
        if last is None:
            return True
        gap = np.abs(seen - last).mean(axis=(1, 2))
        moved = float(gap[0] + gap[1] + gap[2])
        usual = float(np.median(self._moves)) if self._moves else 0.0
        cut = moved > max(_LEAST, _TIMES * usual) and self._length > _SHORTEST
        self._moves.append(moved)
        if cut:
            self._length = 1
            self._moves.clear()
        return cut


class DissolveFinder:
    """Told a glance at each frame in turn, says which frames a dissolve took."""

    def __init__(self) -> None:
        self._seen: deque[NDArray[np.float32]] = deque(maxlen=max(_DISSOLVES) + 2 * _BESIDE + 1)
        self._number = -1
        self._past = 0  # frames up to here belong to a dissolve that was told

    def __call__(self, seen: NDArray[np.float32]) -> tuple[int, int] | None:
        """Numbers of the last frame before and the first after a dissolve that ended a few frames ago."""
        self._seen.append(_coarse(seen))
        self._number += 1
        held = len(self._seen)
        after = held - 1 - _BESIDE
        for length in _DISSOLVES:
            before = after - length
            if before < _BESIDE or self._number - _BESIDE - length < self._past:
                return None
            if self._dissolves(before, after):
                self._past = self._number - _BESIDE
                return self._past - length, self._past
        return None

    def _dissolves(self, before: int, after: int) -> bool:
        seen = self._seen
        first, last, length = seen[before], seen[after], after - before
        apart = _gap(first, last)
        ends = ((seen[before - _BESIDE], first, 0), (seen[after + _BESIDE], last, 1))
        if apart < _LEAST or max(_gap(beside, end) for beside, end, _ in ends) > _STILL * apart:
            return False
        if min(first[0].std(), last[0].std()) < _PLAIN:
            return False
        if float(np.corrcoef(first[0].ravel(), last[0].ravel())[0, 1]) > _OTHER:
            return False
        way = last - first
        power = float((way * way).sum())

        def share(frame: NDArray[np.float32]) -> float:
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


def _coarse(seen: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([cv2.resize(plane, _COARSE, interpolation=cv2.INTER_AREA) for plane in seen])


def _glance(planes: Planes) -> NDArray[np.float32]:
    """Luma and chroma, (3, h, w)."""
    small = [cv2.resize(p, _GLANCE, interpolation=cv2.INTER_AREA) for p in (planes.y, planes.u, planes.v)]
    return np.stack(small).astype(np.float32)


def _gap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean(axis=(1, 2)).sum())


@dataclass(frozen=True, eq=False)
class Shot:
    """Frames between two cuts, or dissolves."""

    first: int
    """Number of its first frame."""
    count: int
    views: tuple[Pixels, ...]
    """Up to 9 frames, evenly spaced: (h, w, 3) R G B, the longer side 512 at most."""
    dissolve: tuple[int, int] | None = None
    """The last frame of the shot before and the first of this one alone, where one dissolves into the other."""


class _Views:
    """A few of the frames of a shot, however long it gets."""

    def __init__(self) -> None:
        self.count = 0
        self._step = 1
        self._held: list[tuple[int, Pixels]] = []

    def add(self, view: Callable[[], Pixels]) -> None:
        if self.count % self._step == 0:
            self._held.append((self.count, view()))
            if len(self._held) >= _KEPT:
                self._held = self._held[::2]
                self._step *= 2
        self.count += 1

    def ended(self, count: int, alone: int) -> None:
        """It had `count` frames, and only the first `alone` of them show nothing else."""
        self.count = count
        self._held = [one for one in self._held if one[0] < alone] or self._held[:1]

    def picked(self) -> tuple[Pixels, ...]:
        some = np.linspace(0, len(self._held) - 1, min(_VIEWS, len(self._held))).round().astype(int)
        return tuple(self._held[k][1] for k in some)


def shots(
    clip: Clip, *, whole: bool = False, heard: Callable[[float], None] = lambda share: None
) -> Iterator[Shot]:
    """The shots of a clip, each when it has ended.

    Parameters
    ----------
    clip : Clip
    whole : bool
        Take the clip for one shot, without cuts and dissolves.
    heard : callable
        Told the share of the clip that was read.
    """
    cuts, dissolves = CutFinder(), DissolveFinder()
    views, first = _Views(), 0
    told: tuple[int, int] | None = None  # of the shot that runs
    matrix = clip.facts.matrix
    for frame in clip.frames():
        seen = _glance(frame)
        cut = cuts.of(seen) and views.count > 0 and not whole
        dissolve = None if whole else dissolves(seen)
        if cut:
            yield Shot(first, views.count, views.picked(), told)
            first, views, told = frame.number, _Views(), None
        if dissolve is not None:
            before, after = dissolve
            if before < first <= after:  # part of it looked like a cut
                told = dissolve
            elif first <= before:
                middle = (before + after + 1) // 2
                views.ended(middle - first, before + 1 - first)
                yield Shot(first, views.count, views.picked(), told)
                views, told = _Views(), dissolve
                first = middle
                views.count = frame.number - middle
        views.add(partial(_view, matrix, frame))
        heard(min(1.0, (frame.number + 1) / max(clip.facts.frames, 1)))
    if views.count:
        yield Shot(first, views.count, views.picked(), told)


def _view(matrix: Matrix, frame: Frame) -> Pixels:
    return np.asarray(shrink(matrix.rgb(frame), _SIDE), np.uint8)
