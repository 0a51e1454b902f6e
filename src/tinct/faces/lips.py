"""The outline of lips, laid where the photo's own colours change.

The mesh gives lips to within a few hundredths of their width, which lipstick shows: skin is painted, or a rim of lip is
not. Here the outline moves along its normals to where what is like the lips beside it ends and what is like the skin
beside it begins. All places are decided together by dynamic programming around the ring (Geiger et al. 1995, "Dynamic
programming for detecting, tracking, and matching deformable contours"). Where lips and skin look alike it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.points import LIPS_RING, MOUTH_RING
from tinct.faces.regions import filled

__all__ = ["between", "lips", "opening", "outline", "softness"]

Array = NDArray[np.float32]
Points = NDArray[np.float64]

_PLACES: Final = 96  # around the ring
_REACH: Final = 0.06  # how far the outline may move, of the width of the lips
_STEPS: Final = 10  # in which it moves by as much
_BESIDE: Final = 8  # places over which what lips and skin look like is averaged, to either side
_ALIKE, _APART = 1.6, 3.2  # distance of lips and skin, in their spread, that tells nothing, and all
_STAY, _BEND = 0.2, 0.1
"""Costs of the whole reach and of a step between neighbours; a place wholly wrong costs 1."""
_EVEN: Final = 3  # places over which the moves are averaged at last: what is finer is noise and pixels
_CORNERS: Final = 0.12  # of the width at either end, where normals cross and the outline stays
_SIDES: Final = np.arange(-2 * _STEPS, 2 * _STEPS + 1) / _STEPS
"""Samples across a ring, in its reach; the outer half on each side is beside it."""
_LEAST_IN, _MOST_IN, _PARTED = 0.03, 0.07, 0.1
"""The same for the outline of an open mouth: laughs stretch lips thin, and only lips that are hardly parted show
much of their wet rim. The last less 0.4 times the height of the opening lies between the first two."""
_UNLIKE: Final = 2.5  # distance from the lip beside it, in its spread, from which on something is no lip
_FEW: Final = 50  # samples of lips that tell nothing
_GRAIN: Final = (0.01, 0.005, 0.005)  # least spread of lips, squared
_FACING: Final = -0.3  # cosine of the normals of places on two sides
_OPEN: Final = 0.035  # mean height of an open mouth, of the width of the lips


def lips(light: Array, points: Points) -> Array:
    """The mask of lips: within their outline, without what shows between them.

    Parameters
    ----------
    light : ndarray, (h, w, 3), float32
        Logarithms of linear light of the part of a photo that holds the face.
    points : ndarray, (478, 3), float64
        The mesh in its pixels.

    Returns
    -------
    ndarray, (h, w), float32
        0..1, edges antialiased. A mouth that is shut has nothing between the lips.
    """
    mask = filled([outline(light, points)], light.shape[:2])
    return np.asarray(np.clip(mask - between(light, points), 0, 1), np.float32)


def between(light: Array, points: Points) -> Array:
    """The mask of what shows between lips, nothing where the mouth is shut; parameters and result as of `lips`."""
    shape = light.shape[:2]
    return filled([opening(light, points)], shape) if _is_open(points) else np.zeros(shape, np.float32)


def outline(light: Array, points: Points) -> Points:
    """Their outer outline, closed: (96, 2), x and y in pixels; parameters as of `lips`."""
    ring, normals = _ring(points, LIPS_RING)
    reach = np.full(len(ring), _REACH * _width(points))
    at = _around(ring, normals, reach)
    seen = _sampled(light, at, max(0.5, reach[0] / _STEPS))
    likeness, sure = _likeness(seen, _within(at, points[MOUTH_RING, :2]))
    return _moved(ring, normals, reach, likeness, sure, _stay(ring, points, _CORNERS, _STAY))


def softness(light: Array, points: Points) -> float:
    """How softly lips end in the skin: the deviation in pixels of the blur that a sharp edge would have; 0 is unknown.

    Parameters as of `lips`. The mean over those places of the outline where lips and skin are told apart.
    """
    reach = np.full(_PLACES, _REACH * _width(points))
    ring = outline(light, points)
    along = np.roll(ring, -2, axis=0) - np.roll(ring, 2, axis=0)
    normals = np.column_stack([along[:, 1], -along[:, 0]])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    normals *= np.sign(((ring - ring.mean(axis=0)) * normals).sum())
    at = _around(ring, normals, reach)
    likeness, sure = _likeness(_sampled(light, at, 0.5), _within(at, points[MOUTH_RING, :2]))
    sure[_stay(ring, points, _CORNERS, 0) > 0] = 0
    if sure.sum() < _PLACES / 8:
        return 0.0
    profile = (likeness * sure[:, None]).sum(axis=0) / sure.sum()
    inner, outer = (float(profile[(_SIDES * side > 0.6) & (_SIDES * side < 1.4)].mean()) for side in (-1, 1))
    near = np.abs(_SIDES) <= 0.5
    # an edge blurred by s is as steep, at most, as (inner - outer) / (s sqrt(2 pi))
    steepest = float(-np.gradient(profile)[near].min()) * _STEPS / reach[0]
    return float((inner - outer) / np.sqrt(2 * np.pi) / max(steepest, 1e-6))


def opening(light: Array, points: Points) -> Points:
    """The outline of what shows between parted lips, closed: (96, 2); parameters as of `lips`.

    The mesh often has the wet rim of the upper lip in it, which is lit otherwise than the lip but has its hue.
    """
    ring, normals = _ring(points, MOUTH_RING)
    gap, width = _across_from(ring, normals), _width(points)
    reach = np.clip(_PARTED * width - 0.4 * gap.max(), _LEAST_IN * width, _MOST_IN * width)
    reach = np.minimum(reach, 0.5 * gap)
    at = _around(ring, normals, reach)
    seen = _sampled(light, at, max(0.5, reach.mean() / _STEPS))
    own = ((_SIDES > 0.4) & (_SIDES < 1.6))[None] & _within(at, points[LIPS_RING, :2])
    if own.sum() < _FEW:
        return ring
    middle = _beside(seen, own)
    spread = np.cov((seen - middle[:, None])[own], rowvar=False) + np.diag(_GRAIN)
    away = seen - middle[:, None]
    far = np.sqrt(np.einsum("psi,ij,psj->ps", away, np.linalg.inv(spread), away))
    unlike = np.clip(far / _UNLIKE - 1, -1, 1)
    stay = _stay(ring, points, _CORNERS / 2, _STAY / 4)
    return _moved(ring, normals, reach, unlike, np.ones(len(ring)), stay)


def _around(ring: Points, normals: Points, reach: Points) -> Points:
    """Places (n, steps, 2) across a ring, to twice its reach on either side."""
    return np.asarray(ring[:, None] + normals[:, None] * (_SIDES[:, None] * reach[:, None, None]))


def _moved(
    ring: Points, normals: Points, reach: Points, likeness: Points, sure: Points, stay: Points
) -> Points:
    """The ring where what is like its inside ends."""
    inside = np.cumsum((1 - likeness) / 2, axis=1)  # what it costs to call all up to a step the inside
    outside = np.cumsum(((1 + likeness) / 2)[:, ::-1], axis=1)[:, ::-1]
    cost = (inside + outside)[:, _STEPS : 3 * _STEPS + 1] / _STEPS
    moves = _SIDES[_STEPS : 3 * _STEPS + 1]
    near = np.exp(-0.5 * (np.arange(-3 * _EVEN, 3 * _EVEN + 1) / _EVEN) ** 2)
    chosen = moves[_cheapest(cost * sure[:, None] + stay[:, None] * moves**2)]
    chosen = np.convolve(np.pad(chosen, 3 * _EVEN, mode="wrap"), near / near.sum(), mode="valid")
    return np.asarray(ring + normals * (chosen * reach)[:, None], np.float64)


def _stay(ring: Points, points: Points, corners: float, cost: float) -> Points:
    """What it costs each place to move by its whole reach; near either end, of the width, far too much."""
    along = np.abs((ring - ring.mean(axis=0)) @ _across(points))
    return np.where(along > (1 - 2 * corners) * along.max(), 50.0, cost)


def _across_from(ring: Points, normals: Points) -> Points:
    """How far the other side of a ring is from each of its places."""
    away = np.linalg.norm(ring[:, None] - ring[None], axis=-1)
    away[normals @ normals.T > _FACING] = np.inf
    return np.asarray(np.minimum(away.min(axis=1), np.ptp(ring, axis=0).max()))


def _is_open(points: Points) -> bool:
    ring = points[MOUTH_RING, :2]
    height = np.linalg.norm(ring[1:10] - ring[:10:-1], axis=1).mean()
    return bool(height > _OPEN * _width(points))


def _width(points: Points) -> float:
    return float(np.linalg.norm(points[LIPS_RING[10], :2] - points[LIPS_RING[0], :2]))


def _across(points: Points) -> Points:
    return np.asarray((points[LIPS_RING[10], :2] - points[LIPS_RING[0], :2]) / max(_width(points), 1e-6))


def _ring(points: Points, numbers: Sequence[int]) -> tuple[Points, Points]:
    """Places at equal distances around an outline of the mesh, and the directions out of it."""
    ring = points[list(numbers), :2]
    closed = np.vstack([ring, ring[:1]])
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    wanted = np.linspace(0, lengths[-1], _PLACES, endpoint=False)
    places = np.column_stack([np.interp(wanted, lengths, closed[:, axis]) for axis in (0, 1)])
    along = np.roll(places, -2, axis=0) - np.roll(places, 2, axis=0)
    normals = np.column_stack([along[:, 1], -along[:, 0]])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    x, y = places.T
    turned = float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
    return places, normals if turned > 0 else -normals


def _sampled(light: Array, at: Points, blur: float) -> Points:
    """Lightness and two differences of colours at places (n, steps, 2)."""
    soft = cv2.GaussianBlur(light, (0, 0), blur)
    x, y = (np.asarray(at[..., axis], np.float32) for axis in (0, 1))
    found = np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)
    red, green, blue = found[..., 0], found[..., 1], found[..., 2]
    return np.stack([0.5 * (red + green + blue) / 3, red - green, green - blue], axis=-1)


def _within(at: Points, ring: Points) -> NDArray[np.bool_]:
    """Which places (..., 2) lie inside an outline (m, 2)."""
    edge = np.asarray(ring, np.float32)
    flat = [cv2.pointPolygonTest(edge, (float(x), float(y)), False) >= 0 for x, y in at.reshape(-1, 2)]
    return np.array(flat).reshape(at.shape[:2])


def _likeness(seen: Points, mouth: NDArray[np.bool_]) -> tuple[Points, Points]:
    """How like the lips (1) or the skin (-1) beside it each sample is, and how well these are told apart, 0..1.

    Linear discriminant with the means of each place's surroundings and one spread for all (Fisher 1936).
    """
    inside, outside = (_SIDES < -0.6)[None] & ~mouth, np.broadcast_to(_SIDES > 1, mouth.shape)
    inner, outer = _beside(seen, inside), _beside(seen, outside)
    rest = np.concatenate([(seen - inner[:, None])[inside], (seen - outer[:, None])[outside]])
    spread = np.cov(rest, rowvar=False) + 1e-4 * np.eye(3)
    between = inner - outer
    pull = np.linalg.solve(spread, between.T).T
    apart = np.maximum((pull * between).sum(axis=1), 1e-9)
    middle = (inner + outer) / 2
    likeness = 2 * ((seen - middle[:, None]) * pull[:, None]).sum(axis=-1) / apart[:, None]
    likeness = np.where(mouth, 1.0, np.clip(likeness, -1, 1))
    return likeness, np.clip((np.sqrt(apart) - _ALIKE) / (_APART - _ALIKE), 0, 1)


def _beside(seen: Points, chosen: NDArray[np.bool_]) -> Points:
    """Mean of the chosen samples of each place and its neighbours."""
    weight = chosen[..., None].astype(np.float64)
    total, count = (seen * weight).sum(axis=1), weight.sum(axis=1)
    near = np.exp(-0.5 * (np.arange(-2 * _BESIDE, 2 * _BESIDE + 1) / _BESIDE) ** 2)

    def spread(values: Points) -> Points:
        padded = np.pad(values, ((2 * _BESIDE, 2 * _BESIDE), (0, 0)), mode="wrap")
        return np.column_stack([np.convolve(column, near, mode="valid") for column in padded.T])

    return np.asarray(spread(total) / np.maximum(spread(count), 1e-6))


def _cheapest(cost: Points) -> NDArray[np.intp]:
    """The cheapest step of each place; neighbours differ by one at most. Twice around the ring, so that it closes."""
    again = np.vstack([cost, cost])
    total, came = again[0], np.zeros(again.shape, np.intp)
    numbers = np.arange(cost.shape[1])
    for place in range(1, len(again)):
        before = np.pad(total, 1, constant_values=np.inf)
        ways = np.stack([before[:-2] + _BEND, before[1:-1], before[2:] + _BEND])
        best = ways.argmin(axis=0)
        came[place] = np.clip(numbers + best - 1, 0, len(numbers) - 1)
        total = ways.min(axis=0) + again[place]
    path = [int(total.argmin())]
    for place in range(len(again) - 1, 0, -1):
        path.append(int(came[place, path[-1]]))
    half = len(cost) // 2
    return np.roll(np.array(path[::-1])[half : half + len(cost)], half)
