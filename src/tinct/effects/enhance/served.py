"""Enhancing as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.effect import Effect, Output, Progress, Result
from tinct.effects.enhance.enhance import Enhancement, run
from tinct.effects.enhance.params import EnhanceParams
from tinct.photo.photo import Photo

__all__ = ["EFFECT", "facts"]


def facts(result: Enhancement) -> dict[str, object]:
    """JSON-ready findings."""
    found = result.plan.condition
    noise, blocks = (round(255 * level, 2) for level in (found.noise, found.blocks))
    return {
        "engine": result.engine,
        "at_half_size": result.plan.engine.halved,
        "tiles": result.tiles,
        "seconds": round(result.seconds, 2),
        "estimated_seconds": round(result.plan.estimate.seconds, 2),
        "noise": noise,
        "blocks": blocks,
        "cleaned": result.cleaned,
    }


def _run(photos: Mapping[str, Photo], params: EnhanceParams, progress: Progress) -> Output:
    result = run(photos["image"], params, progress)
    return Output(results=(Result(photo=result.photo),), facts=facts(result))


EFFECT = Effect(
    name="enhance",
    title="Enhance",
    summary="Makes a photo sharper and two or four times larger, or restores it at its own size; noise and JPEG "
    "blocks go where they are found, colours stay.",
    params=EnhanceParams,
    run=_run,
)
