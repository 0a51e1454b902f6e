"""Lighting: dark photos become light, at full size and without clipping what is bright."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Strength
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Rounded
from tinct.effects.light.exposure import dark_somewhere, relit
from tinct.effects.light.noise import signal, smoother
from tinct.effects.light.subject import NOBODY, look
from tinct.imaging import maxim
from tinct.imaging.gain import GainField
from tinct.imaging.sample import seen
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = ["Lighting", "light"]

Array = NDArray[np.float32]
Engine = Literal["auto", "classical", "maxim"]

_PROXY = 512
_DARK = np.float32(0.02)
_GAINING = 98  # percentile of the gains that speaks for those who gain most


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """What lighting made."""

    photo: Photo
    engine: str
    """``classical`` or ``maxim``: who served."""
    gain: Annotated[float, Rounded(3)]
    """Mean gain of the encoded values."""
    denoised: bool


@effect(title="Lighting", engines={"classical": (), "maxim": (maxim.ENHANCEMENT,)})
def light(
    photo: Annotated[
        Photo, Field(description="The photo to brighten, in any depth and RGB profile; both stay.")
    ],
    *,
    strength: Strength = 1.0,
    engine: Annotated[
        Engine,
        Field(
            description="classical needs no network; maxim is one for dark photos, about 6 s each. auto takes "
            "classical, which came closer to photos that had been darkened and does not clip lamps and skies."
        ),
    ] = "auto",
    denoise: Annotated[
        bool, Field(description="Remove noise and JPEG blocks that brightening would show.")
    ] = True,
    progress: Progress = unheard,
) -> Lighting:
    """Brighten dark and unevenly lit photos; what is bright is not clipped, and noise is not shown.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    MissingModelError
        ``maxim`` was asked for and is not installed.
    """
    small = shrink(photo.pixels, _PROXY)
    own = np.float32(1 / np.iinfo(small.dtype).max) * small.astype(np.float32)
    srgb = np.clip(profile_to_srgb(small, photo.icc), 0, 1)
    judged = seen(photo, srgb.shape[:2])
    subject = look(srgb) if engine != "maxim" and dark_somewhere(srgb) else NOBODY
    target = relit(srgb, judged, subject)
    shown = signal(srgb, judged)
    target = srgb + np.float32(shown) * (target - srgb)
    gain = _mean_gain(srgb[judged], target[judged])
    if engine == "auto":
        engine = "classical"
    progress(0.1)
    if engine == "maxim":
        srgb, target = maxim.improved(srgb, maxim.ENHANCEMENT)
        target = srgb + np.float32(shown) * (target - srgb)
        judged = seen(photo, srgb.shape[:2])
        gain = _mean_gain(srgb[judged], target[judged])
        own = srgb_to_profile(srgb, photo.icc)
    field = GainField.fit(own, srgb_to_profile(target, photo.icc))
    progress(0.6)
    prepare = smoother(photo.pixels, _most_gain(srgb[judged], target[judged])) if denoise else None
    made = field.apply(photo, strength, prepare)
    progress(1.0)
    return Lighting(
        photo=replace(made, gray=photo.gray and engine == "classical"),
        engine=engine,
        gain=gain,
        denoised=prepare is not None and strength > 0,
    )


def _mean_gain(before: Array, after: Array) -> float:
    return float((after.mean() + _DARK) / (before.mean() + _DARK))


def _most_gain(before: Array, after: Array) -> float:
    """Gain of what gains most: noise shows there first."""
    gains = (after.mean(axis=-1) + _DARK) / (before.mean(axis=-1) + _DARK)
    return float(np.percentile(gains, _GAINING))
