"""Cut an object from a plain background, and only if several ways of cutting agree.

Four ways that fail differently: unlike a smooth model of the border's colour; not reached by flooding from the border;
GrabCut from the first (Rother et al. 2004); and the shipped cut by colour, a saliency with the border for background.
The two quick ones are also asked about a jittered view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.foreground import estimate
from training.subject.color import by_color

__all__ = ["Cut", "cropped", "cut", "overlap", "plainness"]

Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]

PLAIN: Final = 0.62  # of the border that follows the smooth model
AGREE: Final = 0.82  # IoU of every way with what most of them say
_WORTH: Final = 0.5  # IoU of the two quick ways below which the others are not asked
_SMALLER: Final = 0.6  # scale at which the slow ways look
_COVER: Final = (0.03, 0.75)  # of the photo
_TOUCH: Final = 0.3  # most of the border that the object may take
_RING: Final = 3  # pixels
_NEAR: Final = 9.0  # CIELAB units within which a border pixel follows the model


@dataclass(frozen=True, eq=False)
class Cut:
    """An object, cropped."""

    rgb: Image
    """(h, w, 3): its own colours, continued beyond its edge."""
    alpha: Image
    """(h, w)."""
    mask: Image
    """(H, W) of the whole photo."""


def overlap(one: Mask, two: Mask) -> float:
    """Intersection over union; 1 if both are empty."""
    either = int((one | two).sum())
    return float((one & two).sum() / either) if either else 1.0


def _lab(rgb: Image) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _ring(shape: tuple[int, ...]) -> Mask:
    ring = np.ones(shape[:2], bool)
    ring[_RING:-_RING, _RING:-_RING] = False
    return ring


def plainness(lab: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """Share of the border near a plane of colour, fitted to most of it, and how far (h, w) all pixels are from that."""
    height, width = lab.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    basis = np.stack([np.ones_like(x), x, y], axis=-1).astype(np.float32)  # (h, w, 3)
    ring = _ring(lab.shape)
    places, colors = basis[ring], lab[ring]
    plane = np.zeros((3, 3), np.float32)
    plane[0] = np.median(colors, axis=0)
    near = np.ones(len(colors), bool)
    for limit in (3 * _NEAR, 2 * _NEAR, _NEAR, _NEAR):
        near = np.linalg.norm(colors - places @ plane, axis=1) < limit
        if near.mean() < 0.4:
            break
        plane = np.linalg.lstsq(places[near], colors[near], rcond=None)[0].astype(np.float32)
    return float(near.mean()), np.asarray(np.linalg.norm(lab - basis @ plane, axis=-1), np.float32)


def _flood(rgb: Image, step: int) -> Mask:
    """What flooding from the border does not reach."""
    height, width = rgb.shape[:2]
    smooth = cv2.bilateralFilter(np.ascontiguousarray(rgb), 5, 20, 3)
    filled = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8)
    every = max(2, width // 24)
    seeds = [(x, y) for x in range(0, width, every) for y in (0, height - 1)]
    seeds += [(x, y) for y in range(0, height, every) for x in (0, width - 1)]
    border = np.median(smooth[_ring(rgb.shape)], axis=0)
    for x, y in seeds:
        alike = np.abs(smooth[y, x].astype(float) - border).max() < 40
        if alike and not filled[y + 1, x + 1]:
            cv2.floodFill(smooth, filled, (x, y), 0, (step,) * 3, (step,) * 3, flags)
    return filled[1:-1, 1:-1] == 0


def _grabcut(rgb: Image, start: Mask) -> Mask:
    labels = np.where(start, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[_ring(rgb.shape) & ~start] = cv2.GC_BGD
    labels[cv2.erode(start.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0] = cv2.GC_FGD
    if not start.any() or start.all():
        return start
    cv2.setRNGSeed(0)
    models = np.zeros((2, 1, 65))
    cv2.grabCut(rgb, labels, (0, 0, 1, 1), models[0], models[1], 3, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def _whole(mask: Mask) -> Mask:
    """Its large parts, without specks in it and around it."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    for value in (1, 0):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            (closed == value).astype(np.uint8), connectivity=4
        )
        sizes = stats[:, cv2.CC_STAT_AREA].copy()
        sizes[0] = 0
        least = 0.08 * sizes.max() if value else 0.004 * mask.size
        small = [i for i in range(1, count) if sizes[i] < least]
        closed[np.isin(labels, small)] = 1 - value
    return closed > 0


def _ways(rgb: Image, jitter: bool) -> list[Mask]:
    """What each way takes for the object; the two quick ones alone if they are far apart."""
    if jitter:
        rgb = np.clip(255 * (rgb / 255) ** 0.85, 0, 255).astype(np.uint8)
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.7), np.uint8)
    far = plainness(_lab(rgb))[1]
    noise = float(np.percentile(far[_ring(rgb.shape)], 60))
    unlike = far > max(9.0, 3.0 * noise)
    ways = [_whole(unlike), _whole(_flood(rgb, 4 if jitter else 3))]
    if overlap(*ways) < _WORTH:
        return ways
    if not jitter:
        ways += [_whole(_at_size(way, rgb)) for way in _slow_ways(rgb, unlike)]
    return ways


def _slow_ways(rgb: Image, unlike: Mask) -> tuple[Mask, Mask]:
    """GrabCut and the cut by colour, on a smaller copy."""
    small = np.asarray(
        cv2.resize(rgb, None, fx=_SMALLER, fy=_SMALLER, interpolation=cv2.INTER_AREA), np.uint8
    )
    grabbed = _grabcut(small, _at_size(unlike, small))
    guided, _ = by_color(small.astype(np.float32) / 255)
    return grabbed, guided.small > 0.5


def _at_size(mask: Mask, rgb: Image) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.float32), rgb.shape[1::-1]) > 0.5)


def cut(rgb: Image) -> Cut | None:
    """The object of a photo (H, W, 3), or None if the background is not plain or the ways do not agree."""
    if plainness(_lab(rgb))[0] < PLAIN:
        return None
    ways = _ways(rgb, jitter=False)
    if len(ways) == 2 or overlap(ways[0], ways[2]) < AGREE:
        return None
    ways += _ways(rgb, jitter=True)
    most = _whole(np.mean(ways, axis=0) > 0.5)
    agreeing = sorted(overlap(way, most) for way in ways)
    ring = _ring(rgb.shape)
    if agreeing[1] < AGREE or not _COVER[0] < most.mean() < _COVER[1] or most[ring].mean() > _TOUCH:
        return None
    return cropped(rgb, most, np.mean(ways, axis=0).astype(np.float32))


def cropped(rgb: Image, most: Mask, share: NDArray[np.float32]) -> Cut:
    """What is in a mask (H, W), with a soft edge that also follows the shares (H, W) of those who say so."""
    soft = np.asarray(cv2.GaussianBlur(most.astype(np.float32), (0, 0), 0.8), np.float32)
    alpha = np.clip((soft * 0.7 + share * 0.3 - 0.25) / 0.6, 0, 1).astype(np.float32)
    front, _ = estimate(rgb.astype(np.float32) / 255, alpha)
    solid = (alpha > 0.97)[..., None]
    own = np.where(solid, rgb, np.rint(front * 255)).astype(np.uint8)
    rows, columns = np.flatnonzero(most.any(axis=1)), np.flatnonzero(most.any(axis=0))
    box = (
        slice(max(rows[0] - 2, 0), rows[-1] + 3),
        slice(max(columns[0] - 2, 0), columns[-1] + 3),
    )
    opacity = np.rint(alpha * 255).astype(np.uint8)
    return Cut(own[box], opacity[box], np.asarray(most * np.uint8(255), np.uint8))
