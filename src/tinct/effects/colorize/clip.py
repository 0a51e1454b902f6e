"""Colour a black-and-white clip: asked every few frames, averaged along motion within shots, and carried between.

The network's log-probabilities of a frame are averaged with those of its neighbours in both directions, brought to it
along motion, before one colouring is chosen: so neighbours choose alike, and outvote what one frame got wrong.
What was decided is averaged with what was decided before, so that a still thing does not drift from question to
question. Between the frames that were asked, the colouring is carried along motion from both sides. Frames are held
for a few questions, so memory does not grow with the length.

Colours that people know of a moment are followed through its shot first, and told the network's cells at each question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.clip.clip import Clip, remade
from tinct.clip.planes import Frame, Matrix, Planes
from tinct.effects.choices import ClipIn
from tinct.effects.colorize.carry import Carried, carry
from tinct.effects.colorize.join import MIDDLE, Join, spread
from tinct.effects.colorize.scan import lightness_seen
from tinct.effects.colorize.tracked import ClipHint, ClipHints, Track, checked, points_at, tracked
from tinct.effects.declare import CheckedAs, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Told
from tinct.imaging.likelihood import ChromaDistribution, predict_chroma
from tinct.imaging.motion import Motion, small_luma
from tinct.imaging.shots import CutFinder
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo

__all__ = ["VideoColorization", "video_colorize"]

Array = NDArray[np.float32]

_EVERY: Final = 8  # frames from one question to the next
_AROUND: Final = 2  # questions to each side whose answers are averaged
_SIDE: Final = 320  # of the luma on which motion is searched
_KEEP: Final = np.float32(0.9)  # of the trust in an answer, for each step that it is carried
_DECIDED: Final = np.float32(8)  # decisions that are averaged at most
_SCAN: Final = 0.15  # of the work, to follow hints
_ASK_S, _FRAME_S, _PIXEL_S = 0.4, 0.02, 0.2  # a question; a frame; a megapixel


@dataclass(frozen=True, kw_only=True)
class VideoColorization:
    """What colouring made of a clip."""

    clip: Clip
    """The result."""
    asked: int
    """How many frames the network was asked about."""
    followed: Annotated[
        tuple[tuple[float, float], ...], Told(lambda spans: [[round(s, 3) for s in one] for one in spans])
    ] = ()
    """From when to when, in seconds, each hint was followed."""


def _seconds(clip: tuple[int, ...]) -> float:
    width, height, frames = clip
    return _ASK_S * (frames / _EVERY + 1) + frames * (_FRAME_S + _PIXEL_S * width * height / 1e6)


@effect(
    title="Colorization of clips",
    engines={"colorizer": ("colorizer", "extent", "subject")},
    credits=10,
    estimate=_seconds,
    label="color",
)
def video_colorize(
    clip: ClipIn,
    strength: Annotated[
        float, Field(ge=0, le=1, description="0 leaves the clip without colour, 1 colours it fully.")
    ] = 1.0,
    *,
    hints: Annotated[
        Sequence[ClipHint | tuple[float, int, int, str] | Mapping[str, Any]],
        CheckedAs(ClipHints),
        Field(
            max_length=200,
            description="Known colours: at in seconds, x, y in pixels, and color. Each fills the thing that the point "
            "is on at that moment, and is followed through its shot, on and back.",
        ),
    ] = (),
    progress: Progress = unheard,
) -> VideoColorization:
    """Colour a black-and-white clip steadily; luminance stays, nothing bleeds across a cut, and known colours steer it.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    ModelError
        The weights are missing or damaged.
    ClipError
        The clip cannot be used.
    OutputError
        There is no room for the result.
    """
    asked = [0]
    matrix = clip.facts.matrix
    known = checked(clip, hints)
    begun = _SCAN if known else 0.0
    tracks = tracked(clip, known, lambda share: progress(begun * share)) if known else []

    def work(frames: Iterator[Frame]) -> Iterator[Planes]:
        for shot in _cut(frames):
            yield from _colored(shot, matrix, strength, asked, tracks)

    made = remade(clip, work, progress=lambda share: progress(begun + (1 - begun) * share))
    return VideoColorization(clip=made, asked=asked[0], followed=tuple(track.seconds for track in tracks))


def _cut(frames: Iterator[Frame]) -> Iterator[Iterator[Frame]]:
    """The frames of each shot; each has to be read before the next."""
    finder = CutFinder()
    waiting = [next(frames)]
    finder(waiting[0])

    def shot() -> Iterator[Frame]:
        yield waiting.pop()
        for frame in frames:
            if finder(frame):
                waiting.append(frame)
                return
            yield frame

    while waiting:
        yield shot()


@dataclass(eq=False)
class _Asked:
    """A frame that the network was asked about."""

    frames: list[Frame]
    """It, and those that follow before the next one."""
    small: NDArray[np.uint8]
    answer: ChromaDistribution
    known: Carried | None = None
    """What hints make of the cells."""
    cells: Array | None = None
    """Chroma (h, w, 2) of the cells, once the neighbours were heard."""
    age: Array | None = None
    """(h, w): decisions that each is the mean of."""


def _colored(
    frames: Iterator[Frame], matrix: Matrix, strength: float, asked: list[int], tracks: Sequence[Track]
) -> Iterator[Planes]:
    search = Motion.search()
    held: list[_Asked] = []
    first = 0  # of those that are held, whose frames are not given back yet
    for group in _groups(frames):
        held.append(_ask(group, matrix, tracks))
        asked[0] += 1
        while len(held) - first > _AROUND + 1:  # it and the next one hear all that they will
            yield from _between(held, first, matrix, strength, search)
            first += 1
            if first > _AROUND:
                held.pop(0)
                first -= 1
    while first < len(held):
        yield from _between(held, first, matrix, strength, search)
        first += 1


def _groups(frames: Iterator[Frame]) -> Iterator[list[Frame]]:
    group: list[Frame] = []
    for frame in frames:
        group.append(frame)
        if len(group) == _EVERY:
            yield group
            group = []
    if group:
        yield group


def _light(frame: Frame, matrix: Matrix) -> tuple[Photo, Array]:
    """The frame in grey, and its L* (h, w) at the middle size."""
    grey = Planes(frame.y, np.full_like(frame.u, 128), np.full_like(frame.v, 128))
    photo = Photo(matrix.rgb(grey))
    return photo, np.ascontiguousarray(srgb_to_lab(photo.proxy(MIDDLE))[..., 0])


def _ask(group: list[Frame], matrix: Matrix, tracks: Sequence[Track]) -> _Asked:
    _, light = _light(group[0], matrix)
    lab = np.zeros((*light.shape, 3), np.float32)
    lab[..., 0] = light
    answer = predict_chroma(lightness_seen(lab, "color"))
    points = points_at(tracks, group[0].number)
    known = carry(answer, points) if len(points) else None
    return _Asked(group, small_luma(group[0].y, _SIDE), answer, known)


def _decided(held: list[_Asked], at: int, search: Any) -> Array:
    """Chroma of the cells of a question, its neighbours and what was decided before heard."""
    own = held[at]
    if own.cells is None:
        rows, columns = own.answer.light.shape
        total, weight = own.answer.logits.copy(), np.ones((rows, columns), np.float32)
        known = _Known(own)
        for step in (-1, 1):
            for other in held[at + step : at + step * (_AROUND + 1) : step] if at + step >= 0 else ():
                motion = Motion(own.small, other.small, search)
                trust = motion.trust(rows, columns) * _KEEP
                total += motion.carried(other.answer.logits) * trust[..., None]
                weight += trust
                known.hear(other, motion, trust)
        cells = replace(own.answer, logits=total / weight[..., None]).chroma()
        own.age = np.ones((rows, columns), np.float32)
        before = held[at - 1] if at else None
        if before is not None and before.cells is not None and before.age is not None:
            motion = Motion(own.small, before.small, search)
            age = np.minimum(motion.carried(before.age), _DECIDED - 1) * motion.trust(rows, columns)
            cells += (motion.carried(before.cells) - cells) * (age / (age + 1))[..., None]
            own.age += age
        own.cells = known.over(cells)
    return own.cells


class _Known:
    """What hints make of the cells of a question, averaged along motion with its neighbours'."""

    def __init__(self, own: _Asked) -> None:
        shape = own.answer.light.shape
        self._share, self._chroma = np.zeros(shape, np.float32), np.zeros((*shape, 2), np.float32)
        self._weight, self._any = np.zeros(shape, np.float32), False
        self._add(own.known, None, np.ones(shape, np.float32))

    def hear(self, other: _Asked, motion: Motion, trust: Array) -> None:
        self._add(other.known, motion, trust)

    def _add(self, known: Carried | None, motion: Motion | None, trust: Array) -> None:
        self._weight += trust
        if known is None:
            return
        self._any = True
        share, chroma = known.share, known.chroma
        if motion is not None:
            share, chroma = motion.carried(share), motion.carried(chroma)
        self._share += share * trust
        self._chroma += chroma * (share * trust)[..., None]

    def over(self, chroma: Array) -> Array:
        """A colouring (h, w, 2) with the known colours."""
        if not self._any:
            return chroma
        color = self._chroma / np.maximum(self._share, np.float32(1e-6))[..., None]
        share = np.asarray(self._share / self._weight, np.float32)
        return Carried(share, np.asarray(color, np.float32)).over(chroma)


def _between(held: list[_Asked], at: int, matrix: Matrix, strength: float, search: Any) -> Iterator[Planes]:
    """The frames of one question, coloured; those after the first from the next question too."""
    own, after = held[at], held[at + 1] if at + 1 < len(held) else None
    before_cells = _decided(held, at, search)
    after_cells = None if after is None else _decided(held, at + 1, search)
    for number, frame in enumerate(own.frames):
        photo, light = _light(frame, matrix)
        small = small_luma(frame.y, _SIDE)
        cells = before_cells
        if number:
            forward = Motion(small, own.small, search)
            cells, trust = forward.carried(before_cells), forward.trust(*before_cells.shape[:2])
            if after is not None and after_cells is not None:
                share = np.float32(number / len(own.frames))
                back = Motion(small, after.small, search)
                near = (trust + np.float32(0.01)) * (1 - share)
                far = (back.trust(*before_cells.shape[:2]) + np.float32(0.01)) * share
                mixed = cells * near[..., None] + back.carried(after_cells) * far[..., None]
                cells = np.asarray(mixed / (near + far)[..., None], np.float32)
        joined = Join.fit(spread(np.ascontiguousarray(cells), light), light)
        pixels = joined.apply(photo, strength=strength, keep=False)
        yield matrix.planes(np.asarray(pixels, np.uint8))
