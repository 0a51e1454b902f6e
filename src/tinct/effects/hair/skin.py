"""A head's own skin continued to where its hair hid it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.hair.soft import blurred, grown, shrunk
from tinct.effects.hair.worn import Worn, around, bare_face
from tinct.imaging.hair.hair import Hair
from tinct.photo.resize import resize
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["own_skin"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
_SMALL: Final = 64.0  # width of the face in pixels of the copy on which skin is continued
_ROUNDS: Final = 300
_SHADED: Final = 0.4  # share of the reference's shading that the continued skin follows
_SHADE: Final = 0.3  # most shading either way, in natural logarithms of light
_SHADOW: Final = 0.12  # skin so much darker than the skin around it lies in the hair's shadow
_DARK: Final = np.float32(0.01)
_BANDS: Final = ((0.0, 1.2), (1.2, 4.0))  # deviations in pixels between which grain is matched


def own_skin(hair: Hair, worn: Worn, gone: Flags, seed: int) -> Array:
    """The head's skin where it is seen, continued smoothly to where it is not, with its grain; (h, w, 3) sRGB.

    Light and colour solve Laplace's equation between the sure skin around, in logarithms of light; of the reference
    comes a part of the shading alone (Pérez, Gangnet, Blake: Poisson image editing, 2003).

    Parameters
    ----------
    hair : Hair
        The wearer.
    worn : Worn
        The reference's hair and skin on it.
    gone : ndarray, (h, w), bool
        What is no skin of the wearer's to begin from.
    seed : int
        Of the grain.
    """
    width, shape = hair.frame.width, hair.matte.shape
    light = np.log(srgb_to_linear(np.clip(hair.rgb, 0, 1)) + _DARK)
    sure = bare_face(hair, shape) * ~gone
    sure = sure * ((light - around(light, sure, 0.12 * width)) @ _LUMA > -_SHADOW)
    sure = shrunk(sure, 0.012 * width)
    if sure.sum() < 50:
        return worn.skin
    shade = _shading(worn, width)
    scale = min(1.0, _SMALL / width)
    size = (max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale)))
    known = resize(sure, size)
    wanted = resize((light - shade[..., None]) * sure[..., None], size) / np.maximum(known, 1e-3)[..., None]
    start = resize(around(light - shade[..., None], sure, 0.05 * width), size)
    smooth = _harmonic(np.asarray(wanted, np.float32), known > 0.5, start)
    made = np.exp(resize(smooth, (shape[0], shape[1])) + shade[..., None]) - _DARK
    rgb = linear_to_srgb(np.clip(made, 0, 1).astype(np.float32))
    return np.asarray(rgb + _grain(hair.rgb, sure > 0.9, seed)[..., None], np.float32)


def _shading(worn: Worn, width: float) -> Array:
    """The reference's shading of sure skin away from its hair, (h, w), in logarithms of light around their middle."""
    clear = (worn.bare > 0.95) & (grown(worn.opacity > 0.05, 0.06 * width) < 0.5)
    light = np.log(srgb_to_linear(np.clip(worn.skin, 0, 1)) + _DARK)
    if clear.sum() < 50:
        return np.zeros_like(worn.opacity)
    flat = around(light, clear.astype(np.float32), 0.1 * width) @ _LUMA
    flat = blurred(np.clip(flat - np.median(light[clear] @ _LUMA), -_SHADE, _SHADE), 0.06 * width)
    return np.asarray(_SHADED * flat, np.float32)


def _harmonic(values: Array, known: Flags, start: Array) -> Array:
    """Laplace's equation with what is known on its border, by relaxation from a start near the solution."""
    field = np.where(known[..., None], values, start).astype(np.float32)
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(_ROUNDS):
        field = np.where(
            known[..., None], values, cv2.filter2D(field, -1, cross, borderType=cv2.BORDER_REFLECT)
        )
    return np.asarray(field, np.float32)


def _grain(rgb: Array, sure: Flags, seed: int) -> Array:
    """Noise with the strength of the sure skin's own in two bands, (h, w)."""
    light = rgb @ _LUMA
    noise = np.random.default_rng(seed).normal(0, 1, light.shape).astype(np.float32)
    made = np.zeros_like(light)
    for low, high in _BANDS:
        own, drawn = (_band(picture, low, high) for picture in (light, noise))
        strength = 1.48 * float(np.median(np.abs(own[sure])))
        made += drawn * min(strength, 0.02) / float(drawn.std())
    return made


def _band(picture: Array, low: float, high: float) -> Array:
    fine = cv2.GaussianBlur(picture, (0, 0), low) if low else picture
    return np.asarray(fine - cv2.GaussianBlur(picture, (0, 0), high), np.float32)
