"""One colour map a shot: what makes an effect on photos steady on a clip.

Maps do not jump where the picture does not: across a dissolve one map fades into the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.clip import Clip, remade
from tinct.clip.planes import Frame, Planes
from tinct.imaging import crowd
from tinct.imaging.colormap import ColorMap
from tinct.imaging.people import Protect, find_people
from tinct.imaging.sample import Sample
from tinct.imaging.shots import Shot
from tinct.imaging.shots import shots as shots_of
from tinct.imaging.steady import Steady
from tinct.photo.photo import Photo

__all__ = ["Graded", "estimate", "graded", "samples"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Fit = Callable[[Shot], ColorMap]

_READ_S, _APPLY_S, _FIT_S = 0.02, 0.1, 1.0  # a megapixel; a megapixel, with encoding; a shot
_PEOPLE_S = 0.03  # a frame, where people are looked for
_SHOT: Final = 100  # frames, as long as nobody has looked


@dataclass(frozen=True, kw_only=True)
class Graded:
    """A clip, recoloured."""

    clip: Clip
    maps: tuple[ColorMap, ...]
    """One of each shot."""
    starts: tuple[float, ...]
    """When each shot begins, in seconds."""


def samples(shot: Shot, protect: Protect | None, strength: float = 1.0) -> list[Sample]:
    """What a fit sees of a shot's views; people who keep their colours do not count."""
    found = []
    for view in shot.views:
        photo = Photo(view)
        people = None if protect is None else find_people(photo, protect)
        rgb = view.astype(np.float32) / np.float32(255)
        found.append(Sample(rgb, None if people is None else 1 - np.float32(strength) * people.small))
    return found


def graded(
    clip: Clip,
    fit: Fit,
    *,
    shots: Literal["each", "smooth", "one"],
    degree: float = 1.0,
    protect: Protect | None = None,
    strength: float = 1.0,
    progress: Callable[[float], None],
) -> Graded:
    """Fit a map to each shot, then apply them frame by frame.

    Parameters
    ----------
    clip : Clip
    fit : callable
        The map of a shot.
    shots : str
        ``each`` has its own map, ``smooth``: mixed with those of its neighbours; ``one`` map for all.
    degree : float
        0 keeps the frames, 1 is the full change.
    protect : str, optional
        What of people keeps its colours, `strength` how completely; None: nothing.
    """
    parts = shots_of(clip, whole=shots == "one", heard=lambda share: progress(0.2 * share))
    spans, maps = [], []
    for shot in parts:
        maps.append(fit(shot))
        spans.append(replace(shot, views=()))
    if shots == "smooth":
        maps = _smoothed(maps)
    starts: list[float] = []
    matrix = clip.facts.matrix
    painted = _Painted(spans, maps, degree)

    def work(frames: Iterator[Frame]) -> Iterator[Planes]:
        seen: Iterator[tuple[Frame, Any]] = ((frame, None) for frame in frames)
        if protect is not None and strength:
            seen = crowd.with_people(frames, matrix, protect)
        at, steady = -1, Steady()
        for frame, matte in seen:
            begins = at + 1 < len(spans) and frame.number >= spans[at + 1].first
            if begins:
                at += 1
                starts.append(frame.seconds)
            if degree == 0:
                yield frame
                continue
            before = matrix.rgb(frame)
            kept = None if matte is None else crowd.full(matte, *frame.y.shape) * np.float32(strength)
            made = matrix.moved(frame, before, painted(frame.number, at, before, kept))
            yield steady(frame, made, begins=begins and spans[at].dissolve is None)

    made = remade(clip, work, progress=lambda share: progress(0.2 + 0.8 * share))
    return Graded(clip=made, maps=tuple(maps), starts=tuple(starts))


class _Painted:
    """Frames by the map of their shot; in a dissolve by the maps of both, one fading into the other."""

    def __init__(self, spans: list[Shot], maps: list[ColorMap], degree: float) -> None:
        self._spans = spans
        self._painters = [color_map.painter(degree) for color_map in maps]

    def __call__(self, number: int, at: int, pixels: Pixels, kept: Array | None) -> Pixels:
        """Pixels (H, W, 3) of the frame `number`, which is one of the shot `at`."""
        own = self._painters[at](pixels, kept)
        for later in (at, at + 1):
            span = self._spans[later].dissolve if 0 < later < len(self._spans) else None
            if span is None or not span[0] < number < span[1]:
                continue
            share = (number - span[0]) / (span[1] - span[0])
            other = self._painters[later - 1 if later == at else later](pixels, kept)
            weight = share if later == at else 1 - share
            return np.asarray(cv2.addWeighted(own, weight, other, 1 - weight, 0), np.uint8)
        return own


def _smoothed(maps: list[ColorMap]) -> list[ColorMap]:
    """Each map mixed with those of its neighbours, which count half as much."""
    found = []
    for number, own in enumerate(maps):
        near = [one.lattice for one in maps[max(0, number - 1) : number + 2]]
        found.append(replace(own, lattice=(own.lattice + sum(near[1:], near[0])) / np.float32(len(near) + 1)))
    return found


def estimate(clip: tuple[int, ...], people: bool) -> float:
    """Seconds that `graded` takes for a clip of this width, height and number of frames."""
    width, height, frames = clip
    pixels = width * height * frames / 1e6
    return (
        _FIT_S * (1 + frames / _SHOT) + pixels * (_READ_S + _APPLY_S) + (frames * _PEOPLE_S if people else 0)
    )
