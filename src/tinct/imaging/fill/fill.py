"""Fill holes: find small where each pixel can be copied from, copy at full size, level the seams."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill import holes
from tinct.imaging.fill.completion import Method, complete
from tinct.imaging.fill.holes import Box, Hole
from tinct.imaging.fill.offset_field import Ground, OffsetField, icm, repair
from tinct.imaging.fill.poisson import poisson_blend
from tinct.imaging.fill.scene import Flags, Scene
from tinct.imaging.fill.upsampling import upsampled
from tinct.photo.photo import Pixels
from tinct.photo.resize import fit_size

__all__ = ["Filled", "fill"]

Weight = NDArray[np.uint8]

_SIDE = 640  # pixels, of the proxy of a hole and its surroundings
_LARGEST = 80_000  # pixels of a hole on its proxy; a larger hole is worked on smaller


@dataclass(frozen=True)
class Filled:
    """A hole that was filled."""

    box: tuple[int, int, int, int]
    """x, y, width, height in pixels."""
    engine: str
    """``shift``, ``patch``, ``shift+patch`` for parts of both, or ``nearest`` where too little was left for either."""


def fill(
    pixels: Pixels,
    weight: Weight,
    known: Flags,
    *,
    method: Method = "auto",
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[Pixels, tuple[Filled, ...]]:
    """Rebuild what is marked from what is known.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
    weight : ndarray, (H, W), uint8
        0 keeps a pixel, 255 replaces it, between them the two are mixed.
    known : ndarray, (H, W), bool
        Pixels that may be copied; none of them marked.
    method : str
        Who fills; see `complete`.
    seed : int
        Same seed, same result.
    progress : callable
        Hears 0..1.

    Returns
    -------
    ndarray, (H, W, 3), dtype of `pixels`
        Equal to `pixels` where the weight is 0.
    tuple of Filled
        From top to bottom.

    References
    ----------
    He and Sun 2012, "Statistics of patch offsets for image completion"; Barnes et al. 2009, "PatchMatch"; Newson et al.
    2014, "Video inpainting of complex scenes"; Pérez et al. 2003, "Poisson image editing".
    """
    found = holes.find(weight > 0)
    out = pixels.copy()
    total, done, filled = sum(hole.box.area for hole in found), 0, []
    for hole in found:
        share = hole.box.area / total

        def heard(part: float, done: float = done / total, share: float = share) -> None:
            progress(done + part * share)

        colors, engine = _fill(pixels, known, hole, method, seed, heard)
        _put(out, weight, hole, colors)
        box = hole.box
        filled.append(Filled((box.left, box.top, box.size[1], box.size[0]), engine))
        done += hole.box.area
    return out, tuple(filled)


def _fill(
    pixels: Pixels, known: Flags, hole: Hole, method: Method, seed: int, progress: Callable[[float], None]
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


def _put(pixels: Pixels, weight: Weight, hole: Hole, colors: np.ndarray) -> None:
    """Lay new colours over the hole, as far as the mask says."""
    top = np.iinfo(pixels.dtype).max
    window = pixels[hole.box.slices]
    share = weight[hole.box.slices][hole.flags][:, None].astype(np.float32) / 255
    old = window[hole.flags].astype(np.float32)
    new = old + (colors[hole.flags] - old) * share
    window[hole.flags] = np.rint(np.clip(new, 0, top)).astype(pixels.dtype)
