"""Enhance a photo: look at its condition, clean it, let an engine add detail tile by tile, hold it to its colours."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.enhance.consistency import consistent, grained, plausible
from tinct.effects.enhance.crops import around_faces, cut
from tinct.effects.enhance.denoising import Cleaner, cleaner
from tinct.effects.enhance.engines import ENGINES, Engine, Model, Scale, select, slowest
from tinct.effects.enhance.opacity import enlarged_alpha, without_hidden_colors
from tinct.effects.enhance.timing import Estimate, estimated, learn
from tinct.effects.findings import Role, Rounded, Untold, fact
from tinct.errors import ParameterError
from tinct.imaging.degradation import Condition, condition, is_soft
from tinct.imaging.tiles import Tiling, merged
from tinct.models import runtime
from tinct.photo.photo import Photo, Pixels

__all__ = ["Enhancement", "Plan", "enhance", "plan", "run"]

Array = NDArray[np.float32]
Denoise = Literal["auto"] | Annotated[float, Field(ge=0, le=1)]

_LEAST = 8  # pixels of a side
_MOST_PIXELS = 200_000_000  # of a result, as many as the largest sensors have
_LONGEST = 65_500  # pixels of a result's side; JPEG cannot hold more
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
    plan: Annotated[Plan, Untold()]
    """What was found in the source, and what was done about it."""
    tiles: int
    """In how many tiles the photo was worked on."""
    seconds: Annotated[float, Rounded(2)]
    """How long it took."""
    faces_before: Annotated[tuple[Photo, ...], Role("input_crop")] = ()
    """Each face of the source with what is around it, from left to right; where faces were asked for."""
    faces_after: Annotated[tuple[Photo, ...], Role("output_crop")] = ()
    """The same places of the result."""

    @property
    @fact
    def engine(self) -> str:
        """``span``, ``realesrgan``, ``clearreality``, ``animevideo`` or ``classical``."""
        return self.plan.engine.name

    @property
    @fact
    def at_half_size(self) -> bool:
        """Whether the engine saw the photo at half its size."""
        return self.plan.engine.halved

    @property
    @fact
    def estimated_seconds(self) -> Annotated[float, Rounded(2)]:
        """How long it was thought to take."""
        return self.plan.estimate.seconds

    @property
    @fact
    def noise(self) -> Annotated[float, Rounded(2)]:
        """Noise that was found, in levels of 255."""
        return 255 * self.plan.condition.noise

    @property
    @fact
    def blocks(self) -> Annotated[float, Rounded(2)]:
        """Height of the borders of JPEG blocks that were found, in levels of 255."""
        return 255 * self.plan.condition.blocks

    @property
    @fact
    def cleaned(self) -> bool:
        """Whether noise or JPEG blocks were removed."""
        return any(self.plan.clean.thresholds)


def _one_two_or_four(value: object) -> object:
    number = int(value) if isinstance(value, str) and value.strip().isdigit() else value
    if isinstance(number, bool) or number not in (1, 2, 4):
        raise ParameterError("scale", value, "1, 2 or 4")
    return int(number)


def _auto_or_share(value: object) -> object:
    if value == "auto":
        return value
    try:
        share = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        share = -1.0
    if isinstance(value, bool) or not 0 <= share <= 1:
        raise ParameterError("denoise", value, "auto, or a number from 0 to 1")
    return share


def _seconds(photo: tuple[int, int], scale: Scale, model: Model) -> float:
    """Seconds that a photo of this width and height takes one core at most."""
    width, height = photo
    engine = slowest(model, scale, width * height)
    return engine.core_seconds * _tiling(height, width, engine, engine.sides[0]).seen / 1e6


@effect(
    title="Enhance",
    engines={name: tuple(engine.models.values()) for name, engine in ENGINES.items()},
    estimate=_seconds,
    label=lambda scale: f"x{scale}" if scale > 1 else "enhanced",
)
def enhance(
    photo: Annotated[
        Photo, Field(description="8 or 16 bit, at least 8 pixels a side; depth, profile and opacity stay.")
    ],
    scale: Annotated[
        Scale,
        BeforeValidator(_one_two_or_four),
        Field(
            description="How many times wider and higher the result is; 1 restores at the photo's own size."
        ),
    ] = 2,
    model: Annotated[
        Model,
        Field(
            description="span is true to the source; realesrgan restores and is about 40 times slower; clearreality "
            "also cleans up JPEG (non-commercial licence); animevideo is for drawings; classical needs no network. "
            "auto takes realesrgan for photos up to 0.16 megapixels, and for soft ones up to 0.64; span for others; "
            "and classical for sharp photos at their own size and where the networks are not installed."
        ),
    ] = "auto",
    denoise: Annotated[
        Denoise,
        BeforeValidator(_auto_or_share),
        Field(
            description="0 leaves noise and JPEG blocks, 0.5 removes as much of them as is found, 1 twice that; auto "
            "removes what is found, and nothing from photos that are nearly clean. The higher, the less grain is left."
        ),
    ] = "auto",
    *,
    faces: Annotated[
        bool,
        Field(description="Also give each face, before and after: its box and 30 % of its sides around it."),
    ] = False,
    progress: Progress = unheard,
) -> Enhancement:
    """Make a photo sharper and two or four times larger, or restore it at its own size; its colours stay.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    MissingModelError, ModelLicenceError
        The named model, or those that find faces, are not installed; the message says how to get them.

    References
    ----------
    Wan et al. 2024, "Swift parameter-free attention network for efficient super-resolution" (SPAN); Wang et al. 2021,
    "Real-ESRGAN: training real-world blind super-resolution with pure synthetic data".
    """
    places = around_faces(photo) if faces else ()
    made = run(photo, plan(photo, scale, model, denoise), scale, progress)
    return replace(
        made,
        faces_before=tuple(cut(photo, place) for place in places),
        faces_after=tuple(cut(made.photo, place, scale) for place in places),
    )


def plan(photo: Photo, scale: Scale = 2, model: Model = "auto", denoise: Denoise = "auto") -> Plan:
    """Look at the photo, and decide what to do; raises as `enhance` does."""
    _check(photo, scale)
    found = condition(photo.pixels)
    clean = cleaner(found, None if denoise == "auto" else denoise)

    def soft() -> bool:
        return is_soft(photo.pixels, clean.apply)

    worn = any(clean.thresholds)
    engine = select(model, scale, photo.width * photo.height, worn, soft)
    tiling = _tiling(photo.height, photo.width, engine, _sides(engine)[0])
    grain = _GRAIN * (1 if denoise == "auto" else 1 - denoise) if engine.restores else 0.0
    work = _window_work(engine, scale, clean, grain, photo.gray)
    return Plan(engine, found, clean, work, estimated(engine, scale, tiling, photo.pixels, work))


def run(photo: Photo, chosen: Plan, scale: Scale, progress: Progress = unheard) -> Enhancement:
    """Do what was planned; `progress` hears 0..1 after every tile."""
    begun = time.perf_counter()
    source = without_hidden_colors(photo)

    def whole(side: int) -> tuple[Pixels, Tiling]:
        tiling = _tiling(photo.height, photo.width, chosen.engine, side)
        return _enlarged(source, tiling, chosen.work, scale, progress), tiling

    pixels, tiling = runtime.by_tiles(_sides(chosen.engine), whole)
    alpha = None if photo.alpha is None else enlarged_alpha(photo.alpha, scale)
    seconds = time.perf_counter() - begun
    learn(chosen.engine, scale, tiling, seconds)
    return Enhancement(replace(photo, pixels=pixels, alpha=alpha), chosen, tiling.count, seconds)


def _window_work(
    engine: Engine, scale: Scale, clean: Cleaner, grain: float, gray: bool
) -> Callable[[Array], Array]:
    """What happens to each window (h, w, 3)."""

    def work(seen: Array) -> Array:
        cleaned = clean.apply(seen)
        result = consistent(plausible(engine.apply(cleaned, scale), cleaned, scale), seen, scale)
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
    limit, longest = max(_MOST_PIXELS, photo.width * photo.height), max(_LONGEST, photo.width, photo.height)
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


def _tiling(height: int, width: int, engine: Engine, side: int) -> Tiling:
    overlap = _OVERLAP_RESTORED if engine.restores else _OVERLAP
    return Tiling(height, width, side, engine.margin, overlap)
