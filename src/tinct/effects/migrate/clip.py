"""Recolour a clip: one map a shot, fitted on views of it, so that nothing flickers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tinct.clip.clip import Clip
from tinct.effects.choices import ClipIn, Seed, Shots
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Role, Rounded, Told
from tinct.effects.migrate.fits import fit_auto, fit_reference, fit_template
from tinct.effects.migrate.migrate import sampled, together
from tinct.effects.migrate.parameters import (
    Chosen,
    GivenMap,
    Kept,
    Look,
    Mode,
    Portrait,
    Protected,
    Spread,
    Style,
    Swatches,
)
from tinct.imaging import grading
from tinct.imaging.colormap import ColorMap
from tinct.imaging.lut_image import from_image, to_image
from tinct.imaging.people import SIDE, Protect
from tinct.imaging.pool import pooled
from tinct.imaging.shots import Shot
from tinct.photo.photo import Photo

__all__ = ["VideoMigration", "video_migrate"]


@dataclass(frozen=True, eq=False)
class VideoMigration:
    """What `video_migrate` gives back."""

    clip: Clip
    """The result."""
    color_maps: Annotated[tuple[ColorMap, ...], Told(lambda maps: [one.title for one in maps])]
    """The map of each shot, at full degree; save them as ``.cube`` for an editor."""
    starts: Annotated[tuple[float, ...], Rounded(3)]
    """When each shot begins, in seconds."""
    strips: Annotated[tuple[Photo, ...], Role("map", format="png")] = ()
    """With `maps`: each map as a picture; see :mod:`tinct.imaging.lut_image`."""

    @property
    def broken(self) -> int:
        """Frames of the source that were broken, and concealed."""
        return self.clip.broken


def _together(
    mode: Mode, colors: object, reference: object, style: object, spread: float, map: object
) -> None:
    together(mode, 1, colors, reference, style, spread, map)


@effect(
    title="Colour migration of clips",
    engines={"classical": ("person", "colorizer")},
    together=_together,
    credits=5,
    estimate=lambda clip, portrait: grading.estimate(clip, portrait),
    label=lambda mode: mode,
)
def video_migrate(
    clip: ClipIn,
    mode: Chosen = "auto",
    *,
    shots: Shots = "each",
    style: Annotated[
        Style | None,
        Field(
            description="Mode auto: natural, the default, turns what is known by its colour (sky, lawn, fruit) only as "
            "far as is likely, bold turns all nearly alike."
        ),
    ] = None,
    colors: Swatches = None,
    spread: Spread = 0.0,
    reference: Look = None,
    map: GivenMap = None,
    degree: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="0 keeps the clip, 1 is the full recolouring, between them a linear blend.",
        ),
    ] = 1.0,
    smoothness: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Mode reference: 0 follows the reference's colours most tightly, 1 keeps the clip's drawing "
            "most.",
        ),
    ] = 0.5,
    seed: Seed = 0,
    portrait: Portrait = True,
    strength: Kept = 1.0,
    protect: Protected = "person",
    maps: Annotated[
        bool, Field(description="Also give the colour map of each shot as a strip of 33 tiles.")
    ] = False,
    progress: Progress = unheard,
) -> VideoMigration:
    """Recolour a clip with one colour map a shot: families, swatches, or a photo's colours; people keep theirs.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    ClipError
        The clip cannot be used.
    OutputError
        There is no room for the result.
    """
    given = None if map is None else from_image(map)
    goal = None if reference is None else sampled(reference)
    kept: Protect | None = protect if portrait else None

    def fit(shot: Shot) -> ColorMap:
        if given is not None:
            return given
        source = pooled(grading.samples(shot, kept, strength), SIDE, "clip")
        if goal is not None:
            return fit_reference(source, goal, smoothness, seed)
        if colors is not None:
            return fit_template(source, colors, spread).map
        found: ColorMap = fit_auto(source, 1, seed, style)[0]
        return found

    made = grading.graded(
        clip,
        fit,
        shots=shots,
        degree=degree,
        protect=kept,
        strength=strength,
        progress=progress,
    )
    strips = tuple(to_image(one) for one in made.maps) if maps else ()
    return VideoMigration(made.clip, made.maps, made.starts, strips)
