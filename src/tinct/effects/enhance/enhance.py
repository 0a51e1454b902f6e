"""Enhance a photo: look at its condition, clean it, let an engine add detail tile by tile, hold it to its colours."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.enhance.crops import around_faces, cut
from tinct.effects.enhance.denoising import Cleaner, cleaner
from tinct.effects.enhance.drawn import effort_of
from tinct.effects.enhance.engines import ENGINES, Engine, Model, Scale, select, slowest
from tinct.effects.enhance.faces import Restored, budget, chosen_faces, put_faces
from tinct.effects.enhance.opacity import enlarged_alpha, without_hidden_colors
from tinct.effects.enhance.timing import Estimate, estimated, learn
from tinct.effects.enhance.work import enlarged, sides, tiling, window_work
from tinct.effects.findings import Role, Rounded, Untold, fact
from tinct.errors import ParameterError
from tinct.imaging.blur.deconvolution import sharpened
from tinct.imaging.blur.measure import Blur, blur_of
from tinct.imaging.degradation import Condition, condition, is_soft
from tinct.imaging.tiles import Tiling
from tinct.models import runtime
from tinct.photo.photo import Photo, Pixels

__all__ = ["Enhancement", "Plan", "deblurred", "enhance", "plan", "run"]

Array = NDArray[np.float32]
Deblur = Literal["auto", "off"]
Denoise = Literal["auto"] | Annotated[float, Field(ge=0, le=1)]

_LEAST = 8  # pixels of a side
_MOST_PIXELS = 200_000_000  # of a result, as many as the largest sensors have
# Noise that no photo is without, and no JPEG; a kernel is never exact
_ROUNDED, _COMPRESSED = 0.8 / 255, 2.0 / 255
_LONGEST = 65_500  # pixels of a result's side; JPEG cannot hold more


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
    """How long it will take, faces included."""
    effort: float = 1.0
    """What the photo takes beside one that has detail all over."""
    faces: tuple[Restored, ...] = ()
    """Small or blurred faces that the strong network will restore."""
    faces_left: int = 0
    """How many more there are, for which the time does not suffice."""


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
    blur: Annotated[float, Rounded(2)] = 0.0
    """Blur that was measured, as the standard deviation of a Gaussian in pixels; 0 where there are too few edges, or
    where it was not asked for."""
    deblurred: bool = False
    """Whether blur was taken away; False where it is too small, too large or not the same all over the photo."""
    faces_before: Annotated[tuple[Photo, ...], Role("input_crop")] = ()
    """Each face of the source with what is around it, from left to right; where faces were asked for."""
    faces_after: Annotated[tuple[Photo, ...], Role("output_crop")] = ()
    """The same places of the result."""

    @property
    @fact
    def engine(self) -> str:
        """``span``, ``luma``, ``realesrgan``, ``clearreality``, ``animevideo`` or ``classical``."""
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
    def faces_restored(self) -> int:
        """Small or blurred faces that the strong network restored, in a photo that another engine enhanced."""
        return len(self.plan.faces)

    @property
    @fact
    def faces_left(self) -> int:
        """Such faces that were left to that engine, because the time did not suffice."""
        return self.plan.faces_left

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
    own = engine.core_seconds * tiling(height, width, engine, engine.sides[0]).seen / 1e6
    return own + (budget(own) if model == "auto" and not engine.restores else 0.0)


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
            description="span is true to the source; luma is small, about ten times as fast, and for large photos as "
            "good; realesrgan restores and is about 40 times slower than span; clearreality also cleans up JPEG "
            "(non-commercial licence); animevideo is for drawings; classical needs no network. auto takes realesrgan "
            "for photos up to 0.16 megapixels, and for soft ones up to 0.64; luma to double those from 6 on; span for "
            "others; and classical for sharp photos at their own size and where the networks are not installed."
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
    deblur: Annotated[
        Deblur,
        Field(
            description="auto takes blur away first where it is measured to be small (1 to 3 pixels) and the same all "
            "over the photo, and tells where it was left; off does not look."
        ),
    ] = "off",
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
    _check(photo, scale)
    clear, found = deblurred(photo) if deblur == "auto" else (photo, None)
    made = run(clear, plan(clear, scale, model, denoise), scale, progress)
    return replace(
        made,
        blur=0.0 if found is None else found.sigma,
        deblurred=clear is not photo,
        faces_before=tuple(cut(photo, place) for place in places),
        faces_after=tuple(cut(made.photo, place, scale) for place in places),
    )


def deblurred(photo: Photo) -> tuple[Photo, Blur]:
    """The photo without its blur, and what was measured; the same photo where that is no blur that can go."""
    found = blur_of(photo.pixels)
    if not found.removable:
        return photo, found
    noise = math.hypot(condition(photo.pixels).noise, _ROUNDED if photo.format != "jpeg" else _COMPRESSED)
    return photo.with_pixels(sharpened(photo.pixels, found.kernel, noise)), found


def plan(photo: Photo, scale: Scale = 2, model: Model = "auto", denoise: Denoise = "auto") -> Plan:
    """Look at the photo, and decide what to do; raises as `enhance` does."""
    _check(photo, scale)
    found = condition(photo.pixels)
    clean = cleaner(found, None if denoise == "auto" else denoise)

    def soft() -> bool:
        return is_soft(photo.pixels, clean.apply)

    engine = select(model, scale, photo.width * photo.height, any(clean.thresholds), soft)
    tiles = tiling(photo.height, photo.width, engine, sides(engine)[0])
    asked = None if denoise == "auto" else denoise
    work = window_work(engine, scale, clean, asked, photo.gray)
    effort = 1.0
    if engine.only_drawn and not any(clean.thresholds):
        effort = effort_of(photo.pixels, tiles)
    trial = window_work(engine, scale, clean, asked, photo.gray, everywhere=True)
    estimate = estimated(engine, scale, tiles, photo.pixels, trial, effort)
    faces: tuple[Restored, ...] = ()
    left = 0
    if model == "auto" and not engine.restores:
        own = engine.core_seconds * tiles.seen / 1e6
        faces, left = chosen_faces(photo, scale, clean, asked, budget(own))
        more = sum(face.estimate(photo, scale).seconds for face in faces)
        estimate = replace(estimate, seconds=estimate.seconds + more)
    return Plan(engine, found, clean, work, estimate, effort, faces, left)


def run(photo: Photo, chosen: Plan, scale: Scale, progress: Progress = unheard) -> Enhancement:
    """Do what was planned; `progress` hears 0..1 after every tile."""
    begun = time.perf_counter()
    source = without_hidden_colors(photo)

    own = (
        chosen.engine.core_seconds
        * tiling(photo.height, photo.width, chosen.engine, chosen.engine.sides[0]).seen
    )
    share = own / max(own + sum(1e6 * face.core_seconds for face in chosen.faces), 1e-9)

    def whole(side: int) -> tuple[Pixels, Tiling]:
        tiles = tiling(photo.height, photo.width, chosen.engine, side)
        return enlarged(source, tiles, chosen.work, scale, lambda done: progress(share * done)), tiles

    pixels, tiles = runtime.by_tiles(sides(chosen.engine), whole)
    alpha = None if photo.alpha is None else enlarged_alpha(photo.alpha, scale)
    seconds = time.perf_counter() - begun
    learn(chosen.engine, scale, tiles, seconds, chosen.effort)
    seconds += put_faces(
        pixels, source, chosen.faces, scale, lambda done: progress(share + (1 - share) * done)
    )
    return Enhancement(replace(photo, pixels=pixels, alpha=alpha), chosen, tiles.count, seconds)


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
