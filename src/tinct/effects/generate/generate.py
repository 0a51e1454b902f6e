"""Generate: a picture from a prompt, or another one from a photo and a prompt, by a generator that is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.prompts import Guidance, Negative, Prompt, Steps
from tinct.errors import ParameterError
from tinct.imaging.invention import estimate, invent, seen
from tinct.models.generators.port import Request, Task
from tinct.photo.photo import Photo
from tinct.photo.provenance import marked

__all__ = ["Generated", "generate"]

_SIDE: Final = 512  # of a picture whose size nobody says
_MOST: Final = 4096

Side = Annotated[int | None, Field(ge=64, le=_MOST)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Generated:
    """What `generate` gives back."""

    photo: Photo
    """The picture, in sRGB."""
    engine: str
    """Of the generator that made it."""
    model: str
    """What its operator calls it."""
    licence: str
    """Of the model, as its operator recorded it."""
    made_at: tuple[int, int]
    """Width and height at which it was made, before it was cut or resized."""
    seed: int
    """With which the same comes again."""


def _task(photo: object) -> Task:
    return "text-to-image" if photo is None else "image-to-image"


def _together(photo: object, width: int | None, height: int | None) -> None:
    if photo is not None and (width is not None or height is not None):
        raise ParameterError("width" if width is not None else "height", width or height, "none with a photo")


def _seconds(
    photo: object, width: int | None, height: int | None, steps: int | None, strength: float
) -> float:
    size = (height or width or _SIDE, width or height or _SIDE)
    if isinstance(photo, tuple):
        size = (photo[1], photo[0])
    return estimate(_task(photo), size, steps) * (1.0 if photo is None else strength)


@effect(
    title="Generate",
    engines={"text": ("text-to-image",), "picture": ("image-to-image",)},
    credits=2,
    together=_together,
    estimate=_seconds,
    generates=_task,
    label="generated",
)
def generate(
    prompt: Annotated[Prompt, Field(description="What is to be seen.")],
    photo: Annotated[
        Photo | None,
        Field(description="A photo to begin with; without one the picture is made of the prompt alone."),
    ] = None,
    *,
    negative: Negative = "",
    width: Annotated[
        Side, Field(description="Pixels across, without a photo; none: as the height, or 512.")
    ] = None,
    height: Annotated[
        Side, Field(description="Pixels down, without a photo; none: as the width, or 512.")
    ] = None,
    strength: Annotated[
        float,
        Field(gt=0, le=1, description="With a photo: how far to leave it."),
    ] = 0.6,
    steps: Steps = None,
    guidance: Guidance = None,
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Generated:
    """Make a picture from a prompt, or from a photo and a prompt, by a generator that the operator installed.

    Raises
    ------
    NoGeneratorError
        None is installed that does this.
    PromptTooLongError
        The prompt has more tokens than the installed model takes.
    GeneratorError, ModelError
        It did not come about.
    ParameterError
        Names the field, what was found and what is allowed.
    """
    size = (height or width or _SIDE, width or height or _SIDE)
    begun = None
    if photo is not None:
        size, begun = (photo.height, photo.width), seen(photo)
    made = invent(
        Request(
            prompt=prompt,
            negative=negative,
            size=size,
            picture=begun,
            strength=strength,
            steps=steps,
            guidance=guidance,
            seed=seed,
        ),
        progress,
    )
    facts = made.facts
    picture = marked(Photo(np.ascontiguousarray(made.picture)), "trainedAlgorithmicMedia")
    return Generated(
        photo=picture,
        engine=facts.engine,
        model=facts.name,
        licence=facts.licence,
        made_at=made.worked_at[::-1],
        seed=seed,
    )
