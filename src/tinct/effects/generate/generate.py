"""Generate: a picture from a prompt, or another one from a photo and a prompt, by a generator that is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.generate import styles
from tinct.effects.prompts import Guidance, Negative, Prompt, Steps
from tinct.imaging.invention import estimate, invent, scaled, seen
from tinct.models.generators.port import Request, Task
from tinct.models.generators.registry import demand
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


def _size(photo: tuple[int, int] | None, width: int | None, height: int | None) -> tuple[int, int]:
    """Height and width of the picture; `photo` is the height and width of the photo."""
    if photo is None or (width is not None and height is not None):
        return height or width or _SIDE, width or height or _SIDE
    own_height, own_width = photo
    if width is not None:
        return max(1, round(own_height * width / own_width)), width
    if height is not None:
        return height, max(1, round(own_width * height / own_height))
    return photo


def _covering(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The middle of a picture, scaled to `size` (h, w)."""
    height, width = picture.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    rows, columns = (
        max(1, min(own, round(new / scale))) for own, new in zip((height, width), size, strict=True)
    )
    top, left = (height - rows) // 2, (width - columns) // 2
    return scaled(np.ascontiguousarray(picture[top : top + rows, left : left + columns]), size)


def _seconds(
    photo: object, width: int | None, height: int | None, steps: int | None, strength: float
) -> float:
    known = (photo[1], photo[0]) if isinstance(photo, tuple) else None
    size = _size(known, width, height)
    return estimate(_task(photo), size, steps) * (1.0 if photo is None else strength)


@effect(
    title="Generate",
    engines={"text": ("text-to-image",), "picture": ("image-to-image",)},
    credits=2,
    estimate=_seconds,
    generates=_task,
    label="generated",
    preview=lambda style: styles.picture(style),
)
def generate(
    prompt: Annotated[Prompt, Field(description="What is to be seen.")],
    photo: Annotated[
        Photo | None,
        Field(
            description="A photo to begin with; its middle is taken where the picture has another shape. Without one "
            "the picture is made of the prompt alone."
        ),
    ] = None,
    *,
    style: Annotated[
        styles.Name | None, Field(description="How it looks; it adds words to the prompt.")
    ] = None,
    negative: Negative = "",
    width: Annotated[
        Side, Field(description="Pixels across; none: in the photo's shape, or as the height, or 512.")
    ] = None,
    height: Annotated[
        Side, Field(description="Pixels down; none: in the photo's shape, or as the width, or 512.")
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
    size = _size(None if photo is None else (photo.height, photo.width), width, height)
    begun = None if photo is None else _covering(seen(photo), size)
    if style is not None:
        chosen = styles.style(style)
        prompt = chosen.prompt(prompt)
        if demand(_task(photo)).facts.engine != "endpoint":  # which knows nothing that is not wanted
            negative = chosen.without(negative)
        guidance = chosen.guidance if guidance is None else guidance
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
