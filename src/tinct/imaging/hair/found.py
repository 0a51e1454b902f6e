"""Hair found: what the network sees, decided at its edges by this photo's own colours.

The network tells hair from hats, clothes and other people, but sees a head at a hundred pixels; the segmenter tells
people from what is behind them. Where it is sure, its
hair and what lies near it give the colours of both; each place is then the likelier of the two, by the network and by
colour, cut along the photo's edges.

References
----------
Rother, Kolmogorov, Blake 2004, "GrabCut: interactive foreground extraction using iterated graph cuts".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.gaussians import mixture
from tinct.imaging.hair.network import FACE, HAIR, classes
from tinct.imaging.hair.seen import Seen

__all__ = ["Found", "found_hair"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_SURE, _NOT = 0.85, 0.1  # probability of hair whose colours count as hair's, and as those of what is not
_NEAR: Final = 0.35  # widths of the face around hair in which colours of other things are taken
_COLOR, _MOST = 0.6, 3.0  # weight of the colours' log-odds, and their largest
_BEHIND: Final = 4.0  # most log-odds that hair loses where the segmenter sees nobody
# Weight of the neck's colours, and half the width in which they are taken, in face widths
_NECK, _BARE = 1.2, 0.25
_STRANGE: Final = 5.0  # log-odds that hair loses below the chin where no hair above has such a colour
_RARE: Final = 0.3  # percentile of the hair above, in likelihood, below which a colour is none of its own
_DETAILED: Final = 80  # width of the face in pixels of the copy from which colours of hair are told so finely
_FIXED: Final = 2.5  # log-odds that the cut does not move
_LEAST: Final = 60  # pixels to learn colours from
_SPECK: Final = 0.006  # widths of the face squared: smaller parts are none
# Place above the forehead: lowest, highest and widest, in widths of the face
_CROWN: Final = (0.05, 0.45, 0.55)


@dataclass(frozen=True, eq=False)
class Found:
    """Hair on the small copy."""

    mask: Array
    """(h, w), 0 or 1."""
    crown: float
    """Share of the person above the forehead that is hair: low on bald heads and under hats."""


def found_hair(seen: Seen) -> Found:
    """Find hair on the small copy of a head."""
    probability = classes(seen)
    score = _score(seen, probability)
    mask = _cut(seen, score)
    above = float(seen.place(10)[1])
    low, high, wide = _CROWN
    band = (seen.person > 0.8) & (seen.oval < 0.5) & (np.abs(seen.u) < wide)
    band &= (seen.v < above - low) & (seen.v > above - high)
    crown = float(mask[band].mean()) if band.sum() > 30 else 0.0
    return Found(mask, crown)


def _score(seen: Seen, probability: Array) -> Array:
    """Log-odds of hair, (h, w)."""
    hair = np.clip(probability[..., HAIR], 1e-3, 1 - 1e-3)
    person = np.clip(seen.person, 1e-3, 1 - 1e-3)
    # walls, lettering and shadows behind a head that look like hair are no person to the segmenter
    score = np.log(hair / (1 - hair)) + np.clip(np.log(person / (1 - person)), -_BEHIND, 0)
    sure, near = hair > _SURE, (hair < _NOT) & seen.grown(hair > 0.5, _NEAR)
    if min(sure.sum(), near.sum()) > _LEAST:
        face = near & (probability[..., FACE] > 0.6)
        logs = [
            mixture(seen.lab[part], count).log(seen.lab) + np.float32(np.log(part.sum() / near.sum()))
            for part, count in ((face, 2), (near & ~face, 5))
            if part.sum() > _LEAST
        ]
        if logs:
            ratio = mixture(seen.lab[sure], 4).log(seen.lab) - np.logaddexp.reduce(logs)
            score = score + _COLOR * np.clip(ratio, -_MOST, _MOST)
    score = score + _neck(seen, hair) + _clothes(seen, hair)
    return np.asarray(
        cv2.GaussianBlur(score.astype(np.float32), (0, 0), max(0.8, seen.frame.width / 110)), np.float32
    )


def _neck(seen: Seen, hair: Array) -> Array:
    """Log-odds that hair loses beside the neck, (h, w), where colours are rather those of its shade."""
    chin = float(seen.place(152)[1])
    skin = (np.abs(seen.u) < _BARE) & (seen.v > chin - 0.1) & (seen.v < chin + 0.4) & (seen.person > 0.8)
    skin &= hair < 0.3
    sure = (hair > _SURE) & (seen.v < chin)
    if min(skin.sum(), sure.sum()) < _LEAST:
        return np.zeros(seen.shape, np.float32)
    ratio = mixture(seen.lab[sure], 4).log(seen.lab) - mixture(seen.lab[skin], 2).log(seen.lab)
    ratio = cv2.GaussianBlur(np.clip(ratio, -_MOST, 0.0), (0, 0), max(0.8, seen.frame.width / 60))
    near = smoothstep(seen.v, chin - 0.25, chin) * (1 - smoothstep(np.abs(seen.u), 0.5, 0.75))
    return np.asarray(_NECK * ratio * near, np.float32)


def _clothes(seen: Seen, hair: Array) -> Array:
    """Log-odds that hair loses below the chin, (h, w), where the hair above has no such colour: on clothes."""
    chin = float(seen.place(152)[1])
    sure = seen.shrunk(hair > _SURE, 0.02) & (seen.v < chin)
    if sure.sum() < _LEAST or seen.frame.width < _DETAILED:
        return np.zeros(seen.shape, np.float32)
    likely = np.maximum(mixture(seen.lab[sure], 4).log(seen.lab), -40)
    likely = cv2.GaussianBlur(likely, (0, 0), max(0.8, 0.03 * seen.frame.width))
    strange = (likely < np.percentile(likely[sure], _RARE)).astype(np.float32)
    return np.asarray(-_STRANGE * strange * smoothstep(seen.v, chin + 0.15, chin + 0.3), np.float32)


def _cut(seen: Seen, score: Array) -> Array:
    """The score cut along the photo's edges; 0 or 1."""
    labels = np.where(score > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[score > _FIXED], labels[score < -_FIXED] = cv2.GC_FGD, cv2.GC_BGD
    if (labels == cv2.GC_FGD).sum() > 20 and (labels != cv2.GC_FGD).any():
        bgr = np.ascontiguousarray(np.rint(seen.rgb[..., ::-1] * 255).astype(np.uint8))
        cv2.setRNGSeed(3)
        cv2.grabCut(bgr, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    mask = np.isin(labels, [cv2.GC_FGD, cv2.GC_PR_FGD]).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > _SPECK * seen.frame.width**2)
    return (np.isin(parts, large[large > 0])).astype(np.float32)
