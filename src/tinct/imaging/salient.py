"""What stands out in a photo: a probability for each pixel, by Tinct's own network (models/cards/subject.md).

The network sees the whole photo, squashed to a square, plain and mirrored. Its probabilities are calibrated: of the
pixels with .7 about 70 % belong to the subject. From them follows how much of what is taken is expected to be right.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session
from tinct.photo.resize import resize

__all__ = ["expected_overlap", "predict"]

Array = NDArray[np.float32]

SEEN: Final = 224
"""Pixels of the square that the network sees."""


def predict(rgb: Array) -> Array:
    """Probability of the subject, (h, w), for RGB (h, w, 3) in 0..1."""
    seen = resize(rgb, (SEEN, SEEN)).transpose(2, 0, 1)
    logits = session("subject").apply(
        np.ascontiguousarray(np.stack([seen, seen[..., ::-1]]))
    )  # (2, 1, s/2, s/2)
    mean = (logits[0, 0] + logits[1, 0, :, ::-1]) / 2
    size = rgb.shape[1], rgb.shape[0]
    spread = cv2.resize(np.ascontiguousarray(mean), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(1 / (1 + np.exp(-spread)), np.float32)


def expected_overlap(probability: Array, mask: Array) -> float:
    """Intersection over union that a mask (h, w) in 0..1 is expected to have with the subject."""
    inside = mask > 0.5
    found = float(probability[inside].sum())
    missed = float(probability[~inside].sum())
    return found / max(float(inside.sum()) + missed, 1e-6)
