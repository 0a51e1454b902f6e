"""What stands out against its surroundings, judged pixel by pixel: by looks, then by what was said of others.

The second judge has the last word on every pixel that the first suspects: it hears the looks, what the first said all
around, and what the network says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tinct.imaging.damage.context import Seen, around
from tinct.imaging.damage.features import Array, Ints, candidates
from tinct.imaging.damage.pieces import pieces
from tinct.models.runtime import session

__all__ = ["CONTEXT", "LOOKS", "Suspects", "describe", "judged", "last_word", "suspected"]

LOOKS, CONTEXT = "damage-looks", "damage-context"
"""Ids of the two judges in the manifest."""
_SUSPECTED = 0.1  # probability from which the second is asked
_UNSUSPECTED = -6.0  # log-odds that are added to the network's of other pixels
_MOST = 9.0  # beyond which the second is not believed
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


def describe(sure: Array, number: int, some: Suspects, seen: Seen) -> Array:
    """Numbers (n, 77) that the second judge hears of one kind of suspects, bright (0) or dark (1)."""
    beside = around(sure, number, some.rows, some.columns)
    return np.concatenate([some.features, beside, seen.at(some.rows, some.columns)], axis=1)


def judged(lab: Array, seen: Array) -> Array:
    """Log-odds (h, w) of damage, of CIELAB (h, w, 3) and the network's log-odds (h, w)."""
    sure, suspects = suspected(lab)
    maps = Seen(seen)
    words = []
    for number, some in enumerate(suspects):
        features = describe(sure, number, some, maps)
        parts = [features[begin : begin + _AT_ONCE] for begin in range(0, len(features), _AT_ONCE)]
        said = np.concatenate(
            [np.zeros(0, np.float32), *(session(CONTEXT).apply(part)[:, 0] for part in parts)]
        )
        words.append((some.rows, some.columns, said))
    return last_word(seen, words)


def last_word(seen: Array, words: Iterable[tuple[Ints, Ints, Array]]) -> Array:
    """Log-odds (h, w): by the second judge's probabilities (n,) of some pixels, by the network's odds of others."""
    out = np.full(seen.shape, -np.inf, np.float32)
    least = 1 / (1 + np.exp(_MOST))
    for rows, columns, sure in words:
        bounded = np.clip(sure.astype(np.float64), least, 1 - least)
        out[rows, columns] = np.maximum(out[rows, columns], np.log(bounded / (1 - bounded)))
    return np.asarray(np.where(np.isfinite(out), out, seen + np.float32(_UNSUSPECTED)), np.float32)
