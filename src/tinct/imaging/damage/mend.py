"""Fill what is damaged: thin damage from both of its sides, wide damage by copies from elsewhere in the photo."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.degradation import condition
from tinct.imaging.fill.fill import fill
from tinct.imaging.fill.thin import fill_thin
from tinct.photo.photo import Pixels

__all__ = ["mended"]

Flags = NDArray[np.bool_]

_THIN = 6.0  # pixels from the rim to the middle of what both sides can tell
_GRAIN = 1.2 / 255  # standard deviation of noise above which what is filled gets grain too
_SHARE = 0.8  # of it


def mended(
    pixels: Pixels,
    damaged: Flags,
    *,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
) -> Pixels:
    """The photo without its damage.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
    damaged : ndarray, (H, W), bool
        Not all of them.
    seed : int
        Same seed, same result.
    progress : callable
        Hears 0..1.

    Returns
    -------
    ndarray, (H, W, 3), dtype of `pixels`
        Equal to `pixels` where it is not damaged.
    """
    if not damaged.any():
        return pixels
    wide = _wide(damaged)
    out = pixels
    thin = damaged & ~wide
    if thin.any():
        out = fill_thin(out, thin, ~damaged, lambda part: progress(0.5 * part))
        _grain(out, pixels, thin, seed)
    if wide.any():
        weight = np.where(wide, np.uint8(255), np.uint8(0))
        out, _ = fill(out, weight, ~wide, seed=seed, progress=lambda part: progress(0.5 + 0.5 * part))
    progress(1.0)
    return out


def _wide(damaged: Flags) -> Flags:
    """Connected parts of the damage that are wide somewhere; a scratch through a spot stays thin beyond it."""
    depth = cv2.distanceTransform(np.pad(damaged, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    core = depth > _THIN
    if not core.any():
        return core
    reach = 2 * int(np.ceil(float(depth.max()))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray((cv2.dilate(core.astype(np.uint8), disc) > 0) & damaged)


def _grain(out: Pixels, pixels: Pixels, thin: Flags, seed: int) -> None:
    """Give what is filled the noise of the photo, in place: a smooth line through grain is seen as a scratch again."""
    found = condition(pixels)
    if found.noise < _GRAIN:
        return
    top = np.iinfo(out.dtype).max
    at = np.nonzero(thin)
    shape = (len(at[0]), 1 if found.gray else 3)
    noise = np.random.default_rng(seed).normal(0, _SHARE * found.noise * top, shape)
    out[at] = np.rint(np.clip(out[at] + noise, 0, top)).astype(out.dtype)
