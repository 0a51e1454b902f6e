"""What stands behind the subject: a colour, a gradient, another photo, or the photo itself out of focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.palette import from_hex
from tinct.photo.color import linear_to_srgb, profile_to_srgb, srgb_to_linear, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["blurred", "covering", "gradient"]

Array = NDArray[np.float32]

_LENS: Final = 1 / 20  # of the longer side: diameter of the disc at full amount
_SIDE: Final = 1200  # longer side at which a background is blurred
_STEPS: Final = (0.45, 0.7, 1.0)  # of the lens, from beside the subject to far from it
_FAR: Final = 0.25  # of the longer side: distance from the subject at which the lens is full
_BRIGHT: Final = (0.75, 1.0)  # linear light between which highlights bloom
_BLOOM: Final = 3.0


def gradient(colors: Sequence[str], size: tuple[int, int], icc: bytes | None) -> Array:
    """A colour, or two from top to bottom, in the photo's own encoding: (h, 1, 3) to be spread over the width."""
    ends = srgb_to_linear(from_hex(colors))  # (1 or 2, 3)
    share = np.linspace(0, 1, size[0], dtype=np.float32)[:, None]
    mixed = ends[0] * (1 - share) + ends[-1] * share
    return srgb_to_profile(linear_to_srgb(mixed), icc)[:, None]


def covering(backdrop: Photo, size: tuple[int, int], icc: bytes | None) -> Array:
    """Another photo, cut to shape and scaled to `size` (h, w), in the first one's encoding."""
    height, width = size
    scale = max(height / backdrop.height, width / backdrop.width)
    tall, wide = min(round(height / scale), backdrop.height), min(round(width / scale), backdrop.width)
    top, left = (backdrop.height - tall) // 2, (backdrop.width - wide) // 2
    part = profile_to_srgb(backdrop.pixels[top : top + tall, left : left + wide], backdrop.icc)
    return np.clip(resize(srgb_to_profile(np.clip(part, 0, 1), icc), size), 0, 1)


def blurred(back: Array, alpha: Array, amount: float) -> Array:
    """The background out of focus.

    Parameters
    ----------
    back : ndarray, (h, w, 3), float32
        The background's own colours, encoded, 0..1; where the subject is they are a guess.
    alpha : ndarray, (h, w), float32
        The subject, which does not take part.
    amount : float
        0..1.

    Returns
    -------
    ndarray, (h', w', 3), float32
        Of at most `_SIDE` pixels; blurred pictures need no more.
    """
    scale = min(1.0, _SIDE / max(alpha.shape))
    size = tuple(max(1, round(side * scale)) for side in alpha.shape)
    light, seen = srgb_to_linear(resize(back, (size[0], size[1]))), 1 - resize(alpha, (size[0], size[1]))
    low, high = _BRIGHT
    bright = np.clip((light.max(axis=-1, keepdims=True) - low) / (high - low), 0, 1)
    light = light * (1 + _BLOOM * bright**2)
    weight = np.maximum(seen, np.float32(1e-3))[..., None]
    lens = amount * _LENS * max(size)
    layers = [_disc(light * weight, lens * step) / _disc(weight, lens * step) for step in _STEPS]
    far = _from_subject(seen, max(size))[..., None] * (len(layers) - 1)
    made = layers[0]
    for number, layer in enumerate(layers[1:]):
        made = made + (layer - made) * np.clip(far - number, 0, 1)
    return linear_to_srgb(np.clip(made, 0, 1)).astype(np.float32)


def _disc(plane: Array, diameter: float) -> Array:
    """The mean over a disc."""
    size = max(1, round(diameter)) | 1
    if size < 3:
        return plane
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.float32)
    out = cv2.filter2D(plane, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(out, np.float32).reshape(plane.shape)


def _from_subject(seen: Array, longest: int) -> Array:
    """0 beside the subject, 1 far from it."""
    outside = (seen > 0.5).astype(np.uint8)
    if not outside.any() or outside.all():
        return np.ones_like(seen)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
    return np.asarray(np.clip(distance / (_FAR * longest), 0, 1), np.float32)
