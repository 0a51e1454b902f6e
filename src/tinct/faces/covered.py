"""What hides a face: hair, hands of another colour, the frames and glasses of spectacles.

The colours of the middle of a face say what its skin looks like; what is very unlike it on the skin hides it. Where no
lips show there and it is unlike the skin between the eyes, a mask or a scarf is worn over mouth and nose, and the skin
between the eyes counts instead. Eyes, brows and lips have other colours anyway: they count as hidden where the skin
around them is, and lips also where a finger or a glove that is not as red as they reaches over their edge. What lies
across the bridge of the nose is taken for glasses: they and the eyes behind them count as hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.flat import SIDE, flat_mask
from tinct.faces.light import logs
from tinct.faces.points import BROWS, EYES, LIPS_RING, MOUTH_RING, OVAL_RING
from tinct.photo.color import srgb_to_lab

__all__ = ["bare_skin", "covered", "share_around", "share_of"]

Array = NDArray[np.float32]

_MIDDLE: Final = (117, 118, 101, 36, 203, 2, 423, 266, 330, 347, 346, 280, 425, 406, 18, 182, 205, 50)
"""A ring around cheeks, nose and mouth: what hides a face hides this last."""
_BETWEEN: Final = (
    107, 55, 193, 188, 114, 121, 120, 119, 118, 117, 47, 197, 277, 346, 347, 348, 349, 350, 343, 412, 417, 285, 336
)  # fmt: skip
"""Between the brows and below the eyes: what is worn over mouth and nose leaves it free."""
_NEAR, _FAR = 3.2, 5.0  # distances in spreads of the skin's colours: surely skin, surely not
_FLOOR: Final = np.diag([130.0, 16.0, 16.0])  # least spread of L*, a*, b*, squared: light, shadow, blush
_LIPLESS: Final = 1.6  # distance of lips from what is around them, in the same spreads, below which none show
_RIM: Final = 61  # skin around the mouth that is compared with the lips, in pixels of the flattened face
_STRIP: Final = 15  # wider than the strip of skin that the mesh may take for lips, in the same pixels
_PATCH: Final = 0.06  # share of the lips that what hides them takes at least
_RED, _REDDER, _LIKE_SKIN = 0.05, 2.8, 0.35
"""Least spread of red beside green (logarithms) on skin; by how many spreads lips are redder, or nothing is told; and
the share of that difference up to which a place is more like skin."""
_BRIDGE: Final = (slice(178, 212), slice(240, 273))
"""Rows and columns of the flattened face: the bridge of the nose, between the brows and its tip."""
_ACROSS: Final = 4.5
"""L* by which what lies across it differs: 7 of 148 faces (portraits, face crops), all of them with glasses. Those of
four others, without a rim or out of focus, differ by 2 to 4, as wrinkles do."""
_LENS: Final = (91, 141)  # down and across: twice how far glasses reach beyond eyes
_WIDE: Final = SIDE / 40  # how far the skin around speaks for eyes, brows and lips


def covered(flat: Array) -> Array:
    """How sure it is that each place is hidden.

    Parameters
    ----------
    flat : ndarray, (SIDE, SIDE, 3), float32
        The face laid flat, sRGB 0..1; see :func:`tinct.faces.flat.flattened`.

    Returns
    -------
    ndarray, (SIDE, SIDE), float32
        0 skin, 1 hidden; soft between them.
    """
    lab = srgb_to_lab(np.clip(flat, 0, 1))
    skin = bare_skin()
    bare, worn = _bare(lab, skin)
    distance = _distance(lab, bare)
    unlike = np.clip((distance - _NEAR) / (_FAR - _NEAR), 0, 1).astype(np.float32)
    if worn is not None:
        unlike[_distance(lab, worn) < distance] = 1
    unlike = np.asarray(cv2.medianBlur(np.rint(unlike * 255).astype(np.uint8), 9), np.float32) / 255
    weight = skin.astype(np.float32)
    around = _blurred(np.asarray(unlike * weight, np.float32)) / np.maximum(_blurred(weight), 1e-3)
    spread = np.clip(1.6 * around - 0.3, 0, 1)
    found = np.where(skin, np.maximum(unlike, spread), spread)
    found = np.maximum.reduce([found, _over_lips(flat), _behind_glasses(lab)])
    return np.asarray(cv2.GaussianBlur(found.astype(np.float32), (0, 0), 2.5), np.float32)


def share_around(hidden: Array, ring: Sequence[int], wide: float = SIDE / 24) -> float:
    """Share of a rim around an outline that is hidden: around an eye, dark glasses or hair; around lips, a hand."""
    inside = flat_mask([ring])
    side = 2 * round(wide) + 1
    rim = (cv2.dilate(inside, np.ones((side, side), np.uint8)) > 0) & (inside == 0)
    return float(hidden[rim].mean())


def share_of(hidden: Array, ring: Sequence[int]) -> float:
    """Share of what lies inside an outline that is hidden."""
    return float(hidden[flat_mask([ring]) > 0].mean())


def _over_lips(flat: Array) -> Array:
    """1 where a patch on the lips is less red beside green than they, like a finger; it reaches over their edge."""
    outer, mouth = flat_mask([LIPS_RING]) > 0, flat_mask([MOUTH_RING]) > 0
    edge = outer & (cv2.erode(outer.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0)
    light = logs(flat)
    red = cv2.medianBlur(np.asarray(light[..., 0] - light[..., 1], np.float32), 5)
    around = red[bare_skin() & (cv2.dilate(outer.astype(np.uint8), np.ones((_RIM, _RIM), np.uint8)) > 0)]
    skin, lips = float(np.median(around)), float(np.percentile(red[outer & ~mouth], 75))
    spread = max(1.48 * float(np.median(np.abs(around - skin))), _RED)
    out = np.zeros(flat.shape[:2], np.float32)
    if lips - skin < _REDDER * spread:
        return out
    far = ((red < skin + _LIKE_SKIN * (lips - skin)) & outer).astype(np.uint8)
    wide = cv2.morphologyEx(far, cv2.MORPH_OPEN, np.ones((_STRIP, _STRIP), np.uint8))
    count, numbers, facts, _ = cv2.connectedComponentsWithStats(wide, connectivity=4)
    for number in range(1, count):
        here = numbers == number
        if facts[number, cv2.CC_STAT_AREA] > _PATCH * (outer & ~mouth).sum() and (here & edge).any():
            out[here] = 1
    return np.asarray(cv2.dilate(out, np.ones((15, 15), np.uint8)), np.float32)


def _behind_glasses(lab: Array) -> Array:
    """1 around both eyes where something lies across the bridge of the nose, lighter or darker than above and below."""
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.5)[
        _BRIDGE[0].start - 38 : _BRIDGE[0].stop + 38, _BRIDGE[1]
    ]
    fine, coarse = (cv2.GaussianBlur(light, (0, 0), sigmaX=8, sigmaY=down) for down in (2.5, 9))
    step = np.abs((fine - coarse).mean(axis=1))[38:-38].max()
    if step < _ACROSS:
        return np.zeros(lab.shape[:2], np.float32)
    return np.asarray(cv2.dilate(flat_mask(EYES), np.ones(_LENS, np.uint8)) > 0, np.float32)


def bare_skin() -> NDArray[np.bool_]:
    """Where the flattened face has skin, (SIDE, SIDE): within the outline, away from eyes, brows and lips."""
    features = cv2.dilate(flat_mask([*EYES, *BROWS, LIPS_RING]), np.ones((15, 15), np.uint8))
    return np.asarray((flat_mask([OVAL_RING]) > 0) & (features == 0))


def _bare(lab: Array, skin: NDArray[np.bool_]) -> tuple[Array, Array | None]:
    """Colours (n, 3) of the skin: of the middle of the face; or, where something is worn over that, of the skin between
    the eyes, and those of what is worn.
    """
    middle, between = (lab[skin & (flat_mask([ring]) > 0)] for ring in (_MIDDLE, _BETWEEN))
    rim = lab[skin & (cv2.dilate(flat_mask([LIPS_RING]), np.ones((_RIM, _RIM), np.uint8)) > 0)]
    lips = lab[(flat_mask([LIPS_RING]) > 0) & (flat_mask([MOUTH_RING]) == 0)]
    asked = np.stack([np.median(lips, axis=0), np.median(between, axis=0)]).astype(np.float32)
    away = _distance(asked, rim)
    return (between, rim) if away[0] < _LIPLESS and away[1] > _NEAR else (middle, None)


def _distance(lab: Array, seeds: Array) -> Array:
    """How far colours (..., 3) are from those of some pixels (n, 3) without shadows and highlights, in their spread."""
    low, high = np.percentile(seeds[:, 0], [20, 92])
    lit = seeds[(seeds[:, 0] >= low) & (seeds[:, 0] <= high)]
    away, spread = lab - np.median(lit, axis=0), np.cov(lit.T) + _FLOOR
    return np.asarray(np.sqrt(np.einsum("...i,ij,...j->...", away, np.linalg.inv(spread), away)), np.float32)


def _blurred(values: Array) -> Array:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _WIDE), np.float32)
