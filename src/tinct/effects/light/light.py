"""Lighting: dark photos become light, at full size and without clipping what is bright."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinct.effects.effect import Progress, checked
from tinct.effects.light.exposure import relit
from tinct.effects.light.noise import smoother
from tinct.effects.light.params import Engine, LightParams
from tinct.imaging import maxim
from tinct.imaging.gain import GainField
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = ["Lighting", "light", "run"]

Array = NDArray[np.float32]

_PROXY = 512


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """What lighting made."""

    photo: Photo
    engine: str
    """``classical`` or ``maxim``: who served."""
    gain: float
    """Mean gain of the encoded values."""
    denoised: bool


def light(photo: Photo, *, strength: float = 1.0, engine: Engine = "auto", denoise: bool = True) -> Lighting:
    """Brighten a dark photo.

    Parameters
    ----------
    photo : Photo
        Any size, 8 or 16 bit, any RGB profile; all kept.
    strength : float
        0..1; 0 returns the photo's own pixels.
    engine : {"auto", "classical", "maxim"}
        Who decides how bright each place becomes.
    denoise : bool
        Remove the noise that brightening would show.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    MissingModelError
        ``maxim`` was asked for and is not installed.
    """
    return run(photo, checked(LightParams, {"strength": strength, "engine": engine, "denoise": denoise}))


def run(photo: Photo, params: LightParams, progress: Progress = lambda share: None) -> Lighting:
    """`light` with checked parameters."""
    small = shrink(photo.pixels, _PROXY)
    own = np.float32(1 / np.iinfo(small.dtype).max) * small.astype(np.float32)
    srgb = np.clip(profile_to_srgb(small, photo.icc), 0, 1)
    target = relit(srgb)
    gain = _mean_gain(srgb, target)
    engine = params.engine
    if engine == "auto":
        engine = "classical"
    progress(0.1)
    if engine == "maxim":
        srgb, target = maxim.improved(srgb, maxim.ENHANCEMENT)
        gain = _mean_gain(srgb, target)
        own = srgb_to_profile(srgb, photo.icc)
    field = GainField.fit(own, srgb_to_profile(target, photo.icc))
    progress(0.6)
    prepare = smoother(photo.pixels, gain) if params.denoise else None
    made = field.apply(photo, params.strength, prepare)
    progress(1.0)
    return Lighting(
        photo=replace(made, gray=photo.gray and engine == "classical"),
        engine=engine,
        gain=gain,
        denoised=prepare is not None and params.strength > 0,
    )


def _mean_gain(before: Array, after: Array) -> float:
    return float((after.mean() + 0.02) / (before.mean() + 0.02))
