"""Remove what a mask covers: find small where each pixel can be copied from, copy at full size, level the seams."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.erase import holes
from tinct.effects.erase.completion import Method, complete
from tinct.effects.erase.holes import Box, Hole
from tinct.effects.erase.mask import removal
from tinct.effects.erase.offset_field import Ground, OffsetField, icm, repair
from tinct.effects.erase.poisson import poisson_blend
from tinct.effects.erase.scene import Flags, Scene
from tinct.effects.erase.upsampling import upsampled
from tinct.errors import ParameterError
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import fit_size

__all__ = ["Erasure", "Filled", "erase"]

_SIDE = 640  # pixels, of the proxy of a hole and its surroundings
_LARGEST = 80_000  # pixels of a hole on its proxy; a larger hole is worked on smaller


@dataclass(frozen=True)
class Filled:
    """A hole that was filled."""

    box: tuple[int, int, int, int]
    """x, y, width, height in pixels."""
    engine: str
    """``shift``, ``patch``, ``shift+patch`` for parts of both, or ``nearest`` where too little was left for either."""


@dataclass(frozen=True, eq=False)
class Erasure:
    """What `erase` gives back."""

    photo: Photo
    """The photo without what the mask covers; outside the mask its pixels are those of the source."""
    holes: tuple[Filled, ...]
    """Holes from top to bottom, and what filled them."""


@effect(title="Object removal", engines={"shift": (), "patch": ()}, label="erased")
def erase(
    photo: Annotated[
        Photo,
        Field(description="The photo to remove something from; wholly transparent pixels are not copied."),
    ],
    mask: Annotated[
        Photo,
        Field(
            description="A grey picture of the same size: white is removed, black is kept, grey between them mixes; "
            "opacity counts as laid on black."
        ),
    ],
    method: Annotated[
        Method,
        Field(
            description="shift continues structure by few large copies, patch builds texture from many small ones, "
            "auto takes for each hole the one whose seams show less."
        ),
    ] = "auto",
    grow: Annotated[
        int,
        Field(
            ge=0,
            le=200,
            description="Pixels by which the mask is widened, so that halos and soft shadows of the object go too.",
        ),
    ] = 0,
    *,
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Erasure:
    """Remove what a mask covers and continue the surroundings there; pixels outside the mask stay as they are.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.

    References
    ----------
    He and Sun 2012, "Statistics of patch offsets for image completion"; Barnes et al. 2009, "PatchMatch"; Newson et al.
    2014, "Video inpainting of complex scenes"; Pérez et al. 2003, "Poisson image editing".
    """
    weight = removal(photo, mask, grow)
    known = weight == 0
    if photo.alpha is not None:
        known &= photo.alpha > 0
        if not known.any():
            raise ParameterError("mask", "every pixel that is not transparent", "some of them left black")
    found = holes.find(weight > 0)
    pixels = photo.pixels.copy()
    total, done, filled = sum(hole.box.area for hole in found), 0, []
    for hole in found:
        share = hole.box.area / total

        def heard(part: float, done: float = done / total, share: float = share) -> None:
            progress(done + part * share)

        colors, engine = _fill(photo.pixels, known, hole, method, seed, heard)
        _put(pixels, weight, hole, colors)
        box = hole.box
        filled.append(Filled((box.left, box.top, box.size[1], box.size[0]), engine))
        done += hole.box.area
    progress(1.0)
    return Erasure(replace(photo, pixels=pixels), tuple(filled))


def _fill(
    pixels: Pixels, known: Flags, hole: Hole, method: Method, seed: int, progress: Progress
) -> tuple[np.ndarray, str]:
    """New colours for the box of a hole (h, w, 3) float32, and what made them."""
    window = hole.window
    if not known[window.slices].any():  # nothing near: look at the whole photo
        window = Box(0, 0, pixels.shape[0], pixels.shape[1])
    inside = np.zeros(window.size, bool)
    inside[hole.box.within(window).slices] = hole.flags
    ground = Ground(pixels[window.slices], known[window.slices], inside)
    scene = Scene.of(pixels[window.slices], ground.known, inside, _proxy_size(inside))
    field, engine = complete(scene, method, seed, lambda part: progress(0.6 * part))
    if field is None:
        still = np.zeros(window.size, np.int32)
        field = repair(ground, OffsetField(still, still))
    elif scene.size == window.size:
        field = repair(ground, field)
    else:
        field = icm(ground, upsampled(field, scene.hole, ground), 2)
    progress(0.8)
    return poisson_blend(ground, field, hole.box.within(window).slices), engine


def _proxy_size(hole: Flags) -> tuple[int, int]:
    height, width = fit_size(hole.shape[0], hole.shape[1], _SIDE)
    marked = int(hole.sum()) * height * width / hole.size
    factor = min(1.0, math.sqrt(_LARGEST / marked))
    return max(1, round(height * factor)), max(1, round(width * factor))


def _put(pixels: Pixels, weight: np.ndarray, hole: Hole, colors: np.ndarray) -> None:
    """Lay new colours over the hole, as far as the mask says."""
    top = np.iinfo(pixels.dtype).max
    window = pixels[hole.box.slices]
    share = weight[hole.box.slices][hole.flags][:, None].astype(np.float32) / 255
    old = window[hole.flags].astype(np.float32)
    new = old + (colors[hole.flags] - old) * share
    window[hole.flags] = np.rint(np.clip(new, 0, top)).astype(pixels.dtype)
