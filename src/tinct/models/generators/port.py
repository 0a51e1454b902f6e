"""The port of generators: what is asked of one, what it says of itself, and at which sizes it works.

A generator turns words into pixels, alone (text to image), from a picture (image to image), or inside a mask
(inpaint). All pictures are sRGB, (h, w, 3), uint8; masks are (h, w), uint8, 255 where pixels are invented.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tinct.errors import ParameterError

__all__ = [
    "CAPABILITY",
    "TASKS",
    "Bytes",
    "Facts",
    "Generator",
    "Progress",
    "Request",
    "SizeRule",
    "Task",
    "capability",
    "check_served",
]

Task = Literal["text-to-image", "image-to-image", "inpaint"]
"""What can be asked of a generator."""

TASKS: tuple[Task, ...] = get_args(Task)

CAPABILITY: Final = "generate"
"""Of a worker that takes jobs for whatever generators its machine has."""


def capability(task: Task) -> str:
    """What a worker needs for a job that asks this of a generator, such as ``generate.inpaint``."""
    return f"{CAPABILITY}.{task}"


def check_served(task: str, serves: Collection[str]) -> None:
    """Refuse what a model cannot do.

    Raises
    ------
    ParameterError
        `task` is none of `serves`.
    """
    if task not in serves:
        raise ParameterError("task", task, ", ".join(sorted(serves)) + ", all that this model can do")


Progress = Callable[[float], None]
"""Told how far the work is, 0..1, after every step; may raise to stop it, and then no further step is begun."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """One picture that is wanted; which task it is follows from what is given."""

    prompt: str
    """What is to be seen."""
    size: tuple[int, int]
    """Height and width of the picture, in pixels; an engine is asked for those alone that `SizeRule.fit` gives."""
    negative: str = ""
    """What is not to be seen; engines that know no such thing refuse it."""
    picture: Bytes | None = None
    """(h, w, 3) of `size`: where to begin, or what lies around the mask."""
    mask: Bytes | None = None
    """(h, w) of `size`, 0 or 255, together with `picture`: 255 is invented."""
    strength: float = 1.0
    """With a picture, how far to leave it: above 0, to 1."""
    steps: int | None = None
    """None: as many as the model is made for."""
    guidance: float | None = None
    """How closely to follow the prompt; None: as the model is made for."""
    seed: int = 0
    """Same request, seed, engine and machine: the same picture, as far as the engine can promise it."""

    def __post_init__(self) -> None:
        if self.mask is not None and self.picture is None:
            raise ValueError("a mask needs its picture")
        if self.picture is not None and self.picture.shape != (*self.size, 3):
            raise ValueError(f"a picture of {self.picture.shape}, wanted {(*self.size, 3)}")
        if self.mask is not None and self.mask.shape != self.size:
            raise ValueError(f"a mask of {self.mask.shape}, wanted {self.size}")

    @property
    def task(self) -> Task:
        """What is asked for."""
        if self.mask is not None:
            return "inpaint"
        return "text-to-image" if self.picture is None else "image-to-image"


class SizeRule(BaseModel):
    """Sizes at which a generator works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    multiple: int = Field(8, ge=1)
    """Height and width are multiples of it."""
    native: int = Field(512, ge=64)
    """Side of the square that it was made for, in pixels."""
    most_pixels: int = Field(768 * 768, ge=64 * 64)
    """Largest height x width; beyond it, and below a quarter of the native area, it works at its native area."""
    fixed: tuple[tuple[int, int], ...] = ()
    """The only heights and widths, where it has a choice of so many and no others."""

    def fit(self, height: int, width: int) -> tuple[int, int]:
        """The height and width to work at where a picture of `height` x `width` is wanted.

        Where the wanted size is within reach it is rounded up to multiples, and the rest is to be cut off again.
        Elsewhere the shape is kept as nearly as multiples allow, and the picture is to be resized.
        """
        if self.fixed:
            shape = math.log(height / width)
            return min(self.fixed, key=lambda size: (abs(math.log(size[0] / size[1]) - shape), -size[0]))
        area, own = height * width, self.native**2
        up = (self._up(height), self._up(width))
        if own / 4 <= area and up[0] * up[1] <= self.most_pixels:
            return up
        scale = math.sqrt(own / area)
        near = [
            max(self.multiple, round(side * scale / self.multiple) * self.multiple)
            for side in (height, width)
        ]
        long, short = (0, 1) if near[0] >= near[1] else (1, 0)
        while near[0] * near[1] > self.most_pixels and near[long] > self.multiple:  # a very long strip
            near[long] = max(self.multiple, self.most_pixels // near[short] // self.multiple * self.multiple)
        return near[0], near[1]

    def _up(self, side: int) -> int:
        return -(-side // self.multiple) * self.multiple


class Facts(BaseModel):
    """What is known of a generator without loading it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    """``diffusers``, ``stable-diffusion.cpp``, ``endpoint``, or ``module:attribute`` of an engine of one's own."""
    name: str
    """What people call the model."""
    family: str
    """Its architecture, such as ``stable-diffusion``."""
    licence: str
    """SPDX identifier, or what the operator says of it."""
    sha256: str = ""
    """Digest of all its files; empty for one that runs elsewhere."""
    serves: frozenset[Task]
    """What it can do."""
    sizes: SizeRule = SizeRule()
    steps: int = Field(25, ge=1)
    """As many as it is made for."""
    guidance: float = Field(7.0, ge=0)
    """As it is made for."""
    step_s: float = Field(0.0, ge=0)
    """Seconds of a step at its native size, measured here when it was registered; 0: not known."""
    rest_s: float = Field(0.0, ge=0)
    """Seconds that the same picture took beside its steps: reading the words, decoding."""
    memory_bytes: int = Field(0, ge=0)
    """Memory that it took then, at most; 0: none here."""

    def estimate(self, size: tuple[int, int], steps: int | None = None) -> float:
        """Seconds that a picture of `size` (h, w) takes here; 0 where it is not known."""
        height, width = self.sizes.fit(*size)
        whole = self.step_s * (steps or self.steps) + self.rest_s
        return whole * height * width / self.sizes.native**2


class Generator(Protocol):
    """What every engine is, once it has opened a model.

    An engine's opener is ``open(use: Use) -> Generator``; see `tinct.models.generators.registry`.
    """

    @property
    def facts(self) -> Facts:
        """What is known of it."""
        ...

    def make(self, request: Request, progress: Progress) -> Bytes:
        """The picture, (h, w, 3) of ``request.size``.

        Pixels outside the mask are the engine's own approximation: whoever asks puts the old ones back.

        Raises
        ------
        PromptTooLongError
            The prompt has more tokens than the model takes; it is never cut. Engines that read prompts in pieces know
            no such bound.
        GenerationRefusedError
            Whoever runs the model does not make this picture.
        GeneratorAwayError, GeneratorAnswerError
            It runs elsewhere and does not answer, or with something that is no picture of this kind.
        ModelError
            Its files cannot be used.
        ParameterError
            It does not serve this task, or cannot do with a value; names the field.
        """
        ...
