"""Find faces in a photo, from such that fill it down to a few pixels.

Two networks of MediaPipe look (Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond neural face detection on mobile
GPUs"): one for large faces at the whole photo, one for smaller faces at the whole and at tiles of it. Both give, for
each place of a grid, a score, a box and six points relative to the place, in pixels of their view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.faces.crop import Crops
from tinct.faces.views import View, views
from tinct.models.runtime import each, session
from tinct.photo.resize import resize

__all__ = [
    "FAR",
    "HEAD",
    "NEAR",
    "Detection",
    "detect",
    "detect_heads",
    "head_score",
    "overlap",
    "score_at",
    "side_of",
]

Array = NDArray[np.float64]

NEAR, FAR = "face-near", "face-far"
HEAD = 0.55
"""Least probability of a head: in photos without people it stays below 0.52."""
_NEAR_SIDE, _FAR_SIDE = 128, 192
_SCORE = 0.35  # least probability of a candidate; the mesh's own flag decides about it later
_SAME = 0.3  # intersection over union above which two boxes are one face
_CUT = 0.02  # a box so close to a tile's border, of its side, may be cut: another tile has it whole


@dataclass(frozen=True, eq=False)
class Detection:
    """A face as a detector sees it, in pixels of the photo.

    Parameters
    ----------
    box : ndarray, (4,), float64
        Left, top, width, height; from the brows to the chin.
    score : float
        Probability, 0..1.
    points : ndarray, (6, 2), float64
        x, y: the two eyes, nose, mouth, the two ears; the subject's right side first.
    """

    box: Array
    score: float
    points: Array


def detect(crops: Crops, *, small: bool = False) -> list[Detection]:
    """Candidates for faces, best first; none twice.

    Parameters
    ----------
    crops : Crops
        Of the photo.
    small : bool
        Also look for faces below 24 pixels, down to 14; takes several times as long.

    Raises
    ------
    MissingModelError, ModelError
        See :mod:`tinct.models.runtime`.
    """
    seen = each(_seen, views(crops, _FAR_SIDE, small=small))
    return _merged([one for found in seen for one in found])


def detect_heads(crops: Crops) -> list[Detection]:
    """Heads from any side, those from behind too, that take 1/14 of the longer side or more; best first.

    The far detector tells them beside faces; their points mean nothing. Balls are sometimes taken for heads.
    """
    view = next(iter(views(crops, _FAR_SIDE, small=False)))
    found = [one for one in _look(FAR, view, output=1) if one.score > HEAD]
    return _merged(found)


def _seen(view: View) -> list[Detection]:
    """What both detectors see in a view; the one for large faces looks at whole photos only."""
    near = _look(NEAR, _with_side(view, _NEAR_SIDE)) if view.whole else []
    return near + _look(FAR, view)


def head_score(rgb: NDArray[np.float32]) -> float:
    """The best score for a head in a square picture, (side, side, 3) sRGB 0..1; see :func:`detect_heads`."""
    scores, _, _ = _answer(FAR, resize(rgb, (_FAR_SIDE, _FAR_SIDE)), output=1)
    return float(scores.max())


def _places(side: int, grids: tuple[tuple[int, int], ...]) -> Array:
    """Centres (n, 2), in pixels of the view: `many` at every place of the grid of each stride."""
    centres = []
    for stride, many in grids:
        y, x = np.mgrid[: side // stride, : side // stride]
        centres.append(np.repeat((np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride, many, axis=0))
    return np.concatenate(centres)


_PLACES = {NEAR: _places(_NEAR_SIDE, ((8, 2), (16, 6))), FAR: _places(_FAR_SIDE, ((4, 1),))}


def _with_side(view: View, side: int) -> View:
    scale = view.scale * view.rgb.shape[0] / side
    return View(resize(view.rgb, (side, side)), scale, view.left, view.top, view.open, view.whole)


def score_at(name: str, rgb: NDArray[np.float32], share: float) -> float:
    """The best score for a face in the middle of a view that is `share` of its side wide; 0 where there is none.

    Parameters
    ----------
    name : str
        `NEAR` or `FAR`.
    rgb : ndarray, (side, side, 3), float32
        sRGB 0..1, of the detector's side; see :func:`side_of`.
    share : float
        Width of the face expected, of the view's.
    """
    scores, values, places = _answer(name, rgb)
    side = rgb.shape[0]
    centre, width = places + values[:, 1:3], values[:, 3]
    placed = (np.abs(centre - side / 2) < 0.3 * share * side).all(axis=1)
    sized = np.abs(width / (share * side) - 0.85) < 0.5
    fitting = scores[placed & sized]
    return float(fitting.max()) if fitting.size else 0.0


def side_of(name: str) -> int:
    """Side in pixels of the view that a detector sees."""
    return {NEAR: _NEAR_SIDE, FAR: _FAR_SIDE}[name]


def _answer(name: str, rgb: NDArray[np.float32], output: int = 0) -> tuple[Array, Array, Array]:
    """Scores (n,), the network's values (n, 17) and their places (n, 2) in a view."""
    net = session(name)
    (raw,) = net.run({"photo": rgb[None] * 2 - 1}, [net.outputs[output]])  # (1, n, 17)
    values = raw[0].astype(np.float64)
    return 1 / (1 + np.exp(-np.clip(values[:, 0], -50, 50))), values, _PLACES[name]


def _look(name: str, view: View, output: int = 0) -> list[Detection]:
    """Candidates in one view, but those that its border cuts where the photo goes on."""
    scores, values, places = _answer(name, view.rgb, output)
    start, side, found = np.array([view.left, view.top]), view.rgb.shape[0], []
    for at in np.flatnonzero(scores > _SCORE):
        centre, size = places[at] + values[at, 1:3], values[at, 3:5]
        low, high = centre - size / 2, centre + size / 2
        near = [*(low < _CUT * side), *(high > (1 - _CUT) * side)]
        if any(close and goes_on for close, goes_on in zip(near, view.open, strict=True)):
            continue
        points = places[at] + values[at, 5:].reshape(6, 2)
        box = np.concatenate([low * view.scale + start, size * view.scale])
        found.append(Detection(box, float(scores[at]), points * view.scale + start))
    return found


def _merged(found: list[Detection]) -> list[Detection]:
    """One for each face: the average of those that overlap the best, weighed by score."""
    waiting = sorted(found, key=lambda one: -one.score)
    merged = []
    while waiting:
        best = waiting[0]
        same = [one for one in waiting if overlap(one.box, best.box) > _SAME]
        waiting = [one for one in waiting[1:] if overlap(one.box, best.box) <= _SAME]
        weights = np.array([one.score for one in same]) / sum(one.score for one in same)
        box = np.tensordot(weights, [one.box for one in same], 1)
        points = np.tensordot(weights, [one.points for one in same], 1)
        merged.append(Detection(box, best.score, points))
    return merged


def overlap(one: Array, other: Array) -> float:
    """Intersection over union of two boxes (left, top, width, height)."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    return both / max(float(np.prod(one[2:]) + np.prod(other[2:])) - both, 1e-9)
