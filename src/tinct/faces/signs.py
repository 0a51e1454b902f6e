"""Signs of a face: whether it wears glasses or a beard, and whether it is a small child's.

A linear model hears where edges run on the flattened face and how colours differ from the cheeks' (histograms of
oriented gradients: Dalal, Triggs 2005). Trained by `training.faces`; see the card `face-signs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session
from tinct.photo.color import srgb_to_lab

__all__ = ["COUNT", "Signs", "described", "signs_of"]

Array = NDArray[np.float32]

_SIDE: Final = 128  # pixels in which the flattened face is seen
_STEP: Final = 8  # pixels between places at which it is described
_TURNS: Final = 8  # directions in which an edge runs
_NEAR, _AROUND, _FAR = 2.5, 8.0, 24.0
"""Blurs, in the same pixels, in which edges are gathered, and beside which they are strong."""
_LEAST: Final = 2e-5  # of the strength of edges, squared logarithms of light: noise
_SKIN: Final = (slice(40, 80), slice(30, 98))  # cheeks and nose
_GAIN: Final = 2.0  # weight of edges beside that of colours
_SPREAD: Final = np.array([20, 12, 12], np.float32)  # of L*, a*, b*
_PLACES: Final = (_SIDE // _STEP) ** 2
COUNT: Final = _PLACES * (2 * _TURNS + 3)
"""How many numbers describe a face."""


@dataclass(frozen=True)
class Signs:
    """Log-odds, without what is usual: how many faces wear glasses or a beard."""

    glasses: float = -9.0
    beard: float = -9.0
    """A beard, a moustache or stubble."""
    child: float = -9.0
    """Up to five years old."""


def described(flat: Array) -> Array:
    """Numbers of a face laid flat.

    Parameters
    ----------
    flat : ndarray, (SIDE, SIDE, 3), float32
        sRGB, 0..1; see :func:`tinct.faces.flat.flattened`.

    Returns
    -------
    ndarray, (COUNT,), float32
        Strength of edges by place and direction, twice, then the colours.
    """
    rgb = np.clip(cv2.resize(flat, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), 0, 1)
    light = np.log(rgb.mean(axis=-1) * 255 + np.float32(8))
    across, down = (cv2.Sobel(light, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1)))
    strength = np.hypot(across, down)
    turn = (np.arctan2(down, across) / np.pi * _TURNS)[..., None] - np.arange(_TURNS)  # (h, w, _TURNS)
    share = np.clip(1 - np.abs((turn + _TURNS / 2) % _TURNS - _TURNS / 2), 0, 1)
    edges = _places((strength[..., None] * share).astype(np.float32), _NEAR)
    beside = (
        np.sqrt(_places(strength * strength, wide) + np.float32(_LEAST))[..., None]
        for wide in (_AROUND, _FAR)
    )
    lab = srgb_to_lab(np.asarray(rgb, np.float32))
    away = (lab - np.median(lab[_SKIN].reshape(-1, 3), axis=0)) / _SPREAD
    side = _SIDE // _STEP
    colors = cv2.resize(np.asarray(away, np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return np.concatenate([*(_GAIN * (edges / one).ravel() for one in beside), colors.ravel()]).astype(
        np.float32
    )


def signs_of(flat: Array) -> Signs:
    """What is seen on a face laid flat (SIDE, SIDE, 3), sRGB 0..1; the mean of it and its mirror image."""
    both = np.stack([described(flat), described(np.ascontiguousarray(flat[:, ::-1]))])
    glasses, beard, child = (float(one) for one in session("face-signs").apply(both).mean(axis=0))
    return Signs(glasses, beard, child)


def _places(values: Array, wide: float) -> Array:
    half = _STEP // 2
    return np.asarray(cv2.GaussianBlur(values, (0, 0), wide)[half::_STEP, half::_STEP], np.float32)
