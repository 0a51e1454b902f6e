"""Marks: connected pixels that may be damage, described one by one and by what else there is in the photo.

One thing that looks like a scratch may be a wire, and a photo may have a thousand specks that are leaves. What else
was found says which: on a worn print there are many sure marks, on one of a hedge many doubtful ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.beside import OF_PLACE, of_place

__all__ = ["FEATURES", "Marks", "marks_of"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]

_GROWN = 0.5  # log-odds from which pixels hang together
_LIKELY = 1.0  # from which a pixel is more likely damage than not
_DOUBTFUL = -3.0  # from which one looks a little like it
_SPECK = 80  # pixels that a speck has at most
_SURE = (1.0, 3.0, 5.0)  # log-odds of the surest pixel, by which marks are counted
_AROUND = 61  # pixels
_SIZE = 250_000  # pixels to which counts refer
OF_ITSELF = (
    *("area", "extent", "slenderness", "width", "surest", "mean", "total"),
    *("seen_most", "seen_mean", "likely", "around"),
)
OF_OTHERS = (
    *("specks_1", "specks_3", "specks_5", "lines_1", "lines_3", "lines_5"),
    *("doubted", "certain", "doubtful"),
)
FEATURES = OF_ITSELF + OF_OTHERS + OF_PLACE
"""What is known of a mark."""


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks of a photo."""

    of: NDArray[np.int32]
    """(h, w): the number of the mark that a pixel belongs to, from 1; 0 where there is none."""
    features: Array
    """(n, len(FEATURES)) of mark 1, 2, ..."""

    def kept(self, which: Flags) -> Flags:
        """Pixels (h, w) of the marks (n,)."""
        return np.asarray(np.concatenate([[False], which])[self.of])


def marks_of(lab: Array, odds: Array, seen: Array) -> Marks:
    """Find marks.

    Parameters
    ----------
    lab : ndarray, (h, w, 3), float32
        CIELAB.
    odds, seen : ndarray, (h, w), float32
        Log-odds of damage, and what the network alone says.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (odds > _GROWN).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    of = np.asarray(labels, np.int32)
    if count == 1:
        return Marks(of, np.zeros((0, len(FEATURES)), np.float32))
    inside = np.flatnonzero(of)
    own = _Own(of.ravel()[inside], np.asarray(stats), odds.ravel()[inside])
    more = [own.most(seen.ravel()[inside]), own.mean(seen.ravel()[inside])]
    rows, columns = np.divmod(inside, of.shape[1])
    described = own.described(rows, columns)
    likely = own.mean((odds.ravel()[inside] > _LIKELY).astype(np.float64))
    doubtful = odds > _DOUBTFUL
    near = cv2.blur(doubtful.astype(np.float32), (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT)
    around = own.mean(near.ravel()[inside]) - own.area / _AROUND**2
    size = odds.size / _SIZE
    weak = float((doubtful & (odds < _GROWN)).mean())
    features = [*described, *more, likely, np.log(np.maximum(around, 0) + 1e-3)]
    features += [*own.others(size), np.full(count - 1, np.log(weak + 1e-4))]
    alone = np.stack(features, axis=1).astype(np.float32)
    return Marks(of, np.concatenate([alone, of_place(of, lab, odds, seen)], axis=1))


class _Own:
    """Sums over the pixels of each mark; all are (n,)."""

    def __init__(self, of: NDArray[np.int32], stats: NDArray[np.int32], odds: Array) -> None:
        self.of, self.count = np.asarray(of, np.int64), len(stats)
        boxes: Numbers = stats[1:].astype(np.float64)
        self.area: Numbers = boxes[:, cv2.CC_STAT_AREA]
        self.extent: Numbers = np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
        self.surest = self.most(odds)
        self.level = self.mean(odds)
        self.total: Numbers = np.asarray(
            np.bincount(self.of, np.maximum(odds, 0), self.count)[1:], np.float64
        )

    def mean(self, values: NDArray[Any]) -> Numbers:
        return np.asarray(np.bincount(self.of, values, self.count)[1:] / self.area)

    def most(self, values: NDArray[Any]) -> Numbers:
        out = np.full(self.count, -np.inf)
        np.maximum.at(out, self.of, values)
        return out[1:]

    def described(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> list[Numbers]:
        """Size, extent, slenderness, width across its main direction; how sure."""
        y, x = self.mean(rows), self.mean(columns)
        dy, dx = rows - y[self.of - 1], columns - x[self.of - 1]
        yy, xx, xy = self.mean(dy * dy), self.mean(dx * dx), self.mean(dx * dy)
        apart = np.sqrt(np.maximum((yy - xx) ** 2 + 4 * xy**2, 0))
        across = np.sqrt(np.maximum((yy + xx - apart) / 2, 0))
        return [
            np.log(self.area),
            np.log(self.extent),
            np.log(self.extent**2 / self.area),
            np.log(across + 0.3),
            self.surest,
            self.level,
            np.log1p(self.total),
        ]

    def others(self, size: float) -> list[Numbers]:
        """How many specks, what length of lines, at each of three levels; how many are doubted; what is certain."""
        small = self.area < _SPECK
        out = []
        for least in _SURE:
            speck = (small & (self.surest > least)).astype(np.float64)
            out.append(np.log((speck.sum() - speck) / size + 0.5))
        for least in _SURE:
            line = np.where(~small & (self.surest > least), self.extent, 0)
            out.append(np.log((line.sum() - line) / size + 20))
        doubted = (self.surest < _SURE[0]).astype(np.float64)
        out.append(np.log((doubted.sum() - doubted) / size + 1))
        sure = np.where(self.surest > _SURE[2], self.total, 0)
        out.append(np.log((sure.sum() - sure) / size + 20))
        return out
