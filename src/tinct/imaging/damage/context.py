"""What lies around a pixel that looks damaged: is it part of something long, and is there more of it in the photo?

A whisker and a scratch look alike through a hole of thirty pixels. So a second judge hears what the first said of all
other pixels, and what the network says (auto-context: Tu 2008, "Auto-context and its application to high-level vision
tasks").
"""

from __future__ import annotations

import cv2
import numpy as np

from tinct.imaging.damage.features import Array, Ints, line_means

__all__ = ["Seen", "around"]

_WIDTHS = (2.0, 6.0, 20.0)  # pixels, standard deviations
_LIKELY = 0.5  # probability from which pixels hang together
_CERTAIN = 0.98  # from which pixels of the photo are counted
_SURE_ODDS = 2.0  # log-odds of the network from which they are, by it
_DOUBTED = (-4.0, 0.0)  # between which it doubts


def around(sure: Array, number: int, rows: Ints, columns: Ints) -> Array:
    """Describe some pixels by what was said of others.

    Parameters
    ----------
    sure : ndarray, (2, h, w), float32
        The first judge's probabilities of bright and of dark damage.
    number : int
        Which of the two is asked about.
    rows, columns : ndarray, (n,)

    Returns
    -------
    ndarray, (n, f), float32
    """
    own, other = sure[number], sure[1 - number]
    at = rows, columns
    out: list[Array] = [_odds(own[at]), _odds(other[at])]
    blurred = [cv2.GaussianBlur(own, (0, 0), width) for width in _WIDTHS]
    out += [one[at] for one in blurred]
    out += [cv2.GaussianBlur(other, (0, 0), width)[at] for width in _WIDTHS[1:]]
    lines = line_means(own, (13, 37))[0]
    half = cv2.resize(
        own, (max(1, own.shape[1] // 2), max(1, own.shape[0] // 2)), interpolation=cv2.INTER_AREA
    )
    far = line_means(np.asarray(half, np.float32), (45,))[0][0]
    h, w = far.shape
    lines.append(far[np.minimum(rows // 2, h - 1), np.minimum(columns // 2, w - 1)])
    out += [lines[0][at], lines[1][at], lines[2]]
    out += [lines[1][at] / (blurred[2][at] + 0.02), lines[0][at] / (blurred[1][at] + 0.02)]
    out += _parts(own, at)
    certain = np.log10(1e-4 + (sure > _CERTAIN).mean())
    out.append(np.full(len(rows), certain, np.float32))
    return np.stack([np.asarray(values, np.float32) for values in out], axis=1)


class Seen:
    """What the network says (h, w) of a photo, in log-odds, in maps to be asked about single pixels."""

    def __init__(self, seen: Array) -> None:
        sure = np.asarray(1 / (1 + np.exp(-seen)), np.float32)
        half = sure.shape[1] // 2 + 1, sure.shape[0] // 2 + 1
        fine = np.asarray(cv2.resize(sure, half, interpolation=cv2.INTER_AREA), np.float32)
        doubted = ((seen > _DOUBTED[0]) & (seen < _DOUBTED[1])).astype(np.float32)
        self._fine = [seen, np.asarray(cv2.dilate(seen, np.ones((5, 5), np.uint8)), np.float32)]
        self._fine += [np.asarray(cv2.GaussianBlur(sure, (0, 0), _WIDTHS[0]), np.float32)]
        coarse = [cv2.GaussianBlur(fine, (0, 0), width / 2) for width in _WIDTHS[1:]]
        spread = cv2.resize(doubted, half, interpolation=cv2.INTER_AREA)
        coarse += [*line_means(fine, (9, 25))[0], cv2.GaussianBlur(spread, (0, 0), _WIDTHS[2] / 2)]
        self._coarse = [np.asarray(one, np.float32) for one in coarse]
        self._whole = [np.log10(1e-4 + part) for part in ((seen > _SURE_ODDS).mean(), doubted.mean())]

    def at(self, rows: Ints, columns: Ints) -> Array:
        """Describe some pixels: (n, 10)."""
        out = [one[rows, columns] for one in self._fine]
        out += [one[rows // 2, columns // 2] for one in self._coarse]
        out += [np.full(len(rows), value, np.float32) for value in self._whole]
        return np.stack(out, axis=1).astype(np.float32)


def _odds(sure: Array) -> Array:
    bounded = np.clip(sure, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float32)


def _parts(own: Array, at: tuple[Ints, Ints]) -> list[Array]:
    """Of the connected part that each pixel is in: its size, extent, slenderness, and how sure it is."""
    likely = (own > _LIKELY).astype(np.uint8)
    number, labels, stats, _ = cv2.connectedComponentsWithStats(likely, connectivity=8, ltype=cv2.CV_32S)
    which = np.asarray(labels)[at]
    area = stats[:, cv2.CC_STAT_AREA].astype(np.float32)
    extent = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]).astype(np.float32)
    inside = np.flatnonzero(likely.ravel())
    of, odds = np.asarray(labels, np.int64).ravel()[inside], _odds(own.ravel()[inside])
    total = np.bincount(of, odds, number).astype(np.float32)
    most = np.zeros(number, np.float32)
    np.maximum.at(most, of, odds)
    for values in (area, extent, total, most):
        values[0] = 0
    slender = extent * extent / np.maximum(area, 1)
    mean = total / np.maximum(area, 1)
    return [
        *(np.log1p(np.maximum(values, 0))[which] for values in (area, extent, total, slender)),
        mean[which],
        most[which],
    ]
