"""Extend by a generator: what lies beyond the borders is invented, and brought to the photo's tones at the seam."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.effect import Progress
from tinct.effects.extend import backdrop
from tinct.effects.extend.frame import Frame
from tinct.imaging.invention import invent, seen
from tinct.imaging.seam import missed_light
from tinct.models.generators.port import Request
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo, Pixels

__all__ = ["PROMPT", "Continued", "continued"]

Array = NDArray[np.float32]

PROMPT: Final = "the same scene goes on beyond the edges of the photo, same light, same place"
"""What is asked for where nobody says anything else."""
_UNLIKE: Final = 0.06  # mean difference at the seam, of 0..1, that halves the confidence


@dataclass(frozen=True)
class Continued:
    """What came of it."""

    pixels: Pixels
    """The whole."""
    name: str
    """Of the generator."""
    confidence: float
    """0..1, by how well what was invented again at the seam agrees with the photo."""


def continued(core: Photo, frame: Frame, prompt: str, seed: int, progress: Progress) -> Continued:
    """Invent what lies around a photo.

    Parameters
    ----------
    core : Photo
        What is kept.
    frame : Frame
        What is added around it; not empty.
    prompt : str
        What is to be seen there; `PROMPT` where it is empty.

    Raises
    ------
    NoGeneratorError, GeneratorError
        As `tinct.imaging.invention.invent`.
    """
    begun = backdrop.behind(core.pixels, frame)
    share = np.zeros((*begun.shape[:2], 1), np.float32)  # of the photo
    inside = np.s_[frame.top : frame.top + core.height, frame.left : frame.left + core.width]
    share[inside] = backdrop.share((core.height, core.width), frame)
    found = invent(
        Request(
            prompt=prompt or PROMPT,
            size=(begun.shape[0], begun.shape[1]),
            picture=seen(replace(core, pixels=begun, alpha=None)),
            mask=(share[..., 0] < 1).astype(np.uint8) * np.uint8(255),
            seed=seed,
        ),
        progress,
    )
    made = found.picture.astype(np.float32) / np.float32(255)
    source = np.zeros_like(made)
    source[inside] = profile_to_srgb(core.pixels, core.icc)
    seam = ((share > 0) & (share < 1)).astype(np.float32)[..., 0]  # where both show the same thing
    unlike = float((np.abs(source - made).mean(axis=2) * seam).sum() / max(seam.sum(), 1))
    most = np.float32(np.iinfo(begun.dtype).max)
    new = (
        srgb_to_profile(np.clip(made + missed_light(source, made, seam), 0, 1).astype(np.float32), core.icc)
        * most
    )
    old = np.zeros_like(new)
    old[inside] = core.pixels
    mixed = np.rint(np.clip(new + (old - new) * share, 0, most)).astype(begun.dtype)
    mixed[inside] = np.where(share[inside] >= 1, core.pixels, mixed[inside])
    return Continued(mixed, found.facts.name, float(np.exp2(-unlike / _UNLIKE)))
