"""Lightness as the network should see it: without the damage of a scan, and not faded. The photo keeps its own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.find import found_in
from tinct.imaging.damage.mend import mended
from tinct.imaging.tone import Tone
from tinct.photo.color import lightness_to_srgb
from tinct.photo.resize import fit_size, resize

__all__ = ["lightness_seen"]

Array = NDArray[np.float32]

_SIDE = 384  # pixels at which damage is looked for; what is too thin to be seen there misleads no network


def lightness_seen(lab: Array, tone: Tone) -> Array:
    """What the network is shown.

    Parameters
    ----------
    lab : ndarray, (h, w, 3), float32
        CIELAB of a proxy.
    tone : str
        What the photo is; one in colour is no old scan.

    Returns
    -------
    ndarray, (h, w), float32
        L*, 0..100.
    """
    light = np.ascontiguousarray(lab[..., 0])
    return _stretched(light if tone == "color" else _mended(light))


def _mended(light: Array) -> Array:
    """Without scratches, dust and spots."""
    small = resize(light, fit_size(light.shape[0], light.shape[1], _SIDE))
    rgb = lightness_to_srgb(small)
    damaged = found_in(rgb)
    if not damaged.any():
        return light
    wide = cv2.dilate(damaged.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if wide.all():
        return light
    filled = mended(
        np.rint(small * np.float32(255 / 100)).astype(np.uint8)[..., None].repeat(3, axis=2), wide
    )
    made = resize(filled[..., 0].astype(np.float32) * np.float32(100 / 255), light.shape)
    share = resize(wide.astype(np.float32), light.shape)
    return np.asarray(light + (made - light) * share, np.float32)


def _stretched(light: Array) -> Array:
    """With the contrast that faded restored."""
    dark, bright = np.percentile(light, (1, 99))
    if bright - dark < 1:
        return light
    # at most what a badly faded print needs; nearly flat photos stay calm
    span = min(100 / (bright - dark), 1.6)
    if span < 1.15:
        return light
    middle = (dark + bright) / 2
    stretched = (light - middle) * span + np.clip(middle, 45, 60)
    return np.asarray(np.clip(stretched, 0, 100), np.float32)
