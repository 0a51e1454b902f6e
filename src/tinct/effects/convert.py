"""Convert: the photo as it is, for saving in another format."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from tinct.effects.effect import Effect, Output, Progress, Result
from tinct.photo.photo import Photo

__all__ = ["EFFECT", "Convert"]


class Convert(BaseModel):
    """Nothing to choose: format and quality belong to saving."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _run(photos: Mapping[str, Photo], params: Convert, progress: Progress) -> Output:
    progress(1.0)
    return Output(results=(Result(photo=photos["image"]),))


EFFECT = Effect(
    name="convert",
    title="Convert",
    summary="Turns the photo upright and saves it in another format, with its colours and profile unchanged.",
    params=Convert,
    run=_run,
    credits=1,
)
