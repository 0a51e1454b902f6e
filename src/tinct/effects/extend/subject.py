"""What must never be copied: people, and whatever stands out from the photo's rim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.people import find_people
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = ["Kept", "find"]

Flags = NDArray[np.bool_]

_SIDE: Final = 160  # longer side at which colours are held against the rim's
_RIM: Final = 0.05  # of the longer side
_COLORS: Final = 400  # of the rim, that are compared
_UNLIKE: Final = 7.0  # CIELAB distance from all of them
_LEAST, _MOST = 0.015, 0.5  # shares of the photo that a thing has
_TOUCHES: Final = 0.06  # share of the rim that it may touch
_PERSON: Final = 40  # of 255: matte above which a pixel is a person's
_WIDER: Final = 0.012  # of the longer side, by which people are widened
_FEW: Final = 0.002  # share of the photo below which people do not count


@dataclass(frozen=True, eq=False)
class Kept:
    """What is not copied."""

    flags: Flags
    """(H, W)."""
    people: Flags | None
    """(H, W), those of people, not widened; None where nobody was found."""


def find(photo: Photo) -> Kept:
    """Find people and things that stand out."""
    height, width = photo.height, photo.width
    flags = np.zeros((height, width), bool)
    people = None
    found = find_people(photo) if min(height, width) >= 32 else None
    if found is not None and found.share >= _FEW:
        people = found.full(photo) > _PERSON
        reach = 2 * round(_WIDER / 2 * max(height, width)) + 1
        flags |= cv2.dilate(people.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    thing = _standing_out(photo)
    if thing is not None:
        flags |= thing
    return Kept(flags, people)


def _standing_out(photo: Photo) -> Flags | None:
    """What is unlike every colour of the rim; None where that is no compact thing away from it."""
    small = shrink(photo.pixels, _SIDE).astype(np.float32) / np.float32(np.iinfo(photo.pixels.dtype).max)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    rim = max(1, round(_RIM * max(lab.shape[:2])))
    inner = np.ones(lab.shape[:2], bool)
    inner[:rim], inner[-rim:], inner[:, :rim], inner[:, -rim:] = False, False, False, False
    colors = lab[~inner]
    colors = colors[:: max(1, len(colors) // _COLORS)]  # (n, 3)
    far = np.linalg.norm(lab.reshape(-1, 1, 3) - colors, axis=-1).min(axis=1).reshape(lab.shape[:2])
    thing = np.asarray(cv2.GaussianBlur(far, (0, 0), 1) > _UNLIKE, np.uint8)
    thing = np.asarray(cv2.morphologyEx(thing, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
    edge = np.concatenate([thing[0], thing[-1], thing[:, 0], thing[:, -1]])
    if not _LEAST < thing.mean() < _MOST or edge.mean() > _TOUCHES:
        return None
    size = photo.width, photo.height
    return np.asarray(
        cv2.resize(cv2.dilate(thing, np.ones((5, 5), np.uint8)), size, interpolation=cv2.INTER_NEAREST) > 0
    )
