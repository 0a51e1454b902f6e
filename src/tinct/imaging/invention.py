"""Invented pixels: the one way in which effects come to pictures from prompts, at whatever size is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.errors import GeneratorAnswerError
from tinct.models.generators import registry
from tinct.models.generators.port import Facts, Generator, Progress, Request, SizeRule, Task
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo

__all__ = ["Invention", "estimate", "invent", "made_by", "scaled", "seen", "shown"]

Bytes = NDArray[np.uint8]
Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Invention:
    """What came of a request."""

    picture: Bytes
    """(h, w, 3) of the wanted size, sRGB; outside a mask it is an approximation."""
    facts: Facts
    """Of the generator that made it."""
    worked_at: Size
    """Height and width at which it was made, before it was cut or resized."""
    seed: int
    """With which the same comes again."""


def invent(request: Request, progress: Progress = lambda share: None) -> Invention:
    """Have a picture made by whatever serves its task here.

    Parameters
    ----------
    request : Request
        Of any size; the generator gets one of a size that suits it.
    progress : callable
        Hears 0..1 after every step; may raise to stop.

    Raises
    ------
    NoGeneratorError
        Nothing serves the task; there is no substitute.
    GeneratorError, ModelError, ParameterError
        As `tinct.models.generators.port.Generator.make`.
    """
    return made_by(registry.opened(registry.demand(request.task)), request, progress)


def made_by(generator: Generator, request: Request, progress: Progress = lambda share: None) -> Invention:
    """The same by a generator that is open already; see `invent`."""
    facts = generator.facts
    frame = _Frame.of(request.size, facts.sizes)
    fitted = replace(
        request,
        size=frame.work,
        picture=None if request.picture is None else frame.filled(request.picture),
        mask=None if request.mask is None else frame.marked(request.mask),
    )
    made = generator.make(fitted, progress)
    if made.dtype != np.uint8 or made.shape != (*frame.work, 3):
        raise GeneratorAnswerError(
            f"the generator {facts.name!r} gave something else than the picture wanted"
        )
    return Invention(picture=frame.cut(made), facts=facts, worked_at=frame.work, seed=request.seed)


def seen(photo: Photo) -> Bytes:
    """A photo's colours as generators see them: (h, w, 3), sRGB, 8 bits."""
    return np.rint(np.clip(profile_to_srgb(photo.pixels, photo.icc), 0, 1) * 255).astype(np.uint8)


def shown(picture: Bytes, icc: bytes | None) -> NDArray[np.float32]:
    """A generator's colours (h, w, 3) as a photo's profile writes them, 0..1."""
    return np.clip(srgb_to_profile(picture.astype(np.float32) / np.float32(255), icc), 0, 1)


def estimate(task: Task, size: Size, steps: int | None = None) -> float:
    """Seconds that a picture of `size` takes by whatever serves the task here; 0 where that is not known."""
    use = registry.serving(task)
    return 0.0 if use is None else use.facts.estimate(size, steps)


@dataclass(frozen=True)
class _Frame:
    """Where the wanted picture lies in the one that is made."""

    size: Size
    """Height and width that are wanted."""
    work: Size
    """Height and width that are made."""
    top: int
    left: int
    inner: Size
    """Height and width of its part of the made picture; `size` where nothing is resized."""

    @classmethod
    def of(cls, size: Size, sizes: SizeRule) -> _Frame:
        work = sizes.fit(*size)
        if all(0 <= made - wanted < sizes.multiple for wanted, made in zip(size, work, strict=True)):
            return cls(size, work, 0, 0, size)
        scale = min(work[0] / size[0], work[1] / size[1])
        inner = min(work[0], max(1, round(size[0] * scale))), min(work[1], max(1, round(size[1] * scale)))
        return cls(size, work, (work[0] - inner[0]) // 2, (work[1] - inner[1]) // 2, inner)

    def filled(self, picture: Bytes) -> Bytes:
        """The picture (h, w, 3) in its place, its edges repeated around it."""
        return self._placed(scaled(picture, self.inner), cv2.BORDER_REPLICATE)

    def marked(self, mask: Bytes) -> Bytes:
        """The mask (h, w) in its place: whatever it touches is invented, nothing around it is."""
        touched = (scaled(mask, self.inner) > 0).astype(np.uint8) * np.uint8(255)
        return self._placed(touched, cv2.BORDER_CONSTANT)

    def cut(self, made: Bytes) -> Bytes:
        """The wanted picture out of the made one."""
        inside = made[self.top : self.top + self.inner[0], self.left : self.left + self.inner[1]]
        return np.ascontiguousarray(scaled(inside, self.size))

    def _placed(self, values: Bytes, border: int) -> Bytes:
        below, right = (
            self.work[0] - self.inner[0] - self.top,
            self.work[1] - self.inner[1] - self.left,
        )
        return np.asarray(
            cv2.copyMakeBorder(values, self.top, below, self.left, right, border, value=0), np.uint8
        )


def scaled(values: Bytes, size: Size) -> Bytes:
    """A picture or a mask in another size: averages of areas down, cubic up."""
    if values.shape[:2] == size:
        return values
    smaller = size[0] <= values.shape[0] and size[1] <= values.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, size[::-1], interpolation=way), np.uint8)
