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

__all__ = ["SEEN", "WORTH", "expected_overlap", "outlined", "predict"]

Array = NDArray[np.float32]

SEEN: Final = 224
"""Pixels of the square that the network sees."""
WORTH: Final = 0.2
"""Expected overlap below which nothing stands out."""
_CERTAIN: Final = (0.05, 0.95)
"""Probabilities beyond which the photo's colours decide nothing."""
_ROUNDS: Final = 2
_FEW: Final = 50  # pixels; fewer make no model of colours


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


def outlined(rgb: Array, probability: Array) -> Array:
    """The probability (h, w), brought to the photo's edges and colours where the network hesitates.

    GrabCut (Rother et al. 2004) from what the network is sure of; the mean of both, so that neither takes what the
    other denies.
    """
    low, high = _CERTAIN
    labels = np.where(probability > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[probability > high] = cv2.GC_FGD
    labels[probability < low] = cv2.GC_BGD
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if min(int(inside.sum()), int((~inside).sum())) < _FEW:
        return probability
    models = np.zeros((2, 1, 65))
    levels = np.rint(rgb * 255).astype(np.uint8)
    whole = (0, 0, rgb.shape[1], rgb.shape[0])  # not used: the labels say where to begin
    cv2.setRNGSeed(0)
    cv2.grabCut(levels, labels, whole, models[0], models[1], _ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return np.asarray((probability + cut) / 2, np.float32)
