"""Enhance a photo: look at its condition, clean it, let an engine add detail tile by tile, hold it to its colours."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinct.effects.effect import checked
from tinct.effects.enhance.clean import Cleaner, cleaner
from tinct.effects.enhance.cutout import enlarged_alpha, without_hidden_colors
from tinct.effects.enhance.engines import Engine, choose
from tinct.effects.enhance.params import Denoise, EnhanceParams, Model, Scale
from tinct.effects.enhance.pin import believed, grained, pinned
from tinct.effects.enhance.rate import Estimate, estimated, learn
from tinct.errors import ParameterError
from tinct.imaging.condition import Condition, condition, is_soft
from tinct.imaging.tiles import Tiling, merged
from tinct.models import runtime
from tinct.photo.photo import Photo, Pixels
from tinct.settings import current

__all__ = ["Enhancement", "Plan", "enhance", "plan", "run"]

Array = NDArray[np.float32]

_LEAST = 8  # pixels of a side
_OVERLAP = 8  # pixels; answers of faithful engines are the same there
_OVERLAP_RESTORED = 16  # those of inventive ones are not quite
_GRAIN = 0.7  # share of the lost grain that is given back to a restored photo


@dataclass(frozen=True)
class Plan:
    """What is about to happen to a photo."""

    engine: Engine
    """What will work."""
    condition: Condition
    """Noise and JPEG blocks that were found."""
    clean: Cleaner
    """What will be done about them."""
    work: Callable[[Array], Array]
    """All of it, for a window (h, w, 3)."""
    estimate: Estimate
    """How long it will take."""


@dataclass(frozen=True, eq=False)
class Enhancement:
    """What `enhance` gives back."""

    photo: Photo
    """The result, in the source's depth and profile."""
    plan: Plan
    """What was found in the source, and what was done about it."""
    tiles: int
    """In how many tiles the photo was worked on."""
    seconds: float
    """How long it took."""

    @property
    def engine(self) -> str:
        """``span``, ``realesrgan``, ``clearreality``, ``animevideo`` or ``classical``."""
        return self.plan.engine.name

    @property
    def cleaned(self) -> bool:
        """Whether noise or JPEG blocks were removed."""
        return any(self.plan.clean.thresholds)


def enhance(photo: Photo, scale: Scale = 2, model: Model = "auto", denoise: Denoise = "auto") -> Enhancement:
    """Make a photo sharper and larger.

    Parameters
    ----------
    photo : Photo
        8 or 16 bit, at least 8 pixels a side; depth, profile and opacity stay.
    scale : {1, 2, 4}
        How many times wider and higher the result is; 1 restores at the photo's own size.
    model : {"auto", "span", "realesrgan", "clearreality", "animevideo", "classical"}
        Which network; ``auto`` takes what is installed and suits the photo's size, and serves without any network too.
    denoise : "auto" or float
        0..1, how much noise and JPEG blocks are removed; ``auto`` goes by what is found.

    Returns
    -------
    Enhancement

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    MissingModelError, ModelLicenceError
        The named model is not installed; the message says how to get it.

    References
    ----------
    Wan et al. 2024, "Swift parameter-free attention network for efficient super-resolution" (SPAN); Wang et al. 2021,
    "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data".
    """
    return run(photo, checked(EnhanceParams, {"scale": scale, "model": model, "denoise": denoise}))


def plan(photo: Photo, params: EnhanceParams) -> Plan:
    """Look at the photo, and decide what to do; raises as `enhance` does."""
    _check(photo, params.scale)
    found = condition(photo.pixels)
    clean = cleaner(found, None if params.denoise == "auto" else params.denoise)

    def soft() -> bool:
        return is_soft(photo.pixels, clean.apply)

    worn = any(clean.thresholds)
    engine = choose(params.model, params.scale, photo.width * photo.height, worn, soft)
    tiling = _tiling(photo, engine, _sides(engine)[0])
    grain = _GRAIN * (1 if params.denoise == "auto" else 1 - params.denoise) if engine.restores else 0.0
    work = _window_work(engine, params.scale, clean, grain, photo.gray)
    return Plan(engine, found, clean, work, estimated(engine, params.scale, tiling, photo.pixels, work))


def run(
    photo: Photo,
    params: EnhanceParams,
    progress: Callable[[float], None] = lambda _: None,
    planned: Plan | None = None,
) -> Enhancement:
    """`enhance` with parameters that are already checked; `progress` hears 0..1 after every tile."""
    chosen = planned or plan(photo, params)
    begun = time.perf_counter()
    source = without_hidden_colors(photo)

    def whole(side: int) -> tuple[Pixels, Tiling]:
        tiling = _tiling(photo, chosen.engine, side)
        return _enlarged(source, tiling, chosen.work, params.scale, progress), tiling

    pixels, tiling = runtime.by_tiles(_sides(chosen.engine), whole)
    alpha = None if photo.alpha is None else enlarged_alpha(photo.alpha, params.scale)
    seconds = time.perf_counter() - begun
    learn(chosen.engine, params.scale, tiling, seconds)
    return Enhancement(replace(photo, pixels=pixels, alpha=alpha), chosen, tiling.count, seconds)


def _window_work(
    engine: Engine, scale: Scale, clean: Cleaner, grain: float, gray: bool
) -> Callable[[Array], Array]:
    """What happens to each window (h, w, 3)."""

    def work(seen: Array) -> Array:
        cleaned = clean.apply(seen)
        result = pinned(believed(engine.apply(cleaned, scale), cleaned, scale), seen, scale)
        if grain:
            result = grained(result, seen, scale, grain)
        return np.repeat(result.mean(axis=2, keepdims=True), 3, axis=2) if gray else result

    return work


def _enlarged(
    source: Pixels,
    tiling: Tiling,
    work: Callable[[Array], Array],
    scale: int,
    progress: Callable[[float], None],
) -> Pixels:
    """The whole result; beside it only a row of tiles is in memory."""
    out = np.empty((source.shape[0] * scale, source.shape[1] * scale, 3), source.dtype)
    most = np.float32(np.iinfo(source.dtype).max)
    for top, rows in merged(source, tiling, work, scale, progress):
        np.clip(rows, 0, 1, out=rows)
        rows *= most
        out[top : top + len(rows)] = np.rint(rows, out=rows)
    return out


def _check(photo: Photo, scale: Scale) -> None:
    """Refuse photos that are too small, and results that would be too large."""
    size = f"{photo.width}x{photo.height}"
    if min(photo.width, photo.height) < _LEAST:
        raise ParameterError(
            "image", f"{size} pixels", f"{_LEAST} pixels or more on each side; there is nothing to enhance"
        )
    limit, longest = current().max_photo_pixels, current().max_photo_side
    fits = [
        factor
        for factor in (1, 2, 4)
        if photo.width * photo.height * factor * factor <= limit
        and max(photo.width, photo.height) * factor <= longest
    ]
    if scale not in fits:
        allowed = " or ".join(map(str, fits)) or "a smaller photo"
        raise ParameterError(
            "scale",
            scale,
            f"{allowed} for a photo of {size}: results have at most {limit} pixels and {longest} on a side",
        )


def _sides(engine: Engine) -> tuple[int, ...]:
    return runtime.fitting(engine.sides, engine.bytes_per_pixel)


def _tiling(photo: Photo, engine: Engine, side: int) -> Tiling:
    overlap = _OVERLAP_RESTORED if engine.restores else _OVERLAP
    return Tiling(photo.height, photo.width, side, engine.margin, overlap)
