"""Backgrounds as a registered effect."""

from __future__ import annotations

from collections.abc import Mapping

from tinct.effects.background.background import Background, run
from tinct.effects.background.params import BackgroundParams
from tinct.effects.effect import Effect, Input, Output, Progress, Result
from tinct.photo.photo import Photo

__all__ = ["EFFECT", "facts"]


def facts(result: Background) -> dict[str, object]:
    """JSON-ready findings."""
    return {"engine": result.engine, "confidence": result.confidence, "coverage": result.coverage}


def _run(photos: Mapping[str, Photo], params: BackgroundParams, progress: Progress) -> Output:
    result = run(photos["image"], params, progress, backdrop=photos.get("backdrop"), mask=photos.get("mask"))
    return Output(results=(Result(photo=result.photo),), facts=facts(result))


EFFECT = Effect(
    name="background",
    title="Background",
    summary="Cuts the subject out, gives its matte, puts it before another background, or blurs what is behind it.",
    params=BackgroundParams,
    run=_run,
    inputs=(
        Input(name="image", summary="The photo with the subject."),
        Input(name="backdrop", summary="What stands behind the subject, for mode change.", required=False),
        Input(name="mask", summary="A matte of one's own: grey, white on the subject.", required=False),
    ),
    models=("person",),
)
