"""Hair found without a network for it: where people are, where a head grows hair, and this photo's own colours.

Effects use `tinct.imaging.hair.found`; this taught its network, and is what it is measured against.

Seeds above the forehead and beside the temples that are unlike the face's skin say what colours the hair has; skin,
background and clothes say theirs; each place is then the likeliest of them, cut along the photo's edges.

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

from tinct.imaging.hair.gaussians import distance, mixture
from tinct.imaging.hair.seen import Seen

__all__ = ["Rough", "hanging", "rough_hair"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_BALD: Final = 0.12  # share of the place above the forehead that is unlike skin
_UNLIKE: Final = 2.6  # spreads of the skin's colours
_STEP, _THIN = 0.06, 0.05  # widths of the face: height of a row beside the face, and least hair in it
_FORBID: Final = 8.0  # log-odds that nothing overcomes


@dataclass(frozen=True, eq=False)
class Rough:
    """Hair on the small copy."""

    mask: Array
    """(h, w), 0 or 1."""
    crown: float
    """Share of the place above the forehead that is unlike skin: low on bald heads."""
    margin: float
    """Mean log-odds along the outline between what was called hair and what was not, in favour of the call."""


def rough_hair(seen: Seen) -> Rough:
    """Find hair on the small copy of a head."""
    top, chin = float(seen.place(10)[1]), float(seen.place(152)[1])
    oval = seen.oval > 0.5
    skin = _skin_colors(seen, oval, chin)
    if len(skin) < 30:
        return Rough(np.zeros(seen.shape, np.float32), 0.0, 0.0)
    u, v, person = seen.u, seen.v, seen.person
    unlike = distance(seen.lab, skin) > _UNLIKE
    band = (person > 0.8) & ~oval & (v < top - 0.05) & (v > top - 0.45) & (np.abs(u) < 0.55)
    beside = (person > 0.8) & ~oval & (v < 0.25) & (v > top) & (np.abs(u) > 0.52) & (np.abs(u) < 0.85)
    crown = float(unlike[band].mean()) if band.sum() > 30 else 0.0
    sure = (band | beside) & unlike
    if crown < _BALD or sure.sum() < 40:
        return Rough(np.zeros(seen.shape, np.float32), crown, 0.0)
    score = np.zeros(seen.shape, np.float32)
    prior, never = _prior(seen, oval, top, chin)
    for _ in range(2):  # colours of the seeds, then of what they reach
        score = _odds(seen, sure, skin, oval, top, chin) + prior
        score = np.asarray(cv2.GaussianBlur(np.clip(score, -8, 8), (0, 0), max(0.8, seen.frame.width / 110)))
        score[person < 0.08] = -_FORBID
        reached = (score > 2.5) & (person > 0.5) & unlike
        _, parts = cv2.connectedComponents((reached | sure).astype(np.uint8))
        joined = np.unique(parts[sure])
        wider = reached & np.isin(parts, joined[joined > 0])
        if wider.sum() > 60:
            sure = wider | (sure & (score > 0))
    mask = _cut(seen, score, never, sure)
    mask = hanging(seen, _without_specks(seen, mask, sure, oval, top))
    return Rough(mask, crown, _margin(mask, score))


def _skin_colors(seen: Seen, oval: Flags, chin: float) -> Array:
    """Colours (n, 3) of cheeks and nose: never of a fringe."""
    bare = seen.shrunk(oval, 0.03) & ~seen.features & (seen.v > 0.02) & (seen.v < chin * 0.8)
    colors = seen.lab[bare]
    if len(colors) < 30:
        return colors
    low, high = np.percentile(colors[:, 0], [15, 95])
    lit = colors[(colors[:, 0] > low) & (colors[:, 0] < high)]
    return lit if len(lit) > 50 else colors


def _odds(seen: Seen, sure: Flags, skin: Array, oval: Flags, top: float, chin: float) -> Array:
    """Log-odds of hair by colours alone against the likeliest other surface there."""
    u, v, person, lab = seen.u, seen.v, seen.person, seen.lab
    hair = mixture(lab[sure], 4 if sure.sum() > 400 else 2).log(lab)
    bare = mixture(skin, 2).log(lab)
    behind = person < 0.12
    back = mixture(lab[behind], 5).log(lab) if behind.sum() > 200 else np.full(seen.shape, -20, np.float32)
    worn = (person > 0.6) & (v > chin + 0.45) & (np.abs(u) < 0.3) & (hair < np.maximum(bare, -12))
    clothes = mixture(lab[worn], 3).log(lab) if worn.sum() > 200 else np.full(seen.shape, -20, np.float32)
    face = oval | ((v > chin - 0.1) & (v < chin + 0.6))
    other = np.maximum.reduce(
        [
            bare + np.where(face, 1.0, -1.0),
            back + np.where(person < 0.5, 1.0, -2.0),
            clothes + np.where(v > chin + 0.3, 1.5, -6.0),
        ]
    )
    return np.asarray(hair - other, np.float32)


def _prior(seen: Seen, oval: Flags, top: float, chin: float) -> tuple[Array, Flags]:
    """Log-odds of hair by the place alone, and where it never is."""
    u, v = seen.u, seen.v
    along = np.where(v < top * 0.3, (v - top * 0.3) / 1.05, (v - top * 0.3) / 2.6)
    prior = -2.6 * np.clip(np.hypot(u, along) - 0.8, 0, None) ** 1.2
    inner = seen.shrunk(oval, 0.025)
    prior = (
        prior
        + np.where(oval & (v > 0.02), -_FORBID, 0)
        + np.where(inner & (v <= 0.02) & (v > top * 0.55), -2, 0)
    )
    never = seen.never
    prior = prior + np.where(never & (v <= 0.05), -5, 0)
    prior = prior + np.where((v > chin) & (np.abs(u) < 0.35), -2.5, 0) + np.where(v > chin + 0.1, -1, 0)
    return np.asarray(prior, np.float32), never


def _cut(seen: Seen, score: Array, never: Flags, sure: Flags) -> Array:
    """The score cut along the photo's edges; 0 or 1."""
    labels = np.where(score > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[score > 3] = cv2.GC_FGD
    labels[(score < -3.5) | (seen.person < 0.1) | never] = cv2.GC_BGD
    if (labels == cv2.GC_FGD).sum() > 20 and (labels != cv2.GC_FGD).any():
        bgr = np.ascontiguousarray(np.rint(seen.rgb[..., ::-1] * 255).astype(np.uint8))
        cv2.setRNGSeed(3)
        cv2.grabCut(bgr, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    mask = np.isin(labels, [cv2.GC_FGD, cv2.GC_PR_FGD]).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.float32)


def _without_specks(seen: Seen, mask: Array, sure: Flags, oval: Flags, top: float) -> Array:
    """Only what hangs together with surely seen hair; within the face only what hangs from the hairline."""
    area = seen.frame.width**2
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    kept = [n for n in range(1, count) if stats[n, 4] > 0.002 * area and sure[parts == n].any()]
    out = np.isin(parts, kept)
    count, inside = cv2.connectedComponents((out & oval & (seen.v > top * 0.75)).astype(np.uint8))
    for number in range(1, count):
        own = inside == number
        rim = (cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & out & ~own
        if rim.sum() < 0.25 * np.sqrt(own.sum()) or own.sum() < 0.0006 * area:
            out[own] = False
    return out.astype(np.float32)


def hanging(seen: Seen, mask: Array) -> Array:
    """Without what lies below a gap: hair hangs from the head, dark clothes do not."""
    out = mask.copy()
    for side in (seen.u < 0, seen.u >= 0):
        own = (mask > 0.5) & side
        step = np.floor(seen.v / _STEP).astype(np.int32)
        for row in range(int(np.ceil(float(seen.v.max()) / _STEP)) + 1):
            here = side & (step == row)
            if here.any() and (own & here).sum() < _THIN * _STEP * seen.frame.width**2:
                out[side & (step >= row)] = 0
                break
    return out


def _margin(mask: Array, score: Array) -> float:
    """See `Rough.margin`."""
    kernel = np.ones((7, 7), np.uint8)
    inner = (mask > 0) & (cv2.erode(mask, kernel) == 0)
    outer = (mask == 0) & (cv2.dilate(mask, kernel) > 0)
    if not inner.any() or not outer.any():
        return 0.0
    return float(score[inner].mean() - score[outer].mean()) / 2
