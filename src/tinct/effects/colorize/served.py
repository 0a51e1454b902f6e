"""Colorization as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.colorize.colorize import run
from tinct.effects.colorize.params import ColorizeParams
from tinct.effects.effect import Effect, Input, Output, Progress, best_first
from tinct.photo.photo import Photo

__all__ = ["EFFECT"]


def _run(photos: Mapping[str, Photo], params: ColorizeParams, progress: Progress) -> Output:
    result = run(photos["image"], photos.get("reference"), params, progress)
    return Output(
        results=best_first(result.photos), facts={"tone": result.tone, "already_color": result.already_color}
    )


EFFECT = Effect(
    name="colorize",
    title="Colorization",
    summary="Colours a black-and-white photo; luminance stays, sepia and faded photos are neutralised, and known "
    "colours or a reference photo may steer it.",
    params=ColorizeParams,
    run=_run,
    roles=("main", "variant"),
    inputs=(
        Input(name="image", summary="The photo to colour."),
        Input(name="reference", summary="A photo whose colours to lean towards.", required=False),
    ),
    models=("colorizer",),
)
