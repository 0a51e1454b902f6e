"""Remove what a mask covers: find small where each pixel can be copied from, copy at full size, level the seams."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tinct.effects.effect import checked
from tinct.effects.erase import holes
from tinct.effects.erase.blend import levelled
from tinct.effects.erase.choose import best_field
from tinct.effects.erase.enlarge import enlarge
from tinct.effects.erase.field import Field, Ground, repair, tidy
from tinct.effects.erase.holes import Box, Hole
from tinct.effects.erase.mask import removal
from tinct.effects.erase.params import EraseParams, Method
from tinct.effects.erase.scene import Flags, Scene
from tinct.errors import ParameterError
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import fit_size

__all__ = ["Erasure", "Filled", "erase", "run"]

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


def erase(photo: Photo, mask: Photo, method: Method = "auto", grow: int = 0, *, seed: int = 0) -> Erasure:
    """Remove what a mask covers, and continue the surroundings there.

    Parameters
    ----------
    photo : Photo
        8 or 16 bit; its opacity stays, and wholly transparent pixels are not copied.
    mask : Photo
        Grey, of the photo's size: white removes, black keeps, grey between them mixes. Opacity counts as laid on
        black.
    method : {"auto", "shift", "patch"}
        ``shift`` continues structure, ``patch`` builds texture; ``auto`` takes for each hole what shows less.
    grow : int
        0..200, pixels by which the mask is widened.
    seed : int
        Same photo, mask, parameters and seed: same result.

    Returns
    -------
    Erasure

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.

    References
    ----------
    He and Sun 2012, "Statistics of patch offsets for image completion"; Barnes et al. 2009, "PatchMatch"; Newson et al.
    2014, "Video inpainting of complex scenes"; Pérez et al. 2003, "Poisson image editing".
    """
    return run(photo, mask, checked(EraseParams, {"method": method, "grow": grow, "seed": seed}))


def run(
    photo: Photo, mask: Photo, params: EraseParams, progress: Callable[[float], None] = lambda _: None
) -> Erasure:
    """`erase` with parameters that are already checked; `progress` hears 0..1."""
    weight = removal(photo, mask, params.grow)
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

        colors, engine = _fill(photo.pixels, known, hole, params, heard)
        _put(pixels, weight, hole, colors)
        box = hole.box
        filled.append(Filled((box.left, box.top, box.size[1], box.size[0]), engine))
        done += hole.box.area
    progress(1.0)
    return Erasure(replace(photo, pixels=pixels), tuple(filled))


def _fill(
    pixels: Pixels, known: Flags, hole: Hole, params: EraseParams, progress: Callable[[float], None]
) -> tuple[np.ndarray, str]:
    """New colours for the box of a hole (h, w, 3) float32, and what made them."""
    window = hole.window
    if not known[window.slices].any():  # nothing near: look at the whole photo
        window = Box(0, 0, pixels.shape[0], pixels.shape[1])
    inside = np.zeros(window.size, bool)
    inside[hole.box.within(window).slices] = hole.flags
    ground = Ground(pixels[window.slices], known[window.slices], inside)
    scene = Scene.of(pixels[window.slices], ground.known, inside, _proxy_size(inside))
    field, engine = best_field(scene, params, lambda part: progress(0.6 * part))
    if field is None:
        still = np.zeros(window.size, np.int32)
        field = repair(ground, Field(still, still))
    elif scene.size == window.size:
        field = repair(ground, field)
    else:
        field = tidy(ground, enlarge(field, scene.hole, ground), 2)
    progress(0.8)
    return levelled(ground, field, hole.box.within(window).slices), engine


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
