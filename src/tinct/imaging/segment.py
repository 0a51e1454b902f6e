"""Where the segmenter sees people: a probability for each pixel of a proxy, helped by the photo's own colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.models.runtime import session

__all__ = ["SEEN", "both", "predict", "with_colors"]

Array = NDArray[np.float32]

SEEN = 272
"""Side of the square with as many pixels as the network sees, whatever the photo's proportions."""
# At most: in what is blurred more, fewer people are found, and more things are taken for them
_ENLARGED = 3.0
_STRIDE = 16
_SURE = 30.0  # log-odds beyond which nothing changes
_BINS = 16  # colours are counted in cubes of 1/16 of each sRGB channel
_TRUST = 2.3  # most that colour may add to the log-odds: 20 % becomes 71 %


def predict(rgb: Array) -> Array:
    """Probability of a person, (h, w), by the branch that tells people from whatever else there is."""
    return both(rgb)[0]


def both(rgb: Array) -> tuple[Array, Array]:
    """What both branches of the network see.

    Returns
    -------
    tuple of ndarray, (h, w), float32
        Probability of a person as :func:`predict` gives it: it tells people from animals and things, and misses limbs;
        and that of people's outlines: closer, but animals and things have outlines too.
    """
    height, width = rgb.shape[:2]
    scale = min(_ENLARGED, SEEN / float(np.sqrt(height * width)))
    size = [max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height)]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    sight, outline = session("person").run({"rgb": np.ascontiguousarray(small.transpose(2, 0, 1)[None])})
    seen, drawn = (_probability(logits[0, 0], (width, height)) for logits in (sight, outline))
    return seen, drawn


def _probability(logits: Array, size: tuple[int, int]) -> Array:
    probability = 1 / (1 + np.exp(-np.clip(logits, -_SURE, _SURE)))
    return np.asarray(cv2.resize(probability, size, interpolation=cv2.INTER_LINEAR), np.float32)


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
