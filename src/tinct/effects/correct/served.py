"""Colour correction as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.correct.correct import Correction, run
from tinct.effects.correct.params import CorrectParams
from tinct.effects.effect import Effect, Output, Progress, best_first
from tinct.photo.photo import Photo

__all__ = ["EFFECT", "facts"]


def facts(result: Correction) -> dict[str, object]:
    """JSON-ready findings."""
    return {
        "engine": result.engine,
        "looks": list(result.looks),
        "tint": [round(value, 4) for value in result.tint],
        "confidence": round(result.confidence, 4),
    }


def _run(photos: Mapping[str, Photo], params: CorrectParams, progress: Progress) -> Output:
    result = run(photos["image"], params, progress)
    return Output(results=best_first(result.photos), facts=facts(result))


EFFECT = Effect(
    name="correct",
    title="Colour correction",
    summary="Takes away the tint of the light, sets black and white, wakes up dull colours; up to four looks.",
    params=CorrectParams,
    run=_run,
    roles=("main", "variant"),
    models=("colorizer",),
)
