"""A photo as a graph of colours: some tens of clusters, and how much any two of them share smooth areas.

This is what a fit from colours to colours alone lacks. A sky is one thing although its colours differ: its slices meet
in many pairs of pixels some way apart that look nearly alike with nothing between them. A roof against that sky meets
it along a line only. The pairs are sampled at a few fixed offsets, in the manner of affinities for spectral grouping
(Shi and Malik 2000, "Normalized cuts and image segmentation").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.space import from_srgb
from tinct.imaging.sample import Sample

__all__ = ["ColorGraph", "clusters", "deblocked", "drawn", "graph_of"]

Array = NDArray[np.float32]
Numbers = NDArray[np.intp]
Slices = tuple[slice, slice]

_SIDE: Final = 256  # longer side of the copy that is looked at
_LIGHT: Final = 0.6  # what L* counts beside a and b when colours are compared
_OFFSETS: Final = (  # rows, columns, weight
    (0, 6, 1.0), (6, 0, 1.0), (0, 14, 1.0), (14, 0, 1.0), (0, 28, 0.7), (28, 0, 0.7), (10, 10, 1.0), (10, -10, 1.0),
)  # fmt: skip
_ALIKE: Final = 7.0  # difference that two places of one smooth area rarely exceed
_DETOUR: Final = 6.0  # of the way between them beyond the straight one: texture, or a line
_TOUCH: Final = 0.12  # what a pair counts that lies in no smooth area
_PAIRS: Final = 1200  # drawn from each offset along rows or columns


@dataclass(frozen=True, eq=False)
class ColorGraph:
    """Colours of a photo and their bonds; h and w are those of a small copy, K the number of clusters."""

    colors: Array
    """(h, w, 3) L*, a, b, free of JPEG's chroma blocks."""
    weight: Array
    """(h, w) how much each pixel counts, 1 on average."""
    label: Numbers
    """(h, w) cluster of each pixel."""
    centre: Array
    """(K, 3) mean colour of each cluster."""
    area: Array
    """(K,) share of the photo, summing to 1."""
    bond: Array
    """(K, K) share of the pairs that join two clusters; symmetric, sums to 1."""
    pairs: tuple[Numbers, Numbers, Array]
    """Flat pixel numbers of pairs and how surely each lies in one smooth area."""

    @property
    def chroma(self) -> Array:
        """(K,) of the clusters."""
        return np.hypot(self.centre[:, 1], self.centre[:, 2])


def graph_of(source: Sample, count: int) -> ColorGraph:
    """Look at a photo.

    Parameters
    ----------
    source : Sample
        Its proxy and weights.
    count : int
        Most clusters.
    """
    rgb, weight = _small(source)
    colors = deblocked(from_srgb(rgb), weight)
    label, centre = clusters(colors, weight, count)
    area = np.bincount(label.ravel(), weight.ravel(), len(centre)) / weight.sum()
    bond, pairs = _bonds(colors, weight, label, len(centre))
    return ColorGraph(colors, weight, label, centre, area.astype(np.float32), bond, pairs)


def _small(source: Sample) -> tuple[Array, Array]:
    """The copy (h, w, 3), and weights (h, w) of mean 1."""
    height, width = source.rgb.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    rgb = cv2.resize(np.ascontiguousarray(source.rgb), size, interpolation=cv2.INTER_AREA)
    shares = source.weights.reshape(height, width)
    weight = cv2.resize(shares, size, interpolation=cv2.INTER_AREA)
    return np.asarray(rgb, np.float32), np.asarray(weight / weight.mean(), np.float32)


def deblocked(colors: Array, weight: Array, radius: int = 6, softness: float = 6.0) -> Array:
    """`colors` (h, w, 3) with chroma as a local linear function of L* (guided filter; He, Sun, Tang 2013).

    JPEG's blocks of chroma vanish and edges stay. Colours that lightness does not explain keep their own, and pixels of
    no `weight` (h, w) lend theirs to none.
    """
    counts = np.maximum(weight, 1e-3)[..., None]
    window = (2 * radius + 1, 2 * radius + 1)

    def blurred(plane: NDArray[np.floating[Any]]) -> Array:
        made = cv2.blur(np.ascontiguousarray(plane), window, borderType=cv2.BORDER_REFLECT_101)
        return np.asarray(made, np.float32).reshape(plane.shape)

    total = blurred(counts)

    def mean(plane: NDArray[np.floating[Any]]) -> Array:
        return np.asarray(blurred(plane * counts) / total)

    light, chroma = colors[..., :1], colors[..., 1:]
    mean_light, mean_chroma = mean(light), mean(chroma)
    variance = mean(light * light) - mean_light * mean_light
    slope = (mean(light * chroma) - mean_light * mean_chroma) / (variance + np.float32(softness))
    level = mean(mean_chroma - slope * mean_light)
    smooth = mean(slope) * light + level
    rest = np.linalg.norm(chroma - smooth, axis=-1, keepdims=True)
    own = np.clip((rest - 5) / 5, 0, 1)
    return np.concatenate([light, smooth + own * (chroma - smooth)], axis=-1).astype(np.float32)


def clusters(
    colors: Array, weight: Array, count: int, light: float = _LIGHT, cell: float = 5.0, rounds: int = 12
) -> tuple[Numbers, Array]:
    """Weighted k-means over the bins of a histogram, begun at heavy bins far apart; nothing is random.

    Parameters
    ----------
    colors : ndarray, (h, w, 3), float32
    weight : ndarray, (h, w), float32
    count : int
        Most clusters.
    light : float
        What a unit of L* counts.
    cell : float
        Side of a bin.
    rounds : int
        Of Lloyd's iteration.

    Returns
    -------
    label : ndarray, (h, w), intp
    centre : ndarray, (K, 3), float32
    """
    scale = np.array([light, 1, 1], np.float32)
    x = colors.reshape(-1, 3) * scale
    steps = np.floor(x / cell).astype(np.int64)
    steps -= steps.min(axis=0)
    sides = steps.max(axis=0) + 1
    _, inverse = np.unique(
        (steps[:, 0] * sides[1] + steps[:, 1]) * sides[2] + steps[:, 2], return_inverse=True
    )
    # Pixels that do not count are labelled all the same
    w = np.maximum(weight.ravel().astype(np.float64), 1e-9)
    n = int(inverse.max()) + 1
    mass = np.bincount(inverse, w, n).astype(np.float64)
    mean = np.column_stack([np.bincount(inverse, w * x[:, c], n) for c in range(3)]) / mass[:, None]
    centre = mean[_seeds(mean, mass, count)]
    for _ in range(rounds):
        own = ((mean[:, None] - centre) ** 2).sum(axis=2).argmin(axis=1)
        total = np.bincount(own, mass, len(centre))
        moved = np.column_stack([np.bincount(own, mass * mean[:, c], len(centre)) for c in range(3)])
        centre = np.where(total[:, None] > 0, moved / np.maximum(total, 1e-9)[:, None], centre)
    return own[inverse].reshape(colors.shape[:2]), (centre / scale).astype(np.float32)


def _seeds(mean: NDArray[np.float64], mass: NDArray[np.float64], count: int) -> list[int]:
    """Bins to begin with: each the heaviest once what lies near those already taken is discounted."""
    left, picked = mass.copy(), list[int]()
    for _ in range(min(count, len(mass))):
        best = int(left.argmax())
        if picked and left[best] <= 1e-6 * mass.sum():
            break
        picked.append(best)
        left = left * (1 - np.exp(-((mean - mean[best]) ** 2).sum(axis=1) / 14.0**2))
    return picked


def _bonds(
    colors: Array, weight: Array, label: Numbers, count: int
) -> tuple[Array, tuple[Numbers, Numbers, Array]]:
    """Bonds (K, K), and pairs for the fit."""
    soft = np.asarray(cv2.GaussianBlur(colors, (0, 0), 1.2), np.float32)
    number = np.arange(label.size).reshape(label.shape)
    rng = np.random.default_rng(0)
    bond = np.zeros(count * count)
    first, second, sure = list[Numbers](), list[Numbers](), list[Array]()
    for here, there, smooth, scale in _offsets(soft):
        both = scale * np.sqrt(weight[here] * weight[there])
        bond += np.bincount(
            (label[here] * count + label[there]).ravel(), (both * (_TOUCH + smooth)).ravel(), count**2
        )
        # Only along rows and columns is the way between them known
        if here[0] == there[0] or here[1] == there[1]:
            pick = rng.integers(0, smooth.size, _PAIRS)
            first.append(number[here].ravel()[pick])
            second.append(number[there].ravel()[pick])
            sure.append((both * smooth).ravel()[pick])
    square = bond.reshape(count, count)
    square = square + square.T
    square /= max(square.sum(), 1e-9)
    if not first:  # a photo of a few pixels
        none = np.zeros(1, np.intp)
        return square.astype(np.float32), (none, none, np.zeros(1, np.float32))
    return square.astype(np.float32), (np.concatenate(first), np.concatenate(second), np.concatenate(sure))


def _offsets(soft: Array) -> Iterator[tuple[Slices, Slices, Array, float]]:
    """For each offset: where its pairs begin and end, how surely each lies in one smooth area, and its weight."""
    height, width = soft.shape[:2]
    walks = [_walked(soft, axis) for axis in (0, 1)]
    for down, across, scale in _OFFSETS:
        if down >= height or abs(across) >= width:
            continue
        here = (slice(0, height - down), slice(max(0, -across), width - max(0, across)))
        there = (slice(down, height), slice(max(0, across), width - max(0, -across)))
        step = soft[here] - soft[there]
        gap = np.sqrt(_LIGHT**2 * step[..., 0] ** 2 + step[..., 1] ** 2 + step[..., 2] ** 2)
        smooth = np.exp(-((gap / _ALIKE) ** 2))
        if down and across:
            smooth = smooth * 0.5
        else:
            walk = walks[0 if down else 1]
            detour = np.maximum(np.abs(walk[there] - walk[here]) - gap, 0)
            smooth = smooth * np.exp(-((detour / _DETOUR) ** 2))
        yield here, there, np.asarray(smooth, np.float32), scale


def _walked(soft: Array, axis: int) -> Array:
    """Length of the way in colour from the border to each pixel, along `axis`: (h, w)."""
    steps = np.linalg.norm(np.diff(soft * np.array([_LIGHT, 1, 1], np.float32), axis=axis), axis=-1)
    way = np.cumsum(steps, axis=axis)
    return np.pad(way, [(1, 0), (0, 0)] if axis == 0 else [(0, 0), (1, 0)])


def drawn(weight: Array, count: int, rng: np.random.Generator) -> Numbers:
    """`count` flat pixel numbers, spread evenly over the photo in proportion to `weight` (any shape)."""
    edges = np.cumsum(weight.ravel(), dtype=np.float64)
    at = (np.arange(count) + rng.random(count)) / count * edges[-1]
    return np.asarray(np.minimum(np.searchsorted(edges, at), len(edges) - 1))
