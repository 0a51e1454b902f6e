"""Lay hair over the photo: light is mixed in linear light, and what no hair reaches stays as it is, to the bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.foreground import estimate, foreground
from tinct.imaging.hair.hair import Hair
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.resize import resize
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["Layer", "grain", "laid", "own_colors"]

Array = NDArray[np.float32]

_STRIP: Final = 256  # rows that are mixed at a time
_TAKEN: Final = np.array([0.92, 0.88, 0.78], np.float32)  # of red, green and blue in a full shadow
_LEAST: Final = 0.004  # opacity and shadow below it change nothing


@dataclass(frozen=True, eq=False)
class Layer:
    """Hair to lay over a head's part of the photo."""

    light: Array
    """(h, w, 3) linear light of the hair, not multiplied by its opacity."""
    opacity: Array
    """(h, w), 0..1."""
    shadow: Array | None = None
    """(h, w) how much of the light its shadow takes from what lies below, 0..1."""


def laid(photo: Photo, hair: Hair, layer: Layer) -> Photo:
    """The photo with the layer; its grain is the photo's."""
    rows, columns = hair.window.slices
    size = (rows.stop - rows.start, columns.stop - columns.start)
    light, opacity = resize(layer.light, size), resize(layer.opacity, size)
    shadow = resize(layer.shadow, size) if layer.shadow is not None else np.zeros(size, np.float32)
    touched = (opacity > _LEAST) | (shadow > _LEAST)
    if not touched.any():
        return photo
    out = photo.pixels.copy()
    full = np.iinfo(out.dtype).max
    for top in range(0, size[0], _STRIP):
        strip = slice(top, min(top + _STRIP, size[0]))
        if not touched[strip].any():
            continue
        there = out[rows, columns][strip]
        below = srgb_to_linear(profile_to_srgb(np.ascontiguousarray(there), photo.icc))
        below = below * (1 - shadow[strip][..., None] * _TAKEN)
        share = opacity[strip][..., None]
        made = linear_to_srgb(below * (1 - share) + light[strip] * share)
        levels = np.rint(np.clip(srgb_to_profile(made, photo.icc), 0, 1) * full)
        there[touched[strip]] = levels.astype(out.dtype)[touched[strip]]
    return photo.with_pixels(out)


def own_colors(hair: Hair, matte: Array) -> Array:
    """Linear light of the hair alone, (h, w, 3): without the background that shines through its edges."""
    front, back = estimate(hair.rgb, matte)
    size = (matte.shape[0], matte.shape[1])
    made = foreground(hair.rgb, matte[..., None], resize(front, size), resize(back, size))
    return srgb_to_linear(np.where(matte[..., None] > 0.02, made, resize(front, size)).astype(np.float32))


def grain(hair: Hair, seed: int) -> Array:
    """Noise as strong as the photo's own, (h, w), to add to sRGB values."""
    light = hair.rgb.mean(axis=2)
    strength = float(np.median(np.abs(light - cv2.GaussianBlur(light, (0, 0), 1.2)))) * 1.2
    noise = np.random.default_rng(seed).normal(0, np.clip(strength, 0.001, 0.012), light.shape)
    return np.asarray(noise, np.float32)
