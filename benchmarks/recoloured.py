"""The colours of a made-up face on the photo's own lines: what tells a picture that moves from one that is recoloured.

A network that finds faces answers to colours too, so that points of a made-up face lie elsewhere though nothing moved.
Here one colour is laid over the photo's own lips, as softly as they end, and what else changes is laid on so smoothly
that it has no lines: no line of the photo can move. What a mesh makes of this picture is its answer to colour; how far
the mesh of the made-up photo lies from it is what makeup moves.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.makeup.apply import part_of
from tinct.effects.makeup.worn import DARK, logs
from tinct.faces.face import Face
from tinct.faces.lips import between, outline, softness
from tinct.faces.mouth import reached
from tinct.faces.regions import filled, window
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb

__all__ = ["recoloured"]

_SMOOTH: Final = 3.0  # pixels of a face 400 pixels wide: blur of what changes beside the lips
_LEAST: Final = 0.5  # pixels, softness of lips of which none is known


def recoloured(face: Face, before: Photo, after: Photo) -> Photo:
    """`before` in the colours of `after`, an 8-bit photo of the same face made up."""
    part = window(face)
    light, painted = (logs(part_of(photo, part)) for photo in (before, after))
    points = reached(light, face.points - [part.left, part.top, 0])
    ring, mouth = filled([outline(light, points)], light.shape[:2]), between(light, points)
    change = painted - light
    core = cv2.erode((ring - mouth > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    lips = np.median(change[core], axis=0)
    soft = max(_LEAST, softness(light, points))
    share = (_blurred(ring, soft) * (1 - _blurred(mouth, soft)))[..., None]
    rest = cv2.erode(1 - ring, np.ones((3, 3), np.uint8))[..., None]
    sigma = _SMOOTH * face.width / 400
    smooth = _blurred(change * rest, sigma) / (_blurred(rest, sigma).reshape(rest.shape) + 0.02)
    change = smooth * (1 - share) + share * lips
    made = linear_to_srgb(np.clip(np.exp(light + change) - DARK, 0, 1).astype(np.float32))
    pixels = before.pixels.copy()
    levels = np.rint(made * 255).astype(pixels.dtype)
    pixels[part.slices] = np.where(
        np.abs(change).max(axis=-1, keepdims=True) > 1e-3, levels, pixels[part.slices]
    )
    return before.with_pixels(pixels)


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
