"""Restore a scan: find its damage, fill it, and bring back tones that faded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import OfOnePhoto, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Role, Rounded
from tinct.effects.restore.levels import levels_of
from tinct.errors import ParameterError
from tinct.imaging.damage.find import NETWORKS, found_in
from tinct.imaging.damage.mend import mended
from tinct.imaging.fill.mask import removal
from tinct.imaging.sample import seen
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["Restoration", "restore"]

Flags = NDArray[np.bool_]
Level = Literal["auto", "on", "off"]
Condition = Literal["auto", "worn", "sound"]

_SIDE = 1280  # pixels of the copy on which damage is looked for
_TONES = 512  # of the one on which tones are judged
_OLD = 0.02  # share of damaged pixels from which a photo without colours is an old print, whose tones are levelled


@dataclass(frozen=True, eq=False)
class Restoration:
    """What `restore` gives back."""

    photo: Photo
    """The photo restored; where nothing was found its pixels are those of the source."""
    mask: Annotated[Photo, Role("mask")]
    """White where damage was found, or given; black elsewhere."""
    damaged: Annotated[float, Rounded(5)]
    """Share of the pixels that were filled."""
    levelled: bool
    """Whether fading or yellowing was taken back."""


@effect(title="Restore", engines={"found": NETWORKS}, label="restored")
def restore(
    photo: Annotated[
        Photo, Field(description="A scan or photo of an old print or negative; depth and profile stay.")
    ],
    mask: Annotated[
        Photo | None,
        OfOnePhoto(),
        Field(
            description="A grey picture of the same size, white where it is damaged, in place of what would be found."
        ),
    ] = None,
    *,
    sensitivity: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="How readily something is held for damage: 0 finds nothing, above 0.5 wires and twigs may go.",
        ),
    ] = 0.5,
    condition: Annotated[
        Condition,
        Field(
            description="Whether it is a worn print: worn says that it is creased, scratched or dusty, and all that "
            "looks so goes, now and then a line of the photo too; sound leaves what is doubtful; auto tells by itself."
        ),
    ] = "auto",
    level: Annotated[
        Level,
        Field(
            description="Faded tones and the tint of yellowed and sepia prints: auto takes them back where the photo "
            "is of one warm tint and faded or damaged, or grey and damaged; on where there are any; off leaves them."
        ),
    ] = "auto",
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Restoration:
    """Repair scratches, cracks, folds, dust and spots of old photos and level fading; grain and a clean photo stay.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    ModelError
        The weights are missing or damaged.

    References
    ----------
    Guleryuz 2006, "Nonlinear approximation based image recovery using adaptive sparse reconstructions and iterated
    denoising"; Tu 2008, "Auto-context and its application to high-level vision tasks"; He and Sun 2012, "Statistics of
    patch offsets for image completion".
    """
    damaged = _given(photo, mask) if mask is not None else _found(photo, sensitivity, condition)
    progress(0.4)
    pixels = mended(photo.pixels, damaged, seed=seed, progress=lambda part: progress(0.4 + 0.5 * part))
    made = replace(photo, pixels=pixels)
    share = float(damaged.mean())
    levelled = False
    if level != "off":
        rgb = np.clip(made.proxy(_TONES), 0, 1)
        levels = levels_of(rgb, seen(made, rgb.shape[:2]))
        worn = share > _OLD
        # a tint over tones from black to white was meant
        old = worn if levels.tone == "gray" else levels.yellowed and (worn or levels.faded)
        levelled = levels.needed and (level == "on" or old)
        if levelled:
            made = replace(made, pixels=levels.apply(made))
    progress(1.0)
    white = np.where(damaged, np.uint8(255), np.uint8(0))
    shown = Photo(np.repeat(white[..., None], 3, axis=2), gray=True, format="png")
    return Restoration(made, shown, share, levelled)


def _given(photo: Photo, mask: Photo) -> Flags:
    damaged = np.asarray(removal(photo, mask) > 127)
    if photo.alpha is not None and not (~damaged & (photo.alpha > 0)).any():
        raise ParameterError("mask", "every pixel that is not transparent", "some of them left black")
    return damaged


def _found(photo: Photo, sensitivity: float, condition: Condition) -> Flags:
    """Damage at the photo's own size, with the soft rim that it has there."""
    size = photo.height, photo.width
    rgb = np.clip(photo.proxy(_SIDE), 0, 1)
    small = found_in(rgb, sensitivity, worn=None if condition == "auto" else condition == "worn")
    if photo.alpha is not None:
        small &= seen(photo, small.shape)
    if not small.any() or small.all():
        return np.zeros(size, np.bool_)
    rim = cv2.dilate(small.astype(np.uint8), np.ones((3, 3), np.uint8))
    if rim.shape == size:
        return np.asarray(rim > 0)
    return np.asarray(resize(rim.astype(np.float32), size) > 0.25)
