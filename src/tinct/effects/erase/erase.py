"""Remove what a mask covers: find small where each pixel can be copied from, copy at full size, level the seams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Role
from tinct.errors import ParameterError
from tinct.imaging.fill.completion import Method
from tinct.imaging.fill.fill import Filled, fill
from tinct.imaging.fill.mask import grown, removal
from tinct.imaging.fill.whole import completed
from tinct.photo.photo import Photo

__all__ = ["Erasure", "Filled", "erase"]


@dataclass(frozen=True, eq=False)
class Erasure:
    """What `erase` gives back."""

    photo: Photo
    """The photo without what the mask covers; outside the mask its pixels are those of the source."""
    holes: tuple[Filled, ...]
    """Holes from top to bottom, and what filled them."""
    mask: Annotated[Photo | None, Role("mask", format="png")] = None
    """With `complete`: white on what was removed."""


@effect(title="Object removal", engines={"shift": ("person",), "patch": ("person",)}, label="erased")
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
    complete: Annotated[
        bool,
        Field(
            description="Things that the mask covers in part go wholly, where their outline is clear; the mask that "
            "was used comes back too."
        ),
    ] = False,
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
    2014, "Video inpainting of complex scenes"; Pérez et al. 2003, "Poisson image editing"; Rother et al. 2004,
    "GrabCut".
    """
    weight = removal(photo, mask)
    weight = grown(completed(photo, weight) if complete else weight, grow)
    known = weight == 0
    if photo.alpha is not None:
        known &= photo.alpha > 0
        if not known.any():
            raise ParameterError("mask", "every pixel that is not transparent", "some of them left black")
    pixels, filled = fill(photo.pixels, weight, known, method=method, seed=seed, progress=progress)
    progress(1.0)
    used = Photo(np.repeat(weight[..., None], 3, axis=2), gray=True) if complete else None
    return Erasure(replace(photo, pixels=pixels), filled, used)
