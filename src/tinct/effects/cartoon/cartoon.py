"""Cartoon: edges stay, what lies between them becomes even, tones fall into steps, and lines are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.cartoon.flow import lines as drawn_lines
from tinct.effects.choices import Strength
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.imaging.guided import smoothstep
from tinct.imaging.strips import by_strips, rows_of
from tinct.photo.color import clip_chroma, lab_to_srgb, srgb_to_lab, srgb_to_profile
from tinct.photo.photo import Photo, Pixels

__all__ = ["Cartoon", "cartoon"]

Array = NDArray[np.float32]

_SIDE = 1280  # pixels of the copy on which colours are evened and lines found
_TURNS = 5  # of the bilateral filter
_NEAR = 4.0  # pixels, its standard deviation at _SIDE
_TURNS_SKIN, _NEAR_SKIN, _APART_SKIN = 3, 3.0, 9.0  # on skin less: in shade an eye differs by a few L*
_LINE = 1.7  # pixels at _SIDE, half the width of a line
_FIRM = 1.1  # how fast a line becomes dark, by L*
_INK = 0.82  # of the lightness under it that the darkest line takes
_VIVID = 1.25  # times its chroma; skin gets less
_VIVID_SKIN = 1.0
# Of the borders of tones, by L*: soft where the photo is smooth, sharp at its edges
_STEEP, _STEEPEST = 0.5, 2.0
_STRIP = 1 << 17  # pixels that a thread works on at once
_STEEP_SKIN = 0.12  # there steps are hardly seen: skin in steps looks like mud


@dataclass(frozen=True, eq=False)
class Cartoon:
    """What `cartoon` gives back."""

    photo: Photo


@effect(title="Cartoon", label="cartoon")
def cartoon(
    photo: Annotated[Photo, Field(description="The photo to draw, in any depth and RGB profile; both stay.")],
    *,
    lines: Annotated[
        float, Field(ge=0, le=1, description="How dark and how many lines are; 0 draws none.")
    ] = 0.6,
    tones: Annotated[int, Field(ge=3, le=24, description="Steps of lightness from black to white.")] = 7,
    smoothness: Annotated[
        float, Field(ge=0, le=1, description="How much detail goes: 0 keeps most, 1 leaves large shapes.")
    ] = 0.5,
    strength: Strength = 1.0,
    progress: Progress = unheard,
) -> Cartoon:
    """Draw a photo: even colours, few tones and clean lines, at its own size; skin keeps its shading.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.

    References
    ----------
    Winnemöller, Olsen and Gooch 2006, "Real-time video abstraction"; Kang, Lee and Chui 2007, "Coherent line drawing".
    """
    lab = srgb_to_lab(np.clip(photo.proxy(_SIDE), 0, 1))  # (h, w, 3)
    size = max(lab.shape[:2]) / _SIDE  # small photos have small shapes
    even = _evened(lab, 5.0 + 14.0 * smoothness, max(_NEAR * size, 1.5), _TURNS)
    progress(0.4)
    skin = _skin(even)
    if skin.any():
        fine = _evened(lab, 3.0 + _APART_SKIN * smoothness, max(_NEAR_SKIN * size, 1.2), _TURNS_SKIN)
        even += (fine - even) * skin[..., None]
    progress(0.5)
    line = drawn_lines(_evened(lab[..., 0], 6.0, 2.0, 2), max(_LINE * size, 0.8))
    line += np.float32(0.35 + 2.5 * (1 - lines))  # few lines: only what is clearly one
    steep = _steepness(even[..., 0], skin)
    progress(0.7)
    extra = np.stack([line, skin, steep], axis=2)
    size_full = photo.height, photo.width
    out = np.empty_like(photo.pixels)

    def strip(top: int, bottom: int) -> None:
        colors = rows_of(even, top, bottom - top, size_full)
        made = _inked(colors, rows_of(extra, top, bottom - top, size_full), lines, tones)
        out[top:bottom] = _mixed(photo.pixels[top:bottom], srgb_to_profile(made, photo.icc), strength)

    by_strips(strip, size_full, _STRIP)
    if photo.gray:
        out[:] = out.mean(axis=2, keepdims=True).round().astype(out.dtype)
    progress(1.0)
    return Cartoon(replace(photo, pixels=out))


def _evened(lab: Array, apart: float, near: float, turns: int) -> Array:
    """Bilateral filter, repeated: what differs by less than `apart` (CIELAB units) becomes one."""
    even = np.ascontiguousarray(lab)
    reach = 2 * round(1.5 * near) + 1
    for _ in range(turns):
        even = np.asarray(cv2.bilateralFilter(even, reach, apart, near), np.float32)
    return even


def _skin(lab: Array) -> Array:
    """How like anybody's skin the colours are, 0..1: the hue of blood and melanin at any lightness."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    like = smoothstep(chroma, 5, 11) * (1 - smoothstep(chroma, 62, 78))
    like *= smoothstep(hue, 5, 25) * (1 - smoothstep(hue, 75, 88)) * smoothstep(lab[..., 0], 15, 25)
    return np.asarray(cv2.GaussianBlur(like, (0, 0), 5.0), np.float32)


def _steepness(light: Array, skin: Array) -> Array:
    """How sharp the borders of tones are: sharp where the photo has an edge, soft where it fades."""
    slope = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)) / 8
    edge = smoothstep(np.asarray(cv2.GaussianBlur(slope, (0, 0), 2.0), np.float32), 0.2, 2.0)
    steep = _STEEP + (_STEEPEST - _STEEP) * edge
    return np.asarray(steep + (_STEEP_SKIN - steep) * skin, np.float32)


def _inked(lab: Array, extra: Array, lines: float, tones: int) -> Array:
    """sRGB (h, w, 3) of evened colours with their line, skin and steepness (h, w, 3)."""
    line, skin, steep = (extra[..., k] for k in range(3))
    out = lab.copy()
    step = np.float32(100 / tones)
    middle = (np.floor(lab[..., 0] / step) + np.float32(0.5)) * step
    # tanh reaches the borders of a step only where it is steep: scaled by them, lightness stays in order
    reach = np.tanh(steep * step / 2)
    out[..., 0] = middle + step / 2 * np.tanh(steep * (lab[..., 0] - middle)) / reach
    out[..., 0] += (lab[..., 0] - out[..., 0]) * skin * np.float32(0.7)
    ink = np.clip(-line * np.float32(_FIRM), 0, None)
    out[..., 0] *= 1 - np.float32(_INK * min(1.0, 2 * lines)) * np.tanh(ink)
    out[..., 1:] *= (_VIVID + (_VIVID_SKIN - _VIVID) * skin)[..., None]
    return lab_to_srgb(clip_chroma(out, steps=8))


def _mixed(source: Pixels, made: Array, strength: float) -> Pixels:
    top = np.float32(np.iinfo(source.dtype).max)
    if strength == 0:
        return source
    seen = source.astype(np.float32)
    seen += (np.clip(made, 0, 1) * top - seen) * np.float32(strength)
    out: Pixels = np.rint(seen).astype(source.dtype)  # type: ignore[assignment]
    return out
