"""Lighting as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.effect import Effect, Output, Progress, Result
from tinct.effects.light.light import Lighting, run
from tinct.effects.light.params import LightParams
from tinct.photo.photo import Photo

__all__ = ["EFFECT", "facts"]


def facts(result: Lighting) -> dict[str, object]:
    """JSON-ready findings."""
    return {"engine": result.engine, "gain": round(result.gain, 3), "denoised": result.denoised}


def _run(photos: Mapping[str, Photo], params: LightParams, progress: Progress) -> Output:
    result = run(photos["image"], params, progress)
    return Output(results=(Result(photo=result.photo),), facts=facts(result))


EFFECT = Effect(
    name="light",
    title="Lighting",
    summary="Brightens dark and unevenly lit photos; what is bright is not clipped, and noise is not shown.",
    params=LightParams,
    run=_run,
)
