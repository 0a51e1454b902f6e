"""Colour correction: the tint of the light goes, black and white are set, and dull colours wake up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Strength
from tinct.effects.correct.illuminant import Light, adaptation, estimate
from tinct.effects.correct.looks import LOOKS, Tones, color_map, tones
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Role, Rounded
from tinct.imaging import maxim
from tinct.imaging.gain import GainField
from tinct.imaging.sample import seen
from tinct.photo.color import linear_to_srgb, profile_to_srgb, srgb_to_linear, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = ["Correction", "correct", "whitened"]

Array = NDArray[np.float32]
Engine = Literal["auto", "classical", "maxim"]

_PROXY = 256
_UNTINTED = Light((0.0, 0.0), 1.0)


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What correction made."""

    photos: Annotated[tuple[Photo, ...], Role(labels="looks")]
    """The first is the best single answer."""
    looks: tuple[str, ...]
    """Names, one of each photo."""
    engine: str
    """``classical`` or ``maxim``: who served."""
    tint: Annotated[tuple[float, float], Rounded(4)]
    """log2(R / G) and log2(B / G) of the light that was made white."""
    confidence: Annotated[float, Rounded(4)]
    """How much that is of the tint that was found, 0..1: little of a slight one."""


@effect(
    title="Colour correction",
    engines={"classical": ("colorizer",), "maxim": (maxim.RETOUCHING,)},
    label="corrected",
    counted="variants",
)
def correct(
    photo: Annotated[
        Photo, Field(description="The photo to correct, in any depth and RGB profile; both stay.")
    ],
    *,
    strength: Strength = 1.0,
    variants: Annotated[
        int,
        Field(
            ge=1,
            le=4,
            description="How many looks; the first is the plain correction, then warm, vivid and soft.",
        ),
    ] = 1,
    engine: Annotated[
        Engine,
        Field(
            description="classical finds the tint of the light with Tinct's own small network and sets black and white "
            "point; maxim is a retouching network, about 6 s each. auto takes classical."
        ),
    ] = "auto",
    progress: Progress = unheard,
) -> Correction:
    """Take away the tint of the light, set black and white, wake up dull colours; in up to four looks.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    MissingModelError
        ``maxim`` was asked for and is not installed.
    """
    small = np.clip(profile_to_srgb(shrink(photo.pixels, _PROXY), photo.icc), 0, 1)
    if engine == "maxim":
        light, found, served = _UNTINTED, Tones(0.0, 1.0, 1.0), "maxim"
        base = _retouched(photo, small, strength)
    else:
        light, base, served = estimate(small), photo, "classical"
        found = tones(whitened(small, light)[seen(photo, small.shape[:2])])
    progress(0.3)
    made = []
    for number, look in enumerate(LOOKS[:variants], 1):
        plain = served == "maxim" and look is LOOKS[0]
        made.append(base if plain else color_map(light, found, look).apply(base, degree=strength))
        progress(0.3 + 0.7 * number / variants)
    return Correction(
        photos=tuple(made),
        looks=tuple(look.name for look in LOOKS[:variants]),
        engine=served,
        tint=light.tint,
        confidence=light.confidence,
    )


def whitened(rgb: Array, light: Light) -> Array:
    """sRGB (h, w, 3) without the light's tint, 0..1."""
    linear = srgb_to_linear(rgb) @ adaptation(light).T.astype(np.float32)
    return np.clip(linear_to_srgb(np.maximum(linear, 0)), 0, 1)


def _retouched(photo: Photo, small: Array, strength: float) -> Photo:
    """What the network makes of a photo, at full size."""
    seen, target = maxim.improved(small, maxim.RETOUCHING)
    field = GainField.fit(srgb_to_profile(seen, photo.icc), srgb_to_profile(target, photo.icc))
    return field.apply(photo, strength)
