"""Moderation as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from tinct.effects.effect import Effect, Output, Progress
from tinct.effects.moderate.moderate import run
from tinct.effects.moderate.params import ModerateParams
from tinct.photo.photo import Photo

__all__ = ["EFFECT"]


def _run(photos: Mapping[str, Photo], params: ModerateParams, progress: Progress) -> Output:
    found = run(photos["image"], params, progress)
    facts = asdict(found) | {"engine": " + ".join(found.engines), "threshold": params.threshold}
    del facts["engines"]
    return Output(facts=facts)


EFFECT = Effect(
    name="moderate",
    title="Content check",
    summary="Tells photos with nudity or pornography from others; the verdict and all scores are in the facts, no "
    "photo comes back.",
    params=ModerateParams,
    run=_run,
    roles=(),
)
