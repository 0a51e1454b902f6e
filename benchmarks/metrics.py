"""How recolouring is judged: closeness to a reference, drawing kept, banding, swatches shown.

Pixels are (H, W, 3) uint8 sRGB. Lab is CIELAB D65 by OpenCV, so that Tinct's own conversions do not judge themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

__all__ = [
    "at_ends",
    "banding",
    "can_hold",
    "colored",
    "difference",
    "distance",
    "shown",
    "spearman",
    "structure",
    "to_lab",
]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]

_SAMPLED = 20_000
_PROJECTIONS = 64
_SHOWN = 6.0  # CIEDE2000 at equal lightness within which a pixel shows a swatch
NEUTRAL = 4.0
"""CIELAB chroma below which a pixel is called neutral."""


def to_lab(pixels: Pixels) -> Array:
    """(H, W, 3) CIELAB."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def _directions() -> NDArray[np.float64]:
    directions = np.random.default_rng(0).normal(size=(3, _PROJECTIONS))
    return directions / np.linalg.norm(directions, axis=0)


def distance(one: Pixels, two: Pixels) -> float:
    """Sliced Wasserstein distance between the colours of two pictures, in CIELAB: 20,000 pixels, 64 projections."""
    rng, directions = np.random.default_rng(1), _directions()
    clouds = []
    for pixels in (one, two):
        flat = to_lab(pixels).reshape(-1, 3)
        clouds.append(np.sort(flat[rng.integers(0, len(flat), _SAMPLED)] @ directions, axis=0))
    return float(np.abs(clouds[0] - clouds[1]).mean())


def structure(source: Pixels, result: Pixels) -> float:
    """SSIM of L*: 1 keeps the photo's drawing."""
    return float(structural_similarity(to_lab(source)[..., 0], to_lab(result)[..., 0], data_range=100))


def banding(source: Pixels, result: Pixels) -> float:
    """Share of the source's smooth pixels (range <= 2 grey levels in 5 x 5) whose range in the result exceeds 8.

    NaN where the source has fewer than 200 smooth pixels.
    """
    smooth = _range(source) <= 2
    return float((_range(result)[smooth] > 8).mean()) if smooth.sum() > 200 else float("nan")


def _range(pixels: Pixels) -> NDArray[np.int64]:
    gray, square = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.ones((5, 5), np.uint8)
    return np.asarray(cv2.dilate(gray, square), np.int64) - cv2.erode(gray, square)


def difference(one: Array, two: Array) -> NDArray[np.float64]:
    """CIEDE2000 of Lab colours (n, 3)."""
    return np.asarray(deltaE_ciede2000(one, two))


def colored(lab: Array) -> NDArray[np.bool_]:
    """Which Lab colours (n, 3) are not neutral."""
    return np.asarray(np.hypot(lab[:, 1], lab[:, 2]) >= NEUTRAL)


def at_ends(pixels: Pixels) -> float:
    """Share of pixels with a channel at 0 or 255."""
    return float(((pixels == 0) | (pixels == 255)).any(axis=-1).mean())


def _swatches(colors: Sequence[str]) -> Array:
    """``#RRGGBB`` as Lab, (m, 3)."""
    levels = np.array([[list(bytes.fromhex(c.lstrip("#"))) for c in colors]], np.uint8)
    return to_lab(levels)[0]


def shown(pixels: Pixels, colors: Sequence[str]) -> list[float]:
    """Share of pixels that show each swatch: CIEDE2000 <= 6 once the swatch has the pixel's lightness."""
    lab = to_lab(pixels).reshape(-1, 3)
    shares = []
    for swatch in _swatches(colors):
        asked = np.broadcast_to(swatch, lab.shape).copy()
        asked[:, 0] = lab[:, 0]
        shares.append(float((difference(lab, asked) <= _SHOWN).mean()))
    return shares


def can_hold(pixels: Pixels, colors: Sequence[str], share: float) -> list[bool]:
    """Whether sRGB has each swatch's colour at the lightness of at least `share` of the pixels."""
    lightness = np.rint(to_lab(pixels)[..., 0]).astype(int).ravel()
    held = []
    for swatch in _swatches(colors):
        ladder = np.broadcast_to(swatch, (1, 101, 3)).astype(np.float32).copy()
        ladder[..., 0] = np.arange(101)
        rgb = np.clip(cv2.cvtColor(ladder, cv2.COLOR_LAB2RGB), 0, 1)
        back = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
        fits = difference(ladder[0], back[0]) <= _SHOWN / 2
        held.append(bool(fits[lightness].mean() >= share))
    return held


def spearman(source: Pixels, result: Pixels) -> float:
    """Rank correlation of L* before and after; 1 keeps the order."""
    ranks = []
    for pixels in (source, result):
        _, inverse, counts = np.unique(to_lab(pixels)[..., 0], return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[inverse.ravel()])
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
