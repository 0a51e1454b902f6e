"""What is held against the content check: what goes into a job, and what a generator made in it."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tinct.effects import available, registry
from tinct.effects.effect import Effect, Output, Progress
from tinct.errors import UnsafePhotoError, UnsafeResultError
from tinct.settings import current

if TYPE_CHECKING:
    from tinct.clip.clip import Clip
    from tinct.photo.photo import Photo

__all__ = ["screened_run"]

_log = logging.getLogger(__name__)
_MOMENTS: Final = 4  # one of so many views of a clip is held against the content check: three of them
_SEEDS: Final = 3  # with which a picture is made anew after one that is unsafe

Given = "Photo | Clip | Sequence[Photo]"


def screened_run(
    effect: Effect, photos: Mapping[str, Any], params: Any, progress: Progress, *, screened: bool
) -> Output:
    """Run an effect on photos that pass the content check, and give what passes it.

    What a generator makes is looked at as well, and what goes into one, unless the operator has left that out or no
    classifier is installed. Where its picture does not pass, others are made with other seeds.

    Parameters
    ----------
    screened : bool
        Whether the photos are to be checked whatever the effect.

    Raises
    ------
    UnsafePhotoError
        One of the photos does not pass.
    UnsafeResultError
        None of the pictures that were made does.
    TinctError
        As the effect.
    """
    invented = effect.generates(photos, params) is not None
    if invented and current().generation_check:
        screened = screened or any(engine.ready for engine in available.engines("moderate"))
    if not screened:
        return effect.run(photos, params, progress)
    for item in effect.inputs:
        if item.name in photos and not item.of_one and _unsafe(photos[item.name]):
            raise UnsafePhotoError("the content check calls a photo unsafe; use another one")
    for again in range(_SEEDS + 1):
        output = effect.run(photos, _with_seed(params, again), progress)
        if (photos and not invented) or not any(_unsafe(result.photo) for result in output.results):
            return output
        if "seed" not in type(params).model_fields:
            break
    raise UnsafeResultError


def _with_seed(params: Any, again: int) -> Any:
    """The parameters with another seed, which follows from the first; with their own at first."""
    if not again:
        return params
    return params.model_copy(update={"seed": zlib.crc32(f"{params.seed} {again}".encode()) % 2**31})


def _unsafe(given: Photo | Clip | Sequence[Photo]) -> bool:
    """Whether the content check calls a photo, or a moment of a clip, unsafe."""
    from tinct.clip.clip import Clip
    from tinct.photo.photo import Photo

    check = registry.get("moderate")
    seen: Sequence[Photo] = (given,) if isinstance(given, Photo) else ()
    if isinstance(given, Clip):
        from tinct.imaging.shots import shots

        seen = [Photo(view) for shot in shots(given, whole=True) for view in shot.views[::_MOMENTS]]
    elif isinstance(given, Sequence):
        seen = given
    return any(
        check.run({"image": photo}, check.parse({}), lambda share: None).facts["verdict"] == "unsafe"
        for photo in seen
    )
