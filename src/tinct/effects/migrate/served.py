"""Colour migration as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.effect import Effect, Input, Output, Progress, best_first
from tinct.effects.migrate.migrate import dominant_colors, run
from tinct.effects.migrate.params import MigrateParams
from tinct.photo.photo import Photo

__all__ = ["EFFECT"]


def _run(photos: Mapping[str, Photo], params: MigrateParams, progress: Progress) -> Output:
    reference = photos.get("reference") if params.mode == "reference" else None
    result = run(photos["image"], reference, params, progress)
    facts = {
        "maps": [color_map.title for color_map in result.maps],
        "palettes": [[c.hex for c in dominant_colors(photo, 5)] for photo in result.photos],
        "people_share": 0.0 if result.people is None else round(float(result.people.small.mean()), 4),
    }
    return Output(results=best_first(result.photos), facts=facts)


EFFECT = Effect(
    name="migrate",
    title="Colour migration",
    summary="Recolours a photo: new colour families, asked swatches, or the colours of a reference photo; people keep "
    "their own colours.",
    params=MigrateParams,
    run=_run,
    roles=("main", "variant"),
    inputs=(
        Input(name="image", summary="The photo to recolour."),
        Input(name="reference", summary="Where the colours come from, in mode reference.", required=False),
    ),
    models=("person",),
)
