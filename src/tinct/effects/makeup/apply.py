"""Put a change of makeup on the photo itself: its own texture stays, only colours are multiplied."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.makeup.change import Change
from tinct.faces.face import Face
from tinct.faces.flat import spread
from tinct.faces.light import logs
from tinct.faces.lips import between, outline, softness
from tinct.faces.mouth import reached
from tinct.faces.points import LIPS_RING
from tinct.faces.regions import Window, filled
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["SEEN", "applied", "part_of"]

Array = NDArray[np.float32]

SEEN: Final = 900
"""Longer side, in pixels, of the copy of a face on which changes are computed: they are smooth, and then enlarged."""
_GLOSS: Final = 0.45  # how much lighter than the lips highlights are, in which lipstick shows less
_LIP: Final = 0.16  # how coarse the colour of either lip is seen, of the root of the lips' area
_COVERS, _LEVELS, _SHADED = 0.7, 0.7, 0.15
"""Shares of their own hue, and of how light they are beyond what light and shade make, that pigment covers: a pale
lower lip beside a dark upper one would shine."""
_PLAIN: Final = 0.5  # change of a channel from which on lips are wholly covered
_SOFT: Final = 1.2  # pixels over which lipstick ends at least: photos of small faces are no sharper
# Share of the softened lips up to which nothing is painted, so that it ends within them
_INWARDS: Final = 0.3
_OWN: Final = 0.75  # softness of lipstick's border, of what the lips' own is measured to be
_CORNER: Final = 0.15  # of the mouth's width: how far from a corner lips are thin
_CRISPER: Final = 0.35  # most by which the texture of lips that grow darker is strengthened
_FINE: Final = 0.08  # how coarse texture is, of the root of the lips' area
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LEAST: Final = 1e-4  # changes below it leave pixels as they are


def part_of(photo: Photo, part: Window) -> Array:
    """The pixels of a window in sRGB, (h, w, 3) float32, 0..1 within its gamut."""
    return profile_to_srgb(np.ascontiguousarray(photo.pixels[part.slices]), photo.icc)


def applied(photo: Photo, face: Face, part: Window, change: Change, hidden: Array) -> Photo:
    """The photo with the change on one face.

    Parameters
    ----------
    photo : Photo
    face : Face
    part : Window
        Holds the face.
    change : Change
    hidden : ndarray, (SIDE, SIDE), float32
        What hides the face, on the flattened face: those pixels stay.
    """
    rgb = part_of(photo, part)
    height, width = rgb.shape[:2]
    scale = min(1.0, SEEN / max(height, width))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    points = face.points.copy()
    points[:, :2] = (points[:, :2] - [part.left, part.top] + 0.5) * scale - 0.5
    points[:, 2] *= scale
    free = (1 - np.clip(1.5 * hidden, 0, 1))[..., None]
    both = np.concatenate([change.field * free, free], axis=2)
    laid, _ = spread(both, points, size)  # (h', w', 4)
    laid = np.asarray(cv2.GaussianBlur(laid, (0, 0), max(0.6, 0.5 * face.width * scale / 400)), np.float32)
    if scale < 1:
        laid = np.asarray(cv2.resize(laid, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    field = laid[..., :3] + _on_lips(rgb, face, part, change) * np.clip(laid[..., 3:], 0, 1)
    made = np.exp(field) * srgb_to_linear(rgb)
    out = photo.pixels.copy()
    changed = np.abs(field).max(axis=-1) > _LEAST
    full = np.iinfo(out.dtype).max
    levels = np.rint(np.clip(srgb_to_profile(linear_to_srgb(np.clip(made, 0, 1)), photo.icc), 0, 1) * full)
    out[part.slices][changed] = levels.astype(out.dtype)[changed]
    return photo.with_pixels(out)


def _on_lips(rgb: Array, face: Face, part: Window, change: Change) -> Array:
    """The change of lips at each pixel; highlights take less of the hue."""
    if change.lips_density <= 0:
        return np.zeros_like(rgb)
    every = logs(rgb)
    mask, inner = _worn_on(every, reached(every, face.points - [part.left, part.top, 0]), face.width)
    broad = _broad(every, mask) - _median(every[inner])
    light = broad.mean(axis=-1, keepdims=True)
    above = (every - _median(every[inner]) - np.clip(broad, 0, None)).mean(axis=-1)
    shine = np.clip((above - _GLOSS) / 0.8, 0, 1)[..., None]
    hue, mean = change.lips - change.lips.mean(), change.lips.mean()
    worn = hue * (1 - 0.55 * shine) + mean * (1 - 0.5 * shine)
    shown = min(float(np.abs(change.lips).max()) / _PLAIN, 1.0)
    level = _COVERS * np.clip(broad - light, -0.3, 0.3) + _LEVELS * np.clip(light - _SHADED, 0, None)
    worn = worn - shown * level + _texture(every, change, mask)[..., None]
    return np.asarray(worn * (change.lips_density * mask)[..., None], np.float32)


def _broad(every: Array, mask: Array) -> Array:
    """The lips' colour at the size of a lip, without what is beside them."""
    wide = max(2.0, _LIP * float(np.sqrt(mask.sum())))
    weight = mask[..., None] + np.float32(1e-4)
    total = cv2.GaussianBlur(weight, (0, 0), wide)[..., None]
    return np.asarray(cv2.GaussianBlur(every * weight, (0, 0), wide) / total, np.float32)


def _texture(every: Array, change: Change, mask: Array) -> Array:
    """What makes the fine light and shade of lips as strong to the eye as before though they grow darker.

    Lightness L* goes with the cube root of luminance Y, so that factors of it count as Y**(1/3).
    """
    before, after = (
        float(np.exp(_median(every[mask > 0.8]) + worn) @ _LUMINANCE) for worn in (0, change.lips)
    )
    gain = min(max(before / max(after, 1e-6), 1.0) ** (1 / 3) - 1, _CRISPER)
    light = every.mean(axis=-1)
    wide = max(2.0, _FINE * float(np.sqrt(mask.sum())))
    weight = mask + np.float32(1e-3)
    around = cv2.GaussianBlur(light * weight, (0, 0), wide) / cv2.GaussianBlur(weight, (0, 0), wide)
    return np.asarray(gain * np.clip(light - around, -0.4, 0.4), np.float32)


def _worn_on(every: Array, points: NDArray[np.float64], width: float) -> tuple[Array, NDArray[np.bool_]]:
    """How much lipstick each pixel takes, 0..1, as soft at the border as the photo's own lips; and what is surely lip.

    Towards the corners lips are too thin to end within themselves: there all of them is painted.
    """
    mouth = between(every, points)
    mask = filled([outline(every, points)], mouth.shape)
    inner = mask - mouth > 0.8
    soft = float(np.clip(_OWN * softness(every, points), max(_SOFT, width / 220), width / 100))
    mask, mouth = (np.asarray(cv2.GaussianBlur(one, (0, 0), soft), np.float32) for one in (mask, mouth))
    rows, columns = np.indices(mask.shape)
    ends = points[[LIPS_RING[0], LIPS_RING[10]], :2]
    away = np.minimum(*(np.hypot(columns - x, rows - y) for x, y in ends))
    near = np.clip(1 - away / (_CORNER * np.linalg.norm(ends[1] - ends[0])), 0, 1).astype(np.float32)
    within = np.float32(_INWARDS) * (1 - near)
    whole = np.float32(0.9) - np.float32(0.4) * near
    mask = np.clip((mask - within) / (whole - within), 0, 1) * (1 - mouth)
    return np.asarray(mask, np.float32), inner


def _median(colors: Array) -> Array:
    return np.asarray(np.median(colors, axis=0) if len(colors) else np.zeros(3), np.float32)
