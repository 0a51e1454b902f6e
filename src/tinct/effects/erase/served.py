"""Object removal as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.effect import Effect, Input, Output, Progress, Result
from tinct.effects.erase.erase import run
from tinct.effects.erase.params import EraseParams
from tinct.photo.photo import Photo

__all__ = ["EFFECT"]


def _run(photos: Mapping[str, Photo], params: EraseParams, progress: Progress) -> Output:
    result = run(photos["image"], photos["mask"], params, progress)
    filled = [{"box": list(hole.box), "engine": hole.engine} for hole in result.holes]
    return Output(results=(Result(photo=result.photo),), facts={"holes": filled})


EFFECT = Effect(
    name="erase",
    title="Object removal",
    summary="Removes what a mask covers and continues the surroundings there, with the photo's own texture at full "
    "size; pixels outside the mask stay as they are.",
    params=EraseParams,
    run=_run,
    inputs=(
        Input(name="image", summary="The photo to remove something from."),
        Input(
            name="mask",
            summary="A grey picture of the same size: white is removed, black is kept; opacity counts as laid on "
            "black.",
        ),
    ),
)
