"""What stands out against its surroundings, judged pixel by pixel: by looks, then by what was said of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinct.imaging.damage.context import around
from tinct.imaging.damage.features import Array, Ints, candidates
from tinct.imaging.damage.pieces import pieces
from tinct.models.runtime import session

__all__ = ["CONTEXT", "LOOKS", "Suspects", "heard_again", "probabilities", "suspected"]

LOOKS, CONTEXT = "damage-looks", "damage-context"
"""Ids of the two judges in the manifest."""
_SUSPECTED = 0.1  # probability from which the second is asked
_TILE, _MARGIN = 512, 48  # pixels that are judged at once, and around them
_AT_ONCE = 1 << 16  # candidates


@dataclass(frozen=True, eq=False)
class Suspects:
    """Pixels that the first judge holds for damage, bright or dark."""

    rows: Ints
    columns: Ints
    features: Array
    """(n, f), as the first judge saw them."""


def suspected(lab: Array) -> tuple[Array, tuple[Suspects, Suspects]]:
    """How sure the first judge is that each pixel is bright damage, and dark (2, h, w), and those it suspects."""
    out = np.zeros((2, *lab.shape[:2]), np.float32)
    kept: tuple[list[Suspects], list[Suspects]] = ([], [])
    judge = session(LOOKS)
    for inner, outer, within in pieces(lab.shape[0], lab.shape[1], _TILE, _MARGIN):
        seen_lab = lab[outer]
        for number, sign in enumerate((1, -1)):
            found = candidates(seen_lab, sign)
            seen = np.zeros(seen_lab.shape[:2], np.float32)
            for begin in range(0, len(found.rows), _AT_ONCE):
                part = slice(begin, begin + _AT_ONCE)
                seen[found.rows[part], found.columns[part]] = judge.apply(found.features[part])[:, 0]
            out[number][inner] = seen[within]
            mine = seen[found.rows, found.columns] > _SUSPECTED
            for index, span in ((found.rows, within[0]), (found.columns, within[1])):
                mine &= (index >= span.start) & (index < span.stop)
            kept[number].append(
                Suspects(
                    found.rows[mine] + outer[0].start,
                    found.columns[mine] + outer[1].start,
                    found.features[mine],
                )
            )
    return out, (_joined(kept[0]), _joined(kept[1]))


def _joined(parts: list[Suspects]) -> Suspects:
    return Suspects(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.features for part in parts]),
    )


def probabilities(lab: Array) -> Array:
    """How sure it is that each pixel is bright damage, and dark: (2, h, w)."""
    return heard_again(*suspected(lab))


def heard_again(sure: Array, suspects: tuple[Suspects, Suspects]) -> Array:
    """What the second judge says (2, h, w) of what the first suspects; of all else nothing."""
    out = np.zeros_like(sure)
    judge = session(CONTEXT)
    for number, some in enumerate(suspects):
        features = np.concatenate([some.features, around(sure, number, some.rows, some.columns)], axis=1)
        for begin in range(0, len(features), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            out[number][some.rows[part], some.columns[part]] = judge.apply(features[part])[:, 0]
    return out
