"""Extend by a generator: what lies beyond the borders is invented, and brought to the photo's tones at the seam."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.effect import Progress
from tinct.effects.extend import backdrop
from tinct.effects.extend.frame import Frame
from tinct.imaging.invention import invent, seen
from tinct.models.generators.port import Request
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo, Pixels

__all__ = ["PROMPT", "Continued", "continued"]

Array = NDArray[np.float32]

PROMPT: Final = "the same scene goes on beyond the edges of the photo, same light, same place"
"""What is asked for where nobody says anything else."""
_SMALL: Final = 192  # pixels of the longer side at which tones are compared
_REACH: Final = 0.08  # of the longer side: how far a difference of tones is carried outwards
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
    shift, unlike = _shift(made, source, share)
    most = np.float32(np.iinfo(begun.dtype).max)
    new = srgb_to_profile(np.clip(made + shift, 0, 1).astype(np.float32), core.icc) * most
    old = np.zeros_like(new)
    old[inside] = core.pixels
    mixed = np.rint(np.clip(new + (old - new) * share, 0, most)).astype(begun.dtype)
    mixed[inside] = np.where(share[inside] >= 1, core.pixels, mixed[inside])
    return Continued(mixed, found.facts.name, float(np.exp2(-unlike / _UNLIKE)))


def _shift(made: Array, source: Array, share: Array) -> tuple[Array, float]:
    """What brings the invented pixels to the photo's tones, fading away from the seam; and how unlike they were.

    Parameters
    ----------
    made, source : ndarray, (H, W, 3), float32
        0..1; `source` is the photo in its place.
    share : ndarray, (H, W, 1), float32
        Of the photo; the seam is where it is between 0 and 1.
    """
    height, width = made.shape[:2]
    scale = min(1.0, _SMALL / max(height, width))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    seam = ((share > 0) & (share < 1)).astype(np.float32)
    weight = cv2.resize(seam[..., 0], small, interpolation=cv2.INTER_AREA)[..., None]
    unlike = cv2.resize((source - made) * seam, small, interpolation=cv2.INTER_AREA)
    if not weight.any():
        return np.zeros((1, 1, 3), np.float32), 0.0
    sigma = max(0.5, _REACH * max(small))
    near = cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[..., None]
    carried = cv2.GaussianBlur(unlike, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    shift = carried / np.maximum(near, 0.25 * near.max())  # far from the seam there is less of it
    mean = float(np.abs(unlike).sum() / np.maximum(weight.sum() * 3, 1e-6))
    return np.asarray(cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR), np.float32), mean
