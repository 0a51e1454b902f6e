"""Where nothing can be continued honestly: the photo before itself, enlarged and out of focus."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.extend.frame import Frame
from tinct.photo.photo import Pixels

__all__ = ["FEATHER", "behind", "share"]

FEATHER = 0.02
"""Of the shorter side: how far the photo's own pixels may mix with what is new."""
_BLUR = 0.035  # of the shorter side of the whole
_SMALL = 8  # the blurred one is made so many times smaller


def behind(pixels: Pixels, frame: Frame) -> Pixels:
    """The whole: (H, W, 3) in the dtype of `pixels` (h, w, 3)."""
    height, width = pixels.shape[:2]
    whole = frame.around((height, width))
    scale = max(whole[0] / height, whole[1] / width)
    cut = min(height, round(whole[0] / scale)), min(width, round(whole[1] / scale))
    top, left = (height - cut[0]) // 2, (width - cut[1]) // 2
    seen = pixels[top : top + max(1, cut[0]), left : left + max(1, cut[1])]
    small = max(1, whole[1] // _SMALL), max(1, whole[0] // _SMALL)
    blurred = cv2.GaussianBlur(
        cv2.resize(seen, small, interpolation=cv2.INTER_AREA).astype(np.float32),
        (0, 0),
        max(0.5, _BLUR * min(whole) / _SMALL),
        borderType=cv2.BORDER_REPLICATE,
    )
    out = np.empty((*whole, 3), pixels.dtype)
    far = cv2.resize(blurred, whole[::-1], interpolation=cv2.INTER_LINEAR)
    np.rint(far, out=far)
    out[...] = far
    own = share((height, width), frame)
    place = out[frame.top : frame.top + height, frame.left : frame.left + width]
    mixed = pixels * own + far[frame.top : frame.top + height, frame.left : frame.left + width] * (1 - own)
    place[...] = np.where(own >= 1, pixels, np.rint(mixed).astype(pixels.dtype))
    return out


def share(size: tuple[int, int], frame: Frame) -> NDArray[np.float32]:
    """The photo's share of each of its pixels, (h, w, 1): less than 1 near the sides that are extended."""
    height, width = size
    feather = FEATHER * min(size)
    down, across = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    near = np.full(size, np.inf, np.float32)
    for added, depth in (
        (frame.left, across[None]),
        (frame.right, across[None, ::-1]),
        (frame.top, down[:, None]),
        (frame.bottom, down[::-1, None]),
    ):
        if added:
            near = np.minimum(near, depth)
    found = np.clip((near + np.float32(0.5)) / np.float32(max(feather, 0.5)), 0, 1)
    return np.asarray(found, np.float32)[..., None]
