"""Correct the colours of a clip: one judgement a shot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tinct.clip.clip import Clip
from tinct.effects.choices import ClipIn, Shots, Strength
from tinct.effects.correct.correct import whitened
from tinct.effects.correct.illuminant import Light, estimate
from tinct.effects.correct.looks import LOOKS, color_map, tones
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Rounded, Told
from tinct.imaging import grading
from tinct.imaging.colormap import ColorMap
from tinct.imaging.shots import Shot
from tinct.photo.resize import shrink

__all__ = ["VideoCorrection", "video_correct"]

_PROXY = 256
_EACH = 4  # of the views is asked for its light: they mostly share it


@dataclass(frozen=True, kw_only=True)
class VideoCorrection:
    """What correction made of a clip."""

    clip: Clip
    """The result."""
    starts: Annotated[tuple[float, ...], Rounded(3)]
    """When each shot begins, in seconds."""
    tints: Annotated[tuple[tuple[float, float], ...], Rounded(4)]
    """Of each shot, log2(R / G) and log2(B / G) of the light that was made white."""
    color_maps: Annotated[tuple[ColorMap, ...], Told(lambda maps: [one.title for one in maps])]
    """The map of each shot."""


@effect(
    title="Colour correction of clips",
    engines={"classical": ("colorizer",)},
    credits=5,
    estimate=lambda clip: grading.estimate(clip, False),
    label="corrected",
)
def video_correct(
    clip: ClipIn,
    *,
    strength: Strength = 1.0,
    look: Annotated[
        Literal["natural", "warm", "vivid", "soft"],
        Field(description="What is added: nothing, warmth, colour and contrast, or calm."),
    ] = "natural",
    shots: Shots = "each",
    progress: Progress = unheard,
) -> VideoCorrection:
    """Take the tint of the light from a clip, set black and white, wake up dull colours: one judgement a shot.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    ClipError
        The clip cannot be used.
    OutputError
        There is no room for the result.
    """
    lights: list[Light] = []
    chosen = next(one for one in LOOKS if one.name == look)

    def fit(shot: Shot) -> ColorMap:
        views = [shrink(view, _PROXY).astype(np.float32) / np.float32(255) for view in shot.views]
        found = [estimate(view) for view in views[::_EACH]]
        middle = np.median([light.tint for light in found], axis=0)
        light = Light(
            (float(middle[0]), float(middle[1])), float(np.median([one.confidence for one in found]))
        )
        lights.append(light)
        return color_map(
            light, tones(np.concatenate([whitened(v, light).reshape(-1, 3) for v in views])), chosen
        )

    made = grading.graded(clip, fit, shots=shots, degree=strength, progress=progress)
    tints = tuple(light.tint for light in lights)
    return VideoCorrection(clip=made.clip, starts=made.starts, tints=tints, color_maps=made.maps)
