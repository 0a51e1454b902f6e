"""Colour a black-and-white clip: asked every few frames, averaged along motion within shots, and carried between.

The network's log-probabilities of a frame are averaged with those of its neighbours in both directions, brought to it
along motion, before one colouring is chosen: so neighbours choose alike, and outvote what one frame got wrong.
Between the frames that were asked, the colouring is carried along motion from both sides. Frames are held for a few
questions, so memory does not grow with the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.clip.clip import Clip, remade
from tinct.clip.planes import Frame, Matrix, Planes
from tinct.effects.choices import ClipIn
from tinct.effects.colorize.join import MIDDLE, Join, spread
from tinct.effects.colorize.scan import lightness_seen
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
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
_ASK_S, _FRAME_S, _PIXEL_S = 2.5, 0.25, 0.35  # a question; a frame; a megapixel


@dataclass(frozen=True, kw_only=True)
class VideoColorization:
    """What colouring made of a clip."""

    clip: Clip
    """The result."""
    asked: int
    """How many frames the network was asked about."""


def _seconds(clip: tuple[int, ...]) -> float:
    width, height, frames = clip
    return _ASK_S * (frames / _EVERY + 1) + frames * (_FRAME_S + _PIXEL_S * width * height / 1e6)


@effect(
    title="Colorization of clips",
    engines={"colorizer": ("colorizer",)},
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
    progress: Progress = unheard,
) -> VideoColorization:
    """Colour a black-and-white clip steadily; luminance stays, and nothing bleeds across a cut.

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

    def work(frames: Iterator[Frame]) -> Iterator[Planes]:
        for shot in _cut(frames):
            yield from _colored(shot, matrix, strength, asked)

    made = remade(clip, work, progress=progress)
    return VideoColorization(clip=made, asked=asked[0])


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
    cells: Array | None = None
    """Chroma (h, w, 2) of the cells, once the neighbours were heard."""
    moved: Motion | None = None
    """From this question's frame to the one before."""


def _colored(frames: Iterator[Frame], matrix: Matrix, strength: float, asked: list[int]) -> Iterator[Planes]:
    search = Motion.search()
    held: list[_Asked] = []
    first = 0  # of those that are held, whose frames are not given back yet
    for group in _groups(frames):
        held.append(_ask(group, matrix))
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


def _ask(group: list[Frame], matrix: Matrix) -> _Asked:
    _, light = _light(group[0], matrix)
    lab = np.zeros((*light.shape, 3), np.float32)
    lab[..., 0] = light
    return _Asked(group, small_luma(group[0].y, _SIDE), predict_chroma(lightness_seen(lab, "color")))


def _decided(held: list[_Asked], at: int, search: Any) -> Array:
    """Chroma of the cells of a question, its neighbours heard."""
    own = held[at]
    if own.cells is None:
        rows, columns = own.answer.light.shape
        total, weight = own.answer.logits.copy(), np.ones((rows, columns), np.float32)
        for step in (-1, 1):
            for other in held[at + step : at + step * (_AROUND + 1) : step] if at + step >= 0 else ():
                motion = Motion(own.small, other.small, search)
                trust = motion.trust(rows, columns) * _KEEP
                total += motion.carried(other.answer.logits) * trust[..., None]
                weight += trust
        own.cells = replace(own.answer, logits=total / weight[..., None]).chroma()
    return own.cells


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
