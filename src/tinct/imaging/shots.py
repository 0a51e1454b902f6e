"""Shots of a clip: where it is cut, and views of each on which something can be fitted.

A cut is where two frames differ far more than those before did; dissolves and fades are found by
:mod:`tinct.imaging.transitions`. A clip is read once for all, and a shot's views are held as long as it lasts.
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
from tinct.imaging.transitions import DissolveFinder, FadeFinder
from tinct.photo.resize import shrink

__all__ = ["CutFinder", "Shot", "shots"]

Pixels = NDArray[np.uint8]

_SIDE: Final = 512  # of a view, which is what maps are fitted on
_VIEWS: Final = 9  # of a shot, evenly spaced
_KEPT: Final = 18  # before every other one goes
_GLANCE: Final = (32, 18)  # what a cut is judged on
_LEAST: Final = 14.0  # mean difference of luma and chroma, 0..255, below which there is no cut
_TIMES: Final = 3.0  # what the difference is of the frames before
_BEFORE: Final = 8  # frames
_SHORTEST: Final = 4  # frames of a shot: a flash is no cut
_LIGHT: Final = 0.9  # correlation of luma from which the light changed, not the picture


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
        cut = moved > max(_LEAST, _TIMES * usual) and self._length > _SHORTEST and not _light(last, seen, gap)
        self._moves.append(moved)
        if cut:
            self._length = 1
            self._moves.clear()
        return bool(cut)


def _glance(planes: Planes) -> NDArray[np.float32]:
    """Luma and chroma, (3, h, w)."""
    small = [cv2.resize(p, _GLANCE, interpolation=cv2.INTER_AREA) for p in (planes.y, planes.u, planes.v)]
    return np.stack(small).astype(np.float32)


def _light(last: NDArray[np.float32], seen: NDArray[np.float32], gap: NDArray[np.float32]) -> bool:
    """Whether the same picture has only grown darker or lighter, as where a fade begins."""
    if float(gap[0]) < float(gap[1] + gap[2]):
        return False
    one, other = (frame[0] - frame[0].mean() for frame in (last, seen))
    power = float((one * one).sum()) * float((other * other).sum())
    return float((one * other).sum()) > _LIGHT * float(np.sqrt(power))


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
        Take the clip for one shot, without cuts, dissolves and fades.
    heard : callable
        Told the share of the clip that was read.
    """
    cuts, dissolves, fades = CutFinder(), DissolveFinder(), FadeFinder()
    views, first = _Views(), 0
    told: tuple[int, int] | None = None  # of the shot that runs
    matrix = clip.facts.matrix
    for frame in clip.frames():
        seen = _glance(frame)
        cut = cuts.of(seen) and views.count > 0 and not whole
        dissolve = None if whole else dissolves(seen, frame)
        plain = None if whole else fades(seen)
        if cut:
            yield Shot(first, views.count, views.picked(), told)
            first, views, told = frame.number, _Views(), None
        if plain is not None and plain[0] - first < 2 * _SHORTEST:
            plain = None  # a quick fade was a cut
        if dissolve is not None and 0 < first <= dissolve[1] and dissolve[0] - first < _SHORTEST:
            told = dissolve  # part of it looked like a cut
        elif (gone := dissolve or plain) is not None and first <= gone[0]:
            middle = (gone[0] + gone[1] + 1) // 2
            views.ended(middle - first, gone[0] + (dissolve is not None) - first)
            yield Shot(first, views.count, views.picked(), told)
            views, told, first = _Views(), dissolve, middle
            views.count = frame.number - middle
        views.add(partial(_view, matrix, frame))
        heard(min(1.0, (frame.number + 1) / max(clip.facts.frames, 1)))
    if views.count:
        yield Shot(first, views.count, views.picked(), told)


def _view(matrix: Matrix, frame: Frame) -> Pixels:
    return np.asarray(shrink(matrix.rgb(frame), _SIDE), np.uint8)
