"""Where the segmenter sees people: a probability for each pixel of a proxy, helped by the photo's own colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session

__all__ = ["SEEN", "predict", "with_colors"]

Array = NDArray[np.float32]

SEEN = 256
"""Longer side that the network sees; it was trained on 160-pixel crops of such photos."""
_STRIDE = 16
_BINS = 16  # colours are counted in cubes of 1/16 of each sRGB channel
_TRUST = 2.3  # most that colour may add to the log-odds: 20 % becomes 71 %


def predict(rgb: Array) -> Array:
    """Probability of a person, (h, w)."""
    height, width = rgb.shape[:2]
    scale = SEEN / max(height, width)
    size = [max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height)]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    (logits,) = session("person").run({"rgb": np.ascontiguousarray(small.transpose(2, 0, 1)[None])})
    probability = 1 / (1 + np.exp(-logits[0, 0]))
    return np.asarray(cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def with_colors(probability: Array, rgb: Array) -> Array:
    """Raise the probability where the network hesitates and the colour is rather these people's than the background's.

    Both colour models are histograms of this very photo: ears, necks and hands follow the face that is certain.
    """
    bins = np.minimum((rgb * _BINS).astype(np.intp), _BINS - 1) @ np.array(
        [_BINS * _BINS, _BINS, 1]
    )  # (h, w)
    people, background = bins[probability > 0.9], bins[probability < 0.1]
    if min(people.size, background.size) < 0.005 * bins.size:
        return probability
    ratio = np.log(_colors(people) / _colors(background))[bins]
    odds = np.log(np.clip(probability, 1e-4, 1 - 1e-4)) - np.log(np.clip(1 - probability, 1e-4, 1))
    return np.asarray(1 / (1 + np.exp(-odds - np.clip(ratio, 0, _TRUST))), np.float32)


def _colors(bins: NDArray[np.intp]) -> Array:
    """Share of each colour, (bins,), smoothed over neighbouring colours; never 0."""
    share = np.bincount(bins, minlength=_BINS**3).reshape(_BINS, _BINS, _BINS) / bins.size
    for axis in range(3):
        edged = np.moveaxis(np.pad(share, [(1, 1) if i == axis else (0, 0) for i in range(3)]), axis, 0)
        share = np.moveaxis(0.25 * edged[:-2] + 0.5 * edged[1:-1] + 0.25 * edged[2:], 0, axis)
    return np.asarray(share.ravel() + 0.1 / _BINS**3, np.float32)
