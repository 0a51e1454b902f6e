"""Where the points of the other face go: its own shape, in this head's pose, outline and expression."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.faces import canonical
from tinct.faces.points import MOUTH_RING, OVAL_RING
from tinct.faces.pose import STEADY, fit

__all__ = ["AREA_RING", "area", "eye_opening", "mouth_opening", "placed", "smile"]

Points = NDArray[np.float64]

_INNER: Final = {
    356: 264, 389: 368, 251: 301, 284: 298, 332: 333, 297: 299, 338: 337, 10: 151, 109: 108, 67: 69, 103: 104, 54: 68,
    21: 71, 162: 139, 127: 34,
}  # fmt: skip
"""Points of the outline at temples and forehead, and the next ones inward."""
AREA_RING: Final = [_INNER.get(point, point) for point in OVAL_RING]
"""The outline of what is put on: from above the brows to jaw and chin; the rest of the forehead stays the head's, as
hair and shade lie there most."""
_WITHIN: Final = 0.92  # of the outline's distance from the middle, where it is the face's own
_IDENTITY: Final = 0.75  # share of the other face's own shape where it is strongest
_RIM: Final = 0.16  # distance from the outline, of the canonical face's width, from which on it is
_MOUTH: Final = (0.30, 0.24)  # half axes around the mouth within which this head's expression stays


def placed(source: Points, target: Points) -> Points:
    """Points (468, 3) to which those of `source` go, on the head that wears `target`, both (478, 3)."""
    own, other = target[:468], source[:468]
    scale, rotation, shift = fit(other[STEADY], own[STEADY])
    posed = scale * other @ rotation.T + shift
    share = _shares()[:, None]
    return np.asarray(own * (1 - share) + posed * share)


def area(points: Points) -> Points:
    """Outline (36, 2) of what is put on, of a mesh (n, 2 or 3)."""
    ring, middle = points[AREA_RING, :2], points[[168, 2], :2].mean(axis=0)
    share = np.where(np.isin(AREA_RING, OVAL_RING), _WITHIN, 1.0)[:, None]
    return np.asarray(middle + (ring - middle) * share)


def mouth_opening(points: Points) -> float:
    """Height of the opening between the lips, of the mouth's width."""
    across = float(np.linalg.norm(points[61, :2] - points[291, :2]))
    return float(np.linalg.norm(points[13, :2] - points[14, :2])) / max(across, 1e-6)


def eye_opening(points: Points) -> float:
    """Height of the opening between the lids, of the eye's width; the mean of both eyes."""

    def of(above: int, below: int, corner: int, other: int) -> float:
        across = float(np.linalg.norm(points[corner, :2] - points[other, :2]))
        return float(np.linalg.norm(points[above, :2] - points[below, :2])) / max(across, 1e-6)

    return (of(159, 145, 33, 133) + of(386, 374, 362, 263)) / 2


def smile(points: Points) -> float:
    """Width of the mouth, of the distance of the outer corners of the eyes: 0.5 to 0.65 at rest, 0.8 in a laugh."""
    eyes = float(np.linalg.norm(points[33, :2] - points[263, :2]))
    return float(np.linalg.norm(points[61, :2] - points[291, :2])) / max(eyes, 1e-6)


def _shares() -> NDArray[np.float64]:
    """How much each point follows the other face: none at the outline and the mouth, `_IDENTITY` far from both."""
    places = canonical.places()
    outline = places[OVAL_RING]
    start, edge = outline, np.roll(outline, -1, axis=0) - outline
    along = ((places[:, None] - start) * edge).sum(axis=-1) / (edge**2).sum(axis=-1)
    nearest = start + np.clip(along, 0, 1)[..., None] * edge  # (468, 36, 2)
    inward = np.linalg.norm(places[:, None] - nearest, axis=-1).min(axis=1)
    rise = np.clip(inward / _RIM, 0, 1)
    mouth = places[MOUTH_RING].mean(axis=0)
    away = np.hypot(*((places - mouth) / _MOUTH).T)
    return np.asarray(_IDENTITY * rise**2 * (3 - 2 * rise) * np.clip(1.6 * away - 0.6, 0, 1))
