"""Bare skin of people, told from clothes and hair by the colours of their own faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.face import Face
from tinct.faces.regions import Window, region
from tinct.imaging.guided import smoothstep
from tinct.photo.color import srgb_to_lab
from tinct.photo.resize import resize

__all__ = ["skin_of"]

Array = NDArray[np.float32]

_NEAR, _FAR = 2.5, 4.5  # distances, in spreads of a face's own colours, that are skin for certain and are not
# Least spread of L*, a*, b*, squared: skin lies in light and shadow
_FLOOR: Final = np.diag([60.0, 8.0, 8.0])
_LEAST: Final = 30  # pixels of skin from which its colours are known


def skin_of(matte: Array, rgb: Array, faces: Sequence[Face], size: tuple[int, int]) -> Array:
    """The part of a matte that is skin.

    Parameters
    ----------
    matte : ndarray, (h, w), float32
        People, 0..1.
    rgb : ndarray, (h, w, 3), float32
        The photo, sRGB 0..1.
    faces : sequence of Face
        In pixels of a copy of the photo of width and height `size`.
    size : tuple of int

    Returns
    -------
    ndarray, (h, w), float32
        0..1. Faces count whole, with eyes and lips. Regions without a face stay as they are: whose skin is not known
        is kept rather too much than too little.
    """
    height, width = matte.shape
    lab = srgb_to_lab(rgb)
    likeness, whole = np.zeros_like(matte), np.zeros_like(matte)
    part = Window(0, 0, *size)
    for face in faces:
        bare = resize(region(face, "skin", part), (height, width)) > 0.9
        whole = np.maximum(whole, resize(region(face, "oval", part), (height, width)))
        if bare.sum() >= _LEAST:
            likeness = np.maximum(likeness, _like(lab, lab[bare]))
    _, regions = cv2.connectedComponents((matte > 0.1).astype(np.uint8), connectivity=8)
    known = np.isin(regions, np.unique(regions[whole > 0.5]))
    skin = np.maximum(np.where(known, likeness, np.float32(1)), whole)
    return np.asarray(matte * skin, np.float32)


def _like(lab: Array, samples: Array) -> Array:
    """How like the colours `samples` (n, 3) each pixel of `lab` (h, w, 3) is, 0..1."""
    low, high = np.percentile(samples[:, 0], [10, 95])
    lit = samples[(samples[:, 0] >= low) & (samples[:, 0] <= high)]
    middle, spread = np.median(lit, axis=0), np.cov(lit.T) + _FLOOR
    away = lab - middle
    distance = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away))
    return 1 - smoothstep(np.asarray(distance, np.float32), _NEAR, _FAR)
