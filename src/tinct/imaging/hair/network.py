"""Hair, face and other people around a head, as Tinct's own network sees them (models/cards/hair.md)."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.seen import Seen
from tinct.imaging.hair.upright import HEIGHT, WIDTH, back, upright
from tinct.models.runtime import session

__all__ = ["FACE", "HAIR", "OTHER", "classes"]

Array = NDArray[np.float32]

HAIR, FACE, OTHER = 0, 1, 2
"""Channels of `classes`; the fourth is anything else."""
_FINER: Final = 2.0  # the view is taken so much larger and then averaged


def classes(seen: Seen) -> Array:
    """Probabilities (h, w, 4) on the small copy of a head: hair, face, other person, anything else.

    The head is shown as it is and mirrored, and the two answers are averaged. Where its view ends all are 0.
    """
    large = upright(seen.rgb, seen.frame, finer=_FINER)
    view = cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    both = np.stack([view, view[:, ::-1]]).transpose(0, 3, 1, 2)  # (2, 3, HEIGHT, WIDTH)
    (logits,) = session("hair").run(
        {"rgb": np.ascontiguousarray(both, np.float32)}
    )  # (2, 4, HEIGHT/2, WIDTH/2)
    mean = (logits[0] + logits[1, :, :, ::-1]) / 2
    finer = cv2.resize(mean.transpose(1, 2, 0), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    odds = np.exp(finer - finer.max(axis=2, keepdims=True))
    return back(np.asarray(odds / odds.sum(axis=2, keepdims=True), np.float32), seen.frame, seen.shape)
