"""Colours that people know of a clip: points of one moment, followed along motion through its shot, both ways.

A point is followed from frame to frame by dense motion. It goes on while the way there and back ends where it began
(Kalal, Mikolajczyk, Matas 2010, "Forward-backward error"), while it stays inside, and while what is around it still
looks as it did at its moment; there it ends, for a lost point would colour something else.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from tinct.clip.clip import Clip
from tinct.effects.colorize.hints import Hint
from tinct.errors import ParameterError
from tinct.imaging.motion import Motion, small_luma
from tinct.imaging.shots import CutFinder

__all__ = ["ClipHint", "ClipHints", "Track", "checked", "points_at", "tracked"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_SIDE: Final = 320  # of the luma on which points are followed
_BACK: Final = 4000  # frames before its moment that a point can reach; they are held, 25 to 40 kB each
_COARSER: Final = 2  # bits of luma that following does without; what is left packs twice as well
_AROUND: Final = 2  # pixels to each side whose motion is the point's
_LOST: Final = 1.5  # pixels, of that luma, that the way there and back may end apart
_PATCH: Final = 7  # pixels to each side that are compared with the moment of the hint
_ALIKE: Final = 0.5  # correlation of both
_FLAT: Final = 3.0  # standard deviation of a patch that has nothing to correlate
_LIGHTER: Final = 24.0  # luma, 0..255, by which the patch may have changed


class ClipHint(Hint):
    """The colour of one point of a clip at one moment."""

    at: float = Field(ge=0, description="Seconds from the beginning of the clip.")


def _hint(value: object) -> object:
    """Also accept (at, x, y, colour), and the command line's ``at,x,y,#RRGGBB``."""
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, list | tuple) and len(parts) == 4:
        return dict(zip(("at", "x", "y", "color"), parts, strict=True))
    if isinstance(value, str):
        allowed = "second,x,y,colour, such as 1.5,120,80,navy"
        raise ValueError(allowed)  # keeps the number of the hint
    return value


ClipHints = list[Annotated[ClipHint, BeforeValidator(_hint)]]
"""What hints of a clip are brought to."""


@dataclass(eq=False)
class Track:
    """Where the point of a hint is."""

    chroma: Array
    """(2,) a*, b*."""
    frame: int = -1
    """Number of the frame on which it was given."""
    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Row and column, as shares of the frame, by the number of each frame on which it is known."""
    seconds: tuple[float, float] = (0.0, 0.0)
    """When it is first and last known."""


def checked(clip: Clip, hints: Sequence[Any]) -> list[ClipHint]:
    """Hints that lie inside the clip.

    Raises
    ------
    ParameterError
        A point lies outside the picture, or its moment after the end.
    """
    facts, found = clip.facts, []
    for number, hint in enumerate(hints):
        assert isinstance(hint, ClipHint)
        if hint.x >= facts.width or hint.y >= facts.height:
            allowed = f"a point inside the clip, x below {facts.width} and y below {facts.height}"
            raise ParameterError(f"hints.{number}", f"{hint.x},{hint.y}", allowed)
        if hint.at > facts.seconds:
            allowed = f"a moment of the clip, which runs {facts.seconds:.2f} s"
            raise ParameterError(f"hints.{number}", f"{hint.at:g} s", allowed)
        found.append(hint)
    return found


def tracked(clip: Clip, hints: Sequence[ClipHint], progress: Callable[[float], None]) -> list[Track]:
    """Follow hints through the shots in which they were given; reads the clip once.

    Parameters
    ----------
    clip : Clip
    hints : sequence of ClipHint
        Checked.
    progress : callable
        Told the share of the clip that was read.
    """
    order = sorted(range(len(hints)), key=lambda k: hints[k].at)
    tracks = [Track(hint.chroma) for hint in hints]
    follower = _Follower(clip, hints, tracks)
    waiting = deque(order)
    cut = CutFinder()
    held: tuple[float, int, Pixels] | None = None  # the frame whose end is not known yet
    for frame in clip.frames():
        begins = cut(frame)
        small = small_luma(frame.y, _SIDE)
        while held is not None and waiting and hints[waiting[0]].at < frame.seconds:
            follower.given(waiting.popleft(), *held)
        follower.frame(frame.number, frame.seconds, small, begins=begins, more=bool(waiting))
        held = frame.seconds, frame.number, small
        progress(min(1.0, (frame.number + 1) / max(clip.facts.frames, 1)))
        if not waiting and not follower.live:
            break
    while held is not None and waiting:
        follower.given(waiting.popleft(), *held)
    return tracks


class _Follower:
    """Follows points on, and back through the frames of the shot that were seen."""

    def __init__(self, clip: Clip, hints: Sequence[ClipHint], tracks: Sequence[Track]) -> None:
        self._clip, self._hints, self._tracks = clip, hints, tracks
        self._search: Any = Motion.search()
        self._seen: deque[tuple[int, float, bytes]] = deque(maxlen=_BACK)
        self._last: Pixels | None = None
        self.live: dict[int, tuple[float, float, Array]] = {}
        """By hint: column and row in small luma, and how its surroundings looked at its moment."""

    def frame(self, number: int, seconds: float, small: Pixels, *, begins: bool, more: bool) -> None:
        """The next frame of the clip; `more` hints are still to come."""
        if begins:
            self._seen.clear()
            self.live.clear()
        elif self.live and self._last is not None:
            step = _Step(self._last, small, self._search)
            for which, (x, y, patch) in list(self.live.items()):
                found = step.of(x, y, patch)
                if found is None:
                    del self.live[which]
                else:
                    self.live[which] = (*found, patch)
                    self._keep(which, number, seconds, small, *found)
        self._last = small
        if more:
            self._seen.append((number, seconds, _packed(small)))

    def given(self, which: int, seconds: float, number: int, small: Pixels) -> None:
        """A hint of the frame that came last."""
        hint, facts = self._hints[which], self._clip.facts
        height, width = small.shape
        x = (hint.x + 0.5) * width / facts.width - 0.5
        y = (hint.y + 0.5) * height / facts.height - 0.5
        patch = _patch(small, x, y)
        track = self._tracks[which]
        track.frame, track.seconds = number, (seconds, seconds)
        self._keep(which, number, seconds, small, x, y)
        self.live[which] = (x, y, patch)
        now = small
        for earlier, when, stored in reversed(self._seen):
            if earlier >= number:
                continue
            then = _unpacked(stored, small.shape)
            found = _Step(now, then, self._search).of(x, y, patch)
            if found is None:
                break
            x, y = found
            self._keep(which, earlier, when, then, x, y)
            now = then

    def _keep(self, which: int, number: int, seconds: float, small: Pixels, x: float, y: float) -> None:
        height, width = small.shape
        track = self._tracks[which]
        track.places[number] = (y + 0.5) / height, (x + 0.5) / width
        first, last = track.seconds
        track.seconds = min(first, seconds), max(last, seconds)


class _Step:
    """From one frame to the one beside it."""

    def __init__(self, now: Pixels, then: Pixels, search: Any) -> None:
        self._then = then
        self._there, self._back = Motion(now, then, search).flow, Motion(then, now, search).flow

    def of(self, x: float, y: float, patch: Array) -> tuple[float, float] | None:
        """Where a point is there; None where it is lost."""
        height, width = self._then.shape
        dx, dy = _median(self._there, x, y)
        to_x, to_y = x + dx, y + dy
        if not (0 <= to_x <= width - 1 and 0 <= to_y <= height - 1):
            return None
        back_x, back_y = _median(self._back, to_x, to_y)
        if np.hypot(dx + back_x, dy + back_y) > _LOST:
            return None
        return (to_x, to_y) if _same(_patch(self._then, to_x, to_y), patch) else None


def _packed(small: Pixels) -> bytes:
    """Coarser luma as differences along each row, deflated."""
    coarse = small >> _COARSER
    return zlib.compress(np.diff(coarse, axis=1, prepend=np.uint8(0)).tobytes(), 1)


def _unpacked(stored: bytes, shape: tuple[int, ...]) -> Pixels:
    """Luma again, in the middle of what the lost bits may have been."""
    differences = np.frombuffer(zlib.decompress(stored), np.uint8).reshape(shape)
    coarse = np.cumsum(differences, axis=1, dtype=np.uint8)
    return np.asarray((coarse << _COARSER) + (1 << _COARSER >> 1), np.uint8)


def _median(flow: Array, x: float, y: float) -> tuple[float, float]:
    row, column = round(y), round(x)
    around = flow[max(0, row - _AROUND) : row + _AROUND + 1, max(0, column - _AROUND) : column + _AROUND + 1]
    dx, dy = np.median(around.reshape(-1, 2), axis=0)
    return float(dx), float(dy)


def _patch(small: Pixels, x: float, y: float) -> Array:
    side = 2 * _PATCH + 1
    return np.asarray(cv2.getRectSubPix(small, (side, side), (x, y)), np.float32)


def _same(found: Array, wanted: Array) -> bool:
    """Whether a patch looks as another: as light, and alike where there is something to see."""
    if abs(float(found.mean() - wanted.mean())) > _LIGHTER:
        return False
    spread = float(found.std()), float(wanted.std())
    if max(spread) < _FLAT:
        return True
    together = float(((found - found.mean()) * (wanted - wanted.mean())).mean())
    return together > _ALIKE * max(spread[0] * spread[1], _FLAT * _FLAT / 4)


def points_at(tracks: Iterable[Track], number: int) -> Array:
    """What is known of a frame, (n, 4): row and column as shares, a*, b*; what was given nearest in time comes last."""
    known = [(abs(track.frame - number), track) for track in tracks if number in track.places]
    known.sort(key=lambda one: -one[0])
    rows = [[*track.places[number], *track.chroma] for _, track in known]
    return np.array(rows, np.float32).reshape(-1, 4)
