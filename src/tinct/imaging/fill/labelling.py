"""Which way each pixel of a hole copies: the layout of candidate ways whose seams show least."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.offset_field import SIDES, Ints
from tinct.imaging.fill.scene import Array, Flags, Scene

__all__ = ["cheapest_labels"]

Numbers = NDArray[np.int64]

_SWEEPS = 6
_FORBIDDEN = np.float32(100)  # cost of a way that leads to nothing known
_SEAM = np.float32(2e-4)  # cost of any seam, so that few are made where all are invisible
_SLOPE = 1.5  # weight of slopes beside colours: lines must go on, not only tones
_FOREIGN = np.float32(0.05)
"""Weight of colours that do not lie around the hole: what was hidden is mostly more of what surrounds it."""
_AROUND = 6  # pixels
_PALETTE = 200  # colours of the surroundings that are compared
_RIM = 2  # pixels; what is known so far around a pixel has a say in its way


def cheapest_labels(
    scene: Scene, shifts: Ints, *, prices: Array | None = None, tolls: Array | None = None
) -> Numbers:
    """Choose a way for each pixel.

    Parameters
    ----------
    scene : Scene
    shifts : ndarray, (k, 2), int32
        Candidate ways, down and right.
    prices : ndarray, (h, w), float32, optional
        What copying each pixel costs; by default, how foreign its colour is to what lies around the hole.
    tolls : ndarray, (k,), float32, optional
        What taking each way costs at every pixel.

    Returns
    -------
    ndarray, (n,), int64
        Number of the way of each pixel of the hole, in the order of ``np.nonzero(scene.hole)``.
    """
    prices = _FOREIGN * _foreign(scene) if prices is None else prices
    return _MarkovField(scene, shifts, prices, tolls).solve()


class _MarkovField:
    """Pixels of a hole as nodes, candidate ways as their labels."""

    def __init__(self, scene: Scene, shifts: Ints, prices: Array, tolls: Array | None) -> None:
        self._rows, self._columns = np.nonzero(scene.hole)
        number = np.full((scene.size[0] + 2, scene.size[1] + 2), -1, np.int64)
        number[self._rows + 1, self._columns + 1] = np.arange(len(self._rows))
        self._beside = [number[self._rows + 1 + i, self._columns + 1 + j] for i, j in SIDES]
        features = _features(scene.lab)
        rows, columns = self._rows[:, None] + shifts[:, 0], self._columns[:, None] + shifts[:, 1]
        seen, known = _look(features, scene.known, rows, columns)  # (n, k, c), (n, k)
        self._apart = _apart(seen)  # (n, k, k)
        asked, _ = _look(prices[..., None], scene.known, rows, columns)
        self._own = np.where(known, asked[..., 0] + (0 if tolls is None else tolls), _FORBIDDEN)
        self._own = self._own.astype(np.float32, copy=False)
        self._own += self._rim(scene, features, shifts)

    def _rim(self, scene: Scene, features: Array, shifts: Ints) -> Array:
        """What known pixels around each node say against each way: (n, k)."""
        cost = np.zeros((len(self._rows), len(shifts)), np.float32)
        near = np.flatnonzero(_beside_known(scene, self._rows, self._columns))
        for i in range(-_RIM, _RIM + 1):
            for j in range(-_RIM, _RIM + 1):
                rows, columns = self._rows[near] + i, self._columns[near] + j
                mine, known = _look(features, scene.known, rows, columns)
                at = np.flatnonzero(known)
                to_rows, to_columns = rows[at, None] + shifts[:, 0], columns[at, None] + shifts[:, 1]
                theirs, also = _look(features, scene.known, to_rows, to_columns)
                gap = theirs - mine[at, None]
                weight = np.float32(np.exp(-(i * i + j * j - 1) / 2))
                cost[near[at]] += weight * np.where(also, np.einsum("nkc,nkc->nk", gap, gap), 0.05)
        return cost

    def solve(self) -> Numbers:
        """Min-sum belief propagation: messages along rows and columns, then the best label of each node."""
        messages = np.zeros((4, *self._own.shape), np.float32)  # by the side they come from
        lines = [self._lines(side) for side in range(4)]
        for _ in range(_SWEEPS):
            for side in range(4):
                for nodes, targets in lines[side]:
                    self._send(messages, side, nodes, targets)
        return np.asarray(np.argmin(self._own + messages.sum(axis=0), axis=1))

    def _lines(self, side: int) -> list[tuple[Numbers, Numbers]]:
        """Nodes with a neighbour on a side, and those neighbours, line by line in that direction."""
        place = self._columns if SIDES[side][0] == 0 else self._rows
        nodes = np.flatnonzero(self._beside[side] >= 0)
        order = place[nodes] * (1 if sum(SIDES[side]) > 0 else -1)
        nodes = nodes[np.argsort(order, kind="stable")]
        cuts = np.flatnonzero(np.diff(place[nodes])) + 1
        return [(part, self._beside[side][part]) for part in np.split(nodes, cuts) if len(part)]

    def _send(self, messages: Array, side: int, nodes: Numbers, targets: Numbers) -> None:
        """Tell neighbours on one side what each of their labels would cost here at least."""
        back = (side + 2) % 4
        belief = self._own[nodes] + messages[:, nodes].sum(axis=0) - messages[side, nodes]
        joint = self._apart[nodes] + self._apart[targets]  # (m, k, k)
        joint += belief[:, None, :]
        heard = joint.min(axis=2)
        messages[back, targets] = heard - heard.min(axis=1, keepdims=True)


def _foreign(scene: Scene) -> Array:
    """How far each pixel's colour is from all that lie around the hole, squared: (h, w)."""
    near = cv2.dilate(scene.hole.astype(np.uint8), np.ones((2 * _AROUND + 1,) * 2, np.uint8)) > 0
    around = scene.lab[near & scene.known]
    if not len(around):
        return np.zeros(scene.size, np.float32)
    palette = around[np.linspace(0, len(around) - 1, min(len(around), _PALETTE)).astype(np.int64)]
    norms = np.einsum("ij,ij->i", palette, palette)
    flat = scene.lab.reshape(-1, 3)
    least = (norms - 2 * (flat @ palette.T)).min(axis=1) + np.einsum("ij,ij->i", flat, flat)
    return np.asarray(np.maximum(least, 0), np.float32).reshape(scene.size)


def _features(lab: Array) -> Array:
    slopes = [cv2.Sobel(lab[..., 0], cv2.CV_32F, *order, scale=_SLOPE / 8) for order in ((1, 0), (0, 1))]
    return np.dstack([lab, *slopes]).astype(np.float32)


def _look(features: Array, known: Flags, rows: Numbers, columns: Numbers) -> tuple[Array, Flags]:
    inside = (rows >= 0) & (rows < known.shape[0]) & (columns >= 0) & (columns < known.shape[1])
    rows, columns = np.where(inside, rows, 0), np.where(inside, columns, 0)
    return features[rows, columns], inside & known[rows, columns]


def _apart(seen: Array) -> Array:
    """Half the cost of a seam at each node between each two labels: squared difference of what they show."""
    norms = np.einsum("nkc,nkc->nk", seen, seen)
    apart = norms[:, :, None] + norms[:, None, :] - 2 * np.matmul(seen, seen.transpose(0, 2, 1))
    np.maximum(apart, 0, out=apart)
    apart += _SEAM * (1 - np.eye(seen.shape[1], dtype=np.float32))
    return np.asarray(apart, np.float32)


def _beside_known(scene: Scene, rows: Numbers, columns: Numbers) -> Flags:
    return cv2.dilate(scene.known.astype(np.uint8), np.ones((3, 3), np.uint8))[rows, columns] > 0
