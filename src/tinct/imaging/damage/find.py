"""Find damage: judge each pixel that stands out, then keep what hangs together and is sure enough as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.context import around
from tinct.imaging.damage.features import Array, Ints, candidates
from tinct.models.runtime import session
from tinct.photo.color import srgb_to_lab

__all__ = ["CONTEXT", "LOOKS", "found_in", "probabilities", "suspected"]

Flags = NDArray[np.bool_]

LOOKS, CONTEXT = "damage-looks", "damage-context"
"""Ids of the two judges in the manifest."""
_SUSPECTED = 0.1  # probability from which the second is asked
_TILE, _MARGIN = 512, 48  # pixels that are judged at once, and around them
_AT_ONCE = 1 << 16  # candidates
_WORN = 0.001  # share of pixels that are certainly damaged from which a photo is a worn print
_SWAY = 4.0  # log-odds by which sensitivity moves what is asked for
_LEAST = 16  # pixels of a side of a photo in which damage can be told


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
    for inner, outer, within in _tiles(lab.shape[0], lab.shape[1]):
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


@dataclass(frozen=True)
class _Bounds:
    """What a connected part must have, in log-odds."""

    grown: float
    """Each of its pixels."""
    seed: float
    """The surest of them."""
    total: float
    """All of them together."""


_CERTAIN, _ALONE, _LIKELY = _Bounds(1, 5, 40), _Bounds(1, 6, 80), _Bounds(1, 2.5, 15)


def found_in(rgb: Array, sensitivity: float = 0.5) -> Flags:
    """Which pixels are damaged.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; longer side about 400 to 2000 pixels.
    sensitivity : float
        0 finds nothing, 1 all that might be.

    Returns
    -------
    ndarray, (h, w), bool
    """
    out = np.zeros(rgb.shape[:2], np.bool_)
    if sensitivity == 0 or min(out.shape) < _LEAST:
        return out
    more = (2 * sensitivity - 1) * _SWAY
    sure = probabilities(srgb_to_lab(rgb))
    odds = np.log(np.clip(sure, 1e-6, 1 - 1e-6) / np.clip(1 - sure, 1e-6, 1))
    certain = _parts(odds, _CERTAIN, more)
    # one thing in a photo that looks like a scratch may be a wire; on a worn print there are many
    return _parts(odds, _LIKELY, more) if certain.mean() > _WORN else _parts(odds, _ALONE, more)


def _parts(odds: Array, bounds: _Bounds, more: float) -> Flags:
    """Connected parts of bright damage (h, w) and of dark that are sure enough; `odds` are (2, h, w)."""
    out = np.zeros(odds.shape[1:], np.bool_)
    for one in odds:
        number, labels = cv2.connectedComponents(
            (one > bounds.grown - more).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
        )
        parts = np.asarray(labels)
        total = np.bincount(parts.ravel(), np.maximum(one, 0).ravel(), number)
        surest = np.full(number, -np.inf)
        inside = np.flatnonzero(parts)
        np.maximum.at(surest, parts.ravel()[inside], one.ravel()[inside])
        kept = (total >= bounds.total) & (surest >= bounds.seed - more)
        kept[0] = False
        out |= kept[parts]
    return out


def probabilities(lab: Array) -> Array:
    """How sure it is that each pixel is bright damage, and dark: (2, h, w)."""
    sure, suspects = suspected(lab)
    out = np.zeros_like(sure)
    judge = session(CONTEXT)
    for number, some in enumerate(suspects):
        features = np.concatenate([some.features, around(sure, number, some.rows, some.columns)], axis=1)
        for begin in range(0, len(features), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            out[number][some.rows[part], some.columns[part]] = judge.apply(features[part])[:, 0]
    return out


def _tiles(
    height: int, width: int
) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...], tuple[slice, ...]]]:
    """Of each tile its place, the place of what is looked at, and the first within the second."""
    for row in range(0, height, _TILE):
        for column in range(0, width, _TILE):
            inner = slice(row, min(row + _TILE, height)), slice(column, min(column + _TILE, width))
            outer = tuple(
                slice(max(i.start - _MARGIN, 0), min(i.stop + _MARGIN, end))
                for i, end in zip(inner, (height, width), strict=True)
            )
            within = tuple(
                slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True)
            )
            yield inner, outer, within
