"""A pool of recolourings of a photo, seen at some of its pixels, and the choice of a few that lie far apart.

What a map will make of those pixels is known before it is made: the fit is linear, so its answer to a turn of each
cluster is found once, and every candidate is a sum of those answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pool", "distinct", "far_apart", "perceived"]

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

_SWAPS: Final = 3  # rounds in which each chosen one may be exchanged
_WORTH: Final = 2.0  # CIEDE2000 of distance that a nat is worth
_CHROMA: Final = np.float32(0.045)  # by which CIEDE2000 divides a step of chroma, per unit of it


def perceived(chroma: Array) -> Array:
    """a*, b* (..., 2) where a Euclidean distance is about CIEDE2000 at equal lightness: what is vivid counts less."""
    size = np.maximum(np.hypot(chroma[..., 0], chroma[..., 1]), np.float32(1e-3))
    return np.asarray(chroma * (np.log1p(_CHROMA * size) / (_CHROMA * size))[..., None], np.float32)


@dataclass(frozen=True, eq=False)
class Pool:
    """What can be chosen from: n candidates seen at m pixels."""

    places: Array
    """(n, m, 2) their colours, as `perceived`."""
    home: Array
    """(m, 2) those of the photo."""
    likely: Floats
    """(n,) mean log-likelihood beside that of the photo, nats."""
    odd: Floats
    """(n,) what counts against each, in units of distance."""

    _rows: dict[int, Floats] = field(default_factory=dict)

    def row(self, number: int) -> Floats:
        """Mean distance of each candidate from one of them: (n,)."""
        if number not in self._rows:
            self._rows[number] = self.away(self.places[number])
        return self._rows[number]

    def away(self, place: Array) -> Floats:
        """Mean distance of each candidate from `place` (m, 2): (n,)."""
        gap = self.places - place
        return np.asarray(np.sqrt((gap * gap).sum(axis=-1)).mean(axis=1), np.float64)


def far_apart(
    pool: Pool, allowed: NDArray[np.bool_], count: int, *, enough: float, from_photo: float
) -> tuple[list[int], float]:
    """Numbers of `count` candidates, and the least distance of any two, or of one from the photo.

    The farthest from those chosen before comes next (Gonzalez 1985, "Clustering to minimize the maximum intercluster
    distance"); then each may be exchanged.

    Parameters
    ----------
    pool : Pool
    allowed : ndarray, (n,), bool
        At least one.
    count : int
    enough : float
        Distance beyond which no more is sought, but what is likely and not odd.
    from_photo : float
        What a distance from the photo counts beside one from another candidate.
    """
    home = pool.away(pool.home) * from_photo
    merit = np.where(allowed, _WORTH * pool.likely - pool.odd, -np.inf)

    def best(others: list[int]) -> int:
        near = np.minimum.reduce([home, *(pool.row(one) for one in others)])
        return int((np.minimum(near, enough) + merit).argmax())

    def least(chosen: list[int]) -> float:
        apart = [float(pool.row(a)[b]) for a in chosen for b in chosen if a != b]
        return min([*apart, *(float(home[one]) for one in chosen)])

    first = [best([])]
    if count > 1:
        first += [int(merit.argmax()), int(np.where(allowed, home, -1).argmax())]
    found = []
    for start in dict.fromkeys(first):
        chosen = [start]
        while len(chosen) < count:
            chosen.append(best(chosen))
        for _ in range(_SWAPS if count > 1 else 0):
            before = list(chosen)
            for place in range(count):
                chosen[place] = best(chosen[:place] + chosen[place + 1 :])
            if chosen == before:
                break
        found.append((chosen, least(chosen)))
    return max(found, key=lambda each: min(each[1], enough))


def distinct(pool: Pool, chosen: list[int], clear: float) -> int:
    """How many of the `chosen` lie `clear` from the photo and from those before them that do."""
    kept = [pool.home]
    for number in chosen:
        place = pool.places[number]
        if all(float(np.linalg.norm(place - other, axis=-1).mean()) >= clear for other in kept):
            kept.append(place)
    return len(kept) - 1
