"""What a generator invented inside a mask, set into the photo: as bright as what lies around it, and as grainy."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.grain import grain_of
from tinct.imaging.invention import Invention, invent, seen, shown
from tinct.imaging.seam import missed_light
from tinct.models.generators.port import Progress, Request
from tinct.photo.photo import Photo

__all__ = ["repaint", "with_grain"]

Array = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_AROUND: Final = 0.5  # of the mask's longer side: what the generator sees of the photo on each side
_LEAST: Final = 32  # pixels of it
_RIM: Final = 0.04  # of the crop's shorter side: the rim of the mask in which light is compared


def repaint(photo: Photo, weight: Bytes, request: Request, progress: Progress) -> tuple[Array, Invention]:
    """Invent what a mask covers.

    Parameters
    ----------
    photo : Photo
    weight : ndarray, (H, W), uint8
        0 keeps; whatever is above it is invented.
    request : Request
        Prompt and numbers; size, picture and mask come from here.
    progress : callable

    Returns
    -------
    ndarray, (H, W, 3), float32
        Colours in the photo's profile, 0..1: invented inside the mask, the photo's own elsewhere.
    Invention
        What was made.
    """
    top, bottom, left, right = _window(weight)
    part = np.s_[top:bottom, left:right]
    most = np.float32(np.iinfo(photo.pixels.dtype).max)
    own = photo.pixels.astype(np.float32) / most
    inside = weight[part] > 0
    crop = replace(photo, pixels=photo.pixels[part], alpha=None)
    made = invent(
        Request(
            prompt=request.prompt,
            negative=request.negative,
            size=inside.shape,
            picture=seen(crop),
            mask=inside.astype(np.uint8) * np.uint8(255),
            strength=request.strength,
            steps=request.steps,
            guidance=request.guidance,
            seed=request.seed,
        ),
        progress,
    )
    colors = shown(made.picture, photo.icc)
    colors = np.clip(colors + missed_light(own[part], colors, _rim(inside)), 0, 1)
    colors = with_grain(colors, own[part], inside, np.random.default_rng(request.seed))
    own[part] = np.where(inside[..., None], colors, own[part])
    return own, made


def with_grain(made: Array, own: Array, inside: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """What was made (h, w, 3), as noisy as the photo around it, where it is less so."""
    missing = grain_of(own, ~inside) ** 2 - grain_of(made) ** 2
    if missing <= 0:
        return made
    noise = rng.normal(0, missing**0.5, (*made.shape[:2], 1)).astype(np.float32)
    return np.asarray(np.clip(made + noise, 0, 1), np.float32)


def _window(weight: Bytes) -> tuple[int, int, int, int]:
    """Rows and columns that the generator sees: the mask with as much of the photo around it as tells what it is in."""
    rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
    longer = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    more = round(_AROUND * longer) + _LEAST
    height, width = weight.shape
    return (
        max(0, int(rows[0]) - more),
        min(height, int(rows[-1]) + 1 + more),
        max(0, int(columns[0]) - more),
        min(width, int(columns[-1]) + 1 + more),
    )


def _rim(inside: NDArray[np.bool_]) -> Array:
    """Where what was made can be held against the photo: 1 just outside the mask, whose inside nobody knows; (h, w).

    A generator gives the whole window, and what it gives around the mask shows its error.
    """
    reach = 2 * max(2, round(_RIM * min(inside.shape))) + 1
    near = cv2.dilate(inside.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    return (near & ~inside).astype(np.float32)
