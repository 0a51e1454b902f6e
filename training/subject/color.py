"""What is unlike a photo's border: the cut without any network, one of the ways that must agree."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.guided import GuidedMask, guide
from tinct.photo.resize import resize

__all__ = ["by_color"]

Array = NDArray[np.float32]

_ANY: Final = 320  # longer side
_BORDER: Final = 0.04  # of the longer side: what is thought to be background
_ROUNDS: Final = 4


def by_color(rgb: Array) -> tuple[GuidedMask, float]:
    """What is unlike the border of a photo (h, w, 3), made sharp by graph cuts.

    The border is taken for background, as in Wei et al. 2012 ("Geodesic saliency using background priors"); the start
    goes to GrabCut (Rother et al. 2004). Also returned: how unlike the two are, 0..1.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _ANY / max(height, width))
    size = (max(8, round(height * scale)), max(8, round(width * scale)))
    small = resize(rgb, size)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    edge = max(1, round(max(size) * _BORDER))
    border = np.ones(size, bool)
    border[edge:-edge, edge:-edge] = False
    unlike = _distance(lab, lab[border])
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    central = np.exp(-(x**2 + y**2) / 0.9).astype(np.float32)
    salient = np.asarray(cv2.GaussianBlur(unlike * central, (0, 0), max(size) / 80), np.float32)
    level = float(cv2.threshold(_levels(salient), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]) / 255
    share = salient / max(float(salient.max()), 1e-6)
    labels = np.where(share > level, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[share > level + 0.6 * (1 - level)] = cv2.GC_FGD
    labels[border & (share < level)] = cv2.GC_BGD
    certain = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if not certain.any() or certain.all():
        return guide(np.zeros((height, width), np.float32), rgb, 4), 0.0
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(0)
    whole = (0, 0, size[1], size[0])  # not used: the labels say where to begin
    cv2.grabCut(_levels(small), labels, whole, models[0], models[1], _ROUNDS, cv2.GC_INIT_WITH_MASK)
    subject = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    apart = _apart(lab[subject], lab[~subject])
    mask = resize(subject.astype(np.float32), (height, width))
    return guide(mask, rgb, radius=max(2, max(height, width) // 80)), apart


def _distance(lab: Array, border: Array) -> Array:
    """How far each colour (h, w, 3) lies from the nearest of eight kinds of border."""
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    cv2.setRNGSeed(0)
    count = min(8, len(border))
    _, _, kinds = cv2.kmeans(np.ascontiguousarray(border), count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    far = [np.linalg.norm(lab - kind, axis=-1) for kind in kinds]
    return np.asarray(np.min(far, axis=0), np.float32)


def _levels(values: Array) -> NDArray[np.uint8]:
    return np.asarray(values / max(float(values.max()), 1e-6) * 255, np.uint8)


def _apart(one: Array, two: Array) -> float:
    """How unlike two sets of colours (n, 3) are: 1 less what their histograms share."""
    if not len(one) or not len(two):
        return 0.0
    shares = [
        np.histogramdd(part, bins=8, range=((0, 100), (-80, 80), (-80, 80)))[0] / len(part)
        for part in (one, two)
    ]
    return float(1 - np.minimum(shares[0], shares[1]).sum())
