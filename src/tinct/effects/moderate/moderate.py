"""Tell unsafe photos from safe ones.

Two networks that were trained on different photos look at the whole photo, and at squares of it where it is long: a
network sees a square, and a long photo would be squeezed beyond recognition. Of each part, the networks' mean counts:
they err on different photos, so that a single wrong alarm seldom decides. Of the photo, its worst part counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Untold, fact
from tinct.effects.moderate import classify
from tinct.photo.photo import Photo

__all__ = ["Moderation", "moderate"]

Array = NDArray[np.float32]
_PROXY = 1024  # long side in pixels
_LONG = 1.5  # above this ratio of its sides, squares are looked at too
_LEAST = 64  # pixels along a strip that are looked at together: of less, nothing can be told


@dataclass(frozen=True)
class Moderation:
    """What was found in a photo."""

    verdict: Literal["safe", "unsafe"]
    """``unsafe`` where the score reaches the threshold."""
    score: float
    """0..1, the mean of the networks for the worst part of the photo."""
    scores: dict[str, dict[str, float]]
    """By network and class, for the worst part."""
    engines: Annotated[tuple[str, ...], Untold()]
    """Networks that looked at it: those that are installed."""
    threshold: float
    """Score from which a photo is called unsafe."""

    @property
    @fact
    def engine(self) -> str:
        """The networks in one word, as other effects tell theirs."""
        return " + ".join(self.engines)


@effect(title="Content check", engines={name: (name,) for name in classify.ENGINES})
def moderate(
    photo: Annotated[
        Photo,
        Field(description="Any size and depth; transparent parts are seen on white. It does not come back."),
    ],
    *,
    threshold: Annotated[
        float,
        Field(gt=0, lt=1, description="A photo whose score reaches it is called unsafe; lower is stricter."),
    ] = 0.5,
    progress: Progress = unheard,
) -> Moderation:
    """Tell photos with nudity or pornography from others; the facts hold the verdict and all scores.

    Raises
    ------
    ParameterError
        `threshold` is outside its range.
    MissingModelError
        No classifier is installed.
    """
    engines = classify.engines()
    found: list[tuple[float, dict[str, dict[str, float]]]] = []  # score and classes of each view
    views = list(_views(_on_white(photo)))
    for number, view in enumerate(views, 1):
        scores = {engine: classify.scores(view, engine) for engine in engines}
        opinions = [classify.unsafe(engine, classes) for engine, classes in scores.items()]
        found.append((float(np.mean(opinions)), scores))
        progress(number / len(views))
    score, worst = max(found, key=lambda one: one[0])
    verdict: Literal["safe", "unsafe"] = "unsafe" if score >= threshold else "safe"
    return Moderation(verdict, score, worst, engines, threshold)


def _on_white(photo: Photo) -> Array:
    """A proxy, (h, w, 3) sRGB 0..1, as a viewer shows it."""
    from tinct.photo.resize import shrink

    colors = np.clip(photo.proxy(_PROXY), 0, 1)
    if photo.alpha is None:
        return colors
    full = np.float32(np.iinfo(photo.alpha.dtype).max)
    opacity = shrink(photo.alpha, _PROXY).astype(np.float32)[..., None] / full
    return np.asarray(colors * opacity + (1 - opacity), np.float32)


def _views(picture: Array) -> Iterator[Array]:
    """The whole, and where it is long, overlapping squares along it."""
    yield picture
    height, width = picture.shape[:2]
    side, length = sorted((height, width))
    if length < _LONG * side:
        return
    span = min(max(side, _LEAST), length)
    count = int(np.ceil(length / span * _LONG)) - 1  # neighbours overlap by a third or more
    for start in np.linspace(0, length - span, max(count, 2)).round().astype(int):
        square = slice(start, start + span)
        yield picture[square] if height > width else picture[:, square]
