"""Colour correction: the tint of the light goes, black and white are set, and dull colours wake up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.effects.correct.illuminant import Light, adaptation, estimate
from tinct.effects.correct.looks import LOOKS, Tones, color_map, tones
from tinct.effects.correct.params import CorrectParams, Engine
from tinct.effects.effect import Progress, checked
from tinct.imaging import maxim
from tinct.imaging.gain import GainField
from tinct.photo.color import linear_to_srgb, profile_to_srgb, srgb_to_linear, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = ["Correction", "correct", "run"]

Array = NDArray[np.float32]

_PROXY = 256
_UNTINTED = Light((0.0, 0.0), 1.0)


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What correction made."""

    photos: tuple[Photo, ...]
    """The first is the best single answer."""
    looks: tuple[str, ...]
    """Names, one of each photo."""
    engine: str
    """``classical`` or ``maxim``: who served."""
    tint: tuple[float, float]
    """log2(R / G) and log2(B / G) of the light that was made white."""
    confidence: float
    """How much that is of the tint that was found, 0..1: little of a slight one."""


def correct(photo: Photo, *, strength: float = 1.0, variants: int = 1, engine: Engine = "auto") -> Correction:
    """Correct a photo's colours.

    Parameters
    ----------
    photo : Photo
        Any size, 8 or 16 bit, any RGB profile; all kept.
    strength : float
        0..1; 0 returns the photo's own pixels.
    variants : int
        1..4 looks: natural, warm, vivid, soft.
    engine : {"auto", "classical", "maxim"}
        Who decides on the colours.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    MissingModelError
        ``maxim`` was asked for and is not installed.
    """
    return run(photo, checked(CorrectParams, {"strength": strength, "variants": variants, "engine": engine}))


def run(photo: Photo, params: CorrectParams, progress: Progress = lambda share: None) -> Correction:
    """`correct` with checked parameters."""
    small = np.clip(profile_to_srgb(shrink(photo.pixels, _PROXY), photo.icc), 0, 1)
    if params.engine == "maxim":
        light, found, engine = _UNTINTED, Tones(0.0, 1.0, 1.0), "maxim"
        base = _retouched(photo, small, params.strength)
    else:
        light, base, engine = estimate(small).believed, photo, "classical"
        found = tones(_whitened(small, light))
    progress(0.3)
    made = []
    for number, look in enumerate(LOOKS[: params.variants], 1):
        plain = engine == "maxim" and look is LOOKS[0]
        made.append(base if plain else color_map(light, found, look).apply(base, degree=params.strength))
        progress(0.3 + 0.7 * number / params.variants)
    return Correction(
        photos=tuple(made),
        looks=tuple(look.name for look in LOOKS[: params.variants]),
        engine=engine,
        tint=light.tint,
        confidence=light.confidence,
    )


def _whitened(rgb: Array, light: Light) -> Array:
    """sRGB (h, w, 3) without the light's tint, 0..1."""
    linear = srgb_to_linear(rgb) @ adaptation(light).T.astype(np.float32)
    return np.clip(linear_to_srgb(np.maximum(linear, 0)), 0, 1)


def _retouched(photo: Photo, small: Array, strength: float) -> Photo:
    """What the network makes of a photo, at full size."""
    seen, target = maxim.improved(small, maxim.RETOUCHING)
    field = GainField.fit(srgb_to_profile(seen, photo.icc), srgb_to_profile(target, photo.icc))
    return field.apply(photo, strength)
