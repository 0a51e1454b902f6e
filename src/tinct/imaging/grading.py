"""One colour map a shot: what makes an effect on photos steady on a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.clip.clip import Clip, remade
from tinct.clip.planes import Frame, Planes
from tinct.imaging import crowd
from tinct.imaging.colormap import ColorMap
from tinct.imaging.people import Protect, find_people
from tinct.imaging.sample import Sample
from tinct.imaging.shots import Shot, shots
from tinct.imaging.steady import Steady
from tinct.photo.photo import Photo

__all__ = ["Graded", "estimate", "graded", "samples"]

Array = NDArray[np.float32]
Fit = Callable[[Shot], ColorMap]

_READ_S, _APPLY_S, _FIT_S = 0.02, 0.12, 3.0  # a megapixel; a megapixel, with encoding; a shot
_PEOPLE_S = 0.12  # a frame, where people are looked for


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
    whole: bool,
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
    whole : bool
        One map for all shots.
    degree : float
        0 keeps the frames, 1 is the full change.
    protect : str, optional
        What of people keeps its colours, `strength` how completely; None: nothing.
    """
    parts = shots(clip, whole=whole, heard=lambda share: progress(0.2 * share))
    found = [(shot.first, fit(shot)) for shot in parts]
    starts: list[float] = []
    matrix = clip.facts.matrix
    painters = [color_map.painter(degree) for _, color_map in found]

    def work(frames: Iterator[Frame]) -> Iterator[Planes]:
        seen: Iterator[tuple[Frame, Any]] = ((frame, None) for frame in frames)
        if protect is not None and strength:
            seen = crowd.with_people(frames, matrix, protect)
        at, steady = -1, Steady()
        for frame, matte in seen:
            begins = at + 1 < len(found) and frame.number >= found[at + 1][0]
            if begins:
                at += 1
                starts.append(frame.seconds)
            if degree == 0:
                yield frame
                continue
            before = matrix.rgb(frame)
            kept = None if matte is None else crowd.full(matte, *frame.y.shape) * np.float32(strength)
            made = matrix.moved(frame, before, painters[at](before, kept))
            yield steady(frame, made, begins=begins)

    made = remade(clip, work, progress=lambda share: progress(0.2 + 0.8 * share))
    return Graded(clip=made, maps=tuple(color_map for _, color_map in found), starts=tuple(starts))


def estimate(clip: tuple[int, ...], people: bool) -> float:
    """Seconds that `graded` takes for a clip of this width, height and number of frames."""
    width, height, frames = clip
    pixels = width * height * frames / 1e6
    return _FIT_S + pixels * (_READ_S + _APPLY_S) + (frames * _PEOPLE_S if people else 0)
