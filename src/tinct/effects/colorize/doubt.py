"""Other likely choices: what the network is in doubt about gets another of its colours, as a whole, and the rest stays.

A photo falls into a few soft regions of what looks alike to the network's encoder; a random walk with that as prior
(Grady 2005, "Multilabel random walker image segmentation using prior models") puts their borders where the photo has
edges. The distributions of a region, pooled, have modes; those far from the colour that the region has are its
choices. Together the choices of all regions make many colourings, of which likely ones are taken that differ from each
other most (after Deshpande et al. 2017, "Learning diverse image colorization").
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.conduction import conducted, steady
from tinct.imaging.decision import softmax
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.mean_field import resized
from tinct.photo.resize import resize

__all__ = ["Choice", "choices", "colorings"]

Array = NDArray[np.float32]

_REGIONS: Final = 10  # at most
_LOOK: Final = 0.5  # differences that separate regions: of looks,
_ROOT: Final = 0.35  # of root probabilities,
_PLACE: Final = 0.45  # and of place
_ROUNDS: Final = 12  # of finding their centres
_CONDUCTS: Final = (4.0, 0.3)  # difference of L* and of looks at which flow falls
_LEAK: Final = 1e-3  # that goes through any edge
_HELD: Final = 0.01  # how far cells hold to their own region against their neighbours'
_LEAST: Final = 0.04  # of the photo: smaller regions are left as they are
_SPREAD: Final = 12.0  # standard deviation, in a*, b*, of what counts as one colour
_APART: Final = 24.0  # in a*, b*, between the colours of one region
_CLEAR: Final = 15.0  # chroma of a choice that is not grey
_TURN: Final = 0.77  # cosine of 40 degrees of hue, by which it differs from a clear colour
_DECIDED: Final = 0.45  # of the chroma on which a region agrees: from there it stays as it is
# Rows of the photo; times its share of the photo that a sky has there; its least L*
_TOP: Final = (0.1, 2.0, 45.0)
_SMOOTH: Final = 0.9  # of the photo's mean slope of L*, that a sky has at most,
_ROUGH: Final = 1.75  # and what people choose the colour of: leaves, rocks and water have more
_LIKELY: Final = 0.3  # of the density of the likeliest colour that a choice has at least
_MOST: Final = 3  # choices of a region
_DOUBTED: Final = 4  # regions that change
_BOLD: Final = 4.0  # what being different is worth, in nats over the whole photo
_RANKED: Final = 8  # combinations that seeds can begin with
_NEW: Final = 0.03  # of the photo that must differ from every other colouring
_SUPPORT: Final = 0.25  # of the density that a region has of a choice, at which a cell takes half of it
_LIT: Final = (0.4, 1.25)  # of the chroma that a choice has at its region's lightness, as for hints


@dataclass(frozen=True, eq=False)
class Choice:
    """Another colour of a region."""

    share: Array
    """(h, w) 0 to 1: how far each cell takes it."""
    chroma: Array
    """(2,) a*, b*."""
    light: float
    """L* of the region."""
    likely: float
    """Log of its density by that of the region's likeliest colour."""
    size: float
    """Share of the photo."""
    away: float
    """How far it is from the colour that the region has, in a*, b*."""


def choices(predicted: ChromaDistribution, best: Array, kept: Array | None = None) -> list[list[Choice]]:
    """What else the regions of a photo may be, those with most doubt first; regions without any are not there.

    Parameters
    ----------
    predicted : ChromaDistribution
    best : ndarray, (h, w, 2), float32
        The colouring that it has.
    kept : ndarray, (h, w), float32, optional
        How far each cell is to stay, 0 to 1: skin.
    """
    size = (predicted.looks.shape[0], predicted.looks.shape[1])
    p = softmax(resized(predicted.logits, size))  # (h, w, q)
    light = resize(predicted.light, size)
    free = predicted.share if kept is None else predicted.share * (1 - kept)
    share = resize(np.asarray(free, np.float32), size)
    color = resize(best, size)
    bins = predicted.bins
    near = np.exp(-((bins[:, None] - bins) ** 2).sum(axis=-1) / np.float32(2 * _SPREAD**2))  # (q, q)
    density = p @ near  # (h, w, q) how likely a colour about that of each class is
    rough = np.hypot(*np.gradient(light))
    found = []
    for region in np.moveaxis(_regions(predicted.looks, p, light), -1, 0):
        weight = region * share
        area = float(weight.mean())
        if area < _LEAST:
            continue
        weight /= weight.sum()
        pooled = np.einsum("ij,ijq->q", weight, density)
        own = np.einsum("ij,ijc->c", weight, color)
        lit = float((weight * light).sum())
        slope = float((weight * rough).sum()) / max(float(rough.mean()), 1e-6)
        if slope > _ROUGH or _is_sky(weight, lit, slope):
            continue
        if _decided(np.einsum("ij,ijq->q", weight, p), bins) > _DECIDED:
            continue
        taken = [own]
        options: list[Choice] = []
        for k in np.argsort(-pooled, kind="stable"):
            likely = float(np.log(pooled[k] / pooled.max()))
            if likely < np.log(_LIKELY) or len(options) == _MOST:
                break
            if np.hypot(*bins[k]) < _CLEAR or not all(_other(bins[k], t) for t in taken):
                continue
            taken.append(bins[k])
            own_support = density[..., k] / pooled[k]
            support = own_support**2 / (own_support**2 + np.float32(_SUPPORT**2))
            shared = resize(np.asarray(region * support, np.float32), best.shape[:2]) * free
            away = float(np.linalg.norm(bins[k] - own))
            options.append(Choice(shared, bins[k], lit, likely, area, away))
        if options:
            found.append(options)
    found.sort(key=lambda options: -options[0].size)
    return found[:_DOUBTED]


def _is_sky(weight: Array, lit: float, slope: float) -> bool:
    """Whether a region, (h, w) that sums to 1, is bright and smooth and lies at the top: a sky, or a backdrop."""
    rows, times, least = _TOP
    top = max(1, round(len(weight) * rows))
    return bool(lit >= least and slope < _SMOOTH and weight[:top].sum() >= times * top / len(weight))


def _decided(p: Array, bins: Array) -> float:
    """How much of its chroma a distribution (q,) agrees on, 0 to 1: much for grass and skies, little for clothes."""
    return float(np.linalg.norm(p @ bins) / max(float(p @ np.linalg.norm(bins, axis=1)), 1e-6))


def _other(one: Array, two: Array) -> bool:
    """Whether two colours, (2,) a*, b*, are different choices."""
    size = float(np.hypot(*one) * np.hypot(*two))
    turned = np.hypot(*two) < _CLEAR or float(one @ two) < _TURN * size
    return bool(turned and np.linalg.norm(one - two) >= _APART)


def colorings(best: Array, light: Array, doubts: list[list[Choice]], count: int, seed: int) -> list[Array]:
    """Up to `count` other colourings, (h, w, 2) each; fewer where there are fewer that differ.

    Parameters
    ----------
    best : ndarray, (h, w, 2), float32
    light : ndarray, (h, w), float32
        L* of the cells.
    doubts : list
        What `choices` found.
    count, seed : int
        0 begins with the best; other seeds begin elsewhere in their order.
    """
    every = list(itertools.product(*[[None, *options] for options in doubts]))
    likely = [sum(c.size * c.likely for c in one if c is not None) for one in every]
    taken = [0]  # all as they are
    while len(taken) <= max(_RANKED, count):
        apart = [min(_apart(one, every[other]) for other in taken) for one in every]
        allowed = [k for k, far in enumerate(apart) if far >= _NEW]
        if not allowed:
            break
        taken.append(max(allowed, key=lambda k: likely[k] + _BOLD * apart[k]))
    others = taken[1:]
    first = seed % len(others) if others else 0
    others = others[first:] + others[:first]
    return [_colored(best, light, [c for c in every[k] if c is not None]) for k in others[:count]]


def _apart(one: tuple[Choice | None, ...], other: tuple[Choice | None, ...]) -> float:
    """How much of the photo differs, and how far: 1 for all of it by 40 in a*, b*."""
    total = 0.0
    for a, b in zip(one, other, strict=True):
        if a is not None and b is not None and a is not b:
            total += a.size * min(1.0, float(np.linalg.norm(a.chroma - b.chroma)) / 40)
        elif a is not b:
            total += sum(c.size * min(1.0, c.away / 40) for c in (a, b) if c is not None)
    return total


def _colored(best: Array, light: Array, chosen: list[Choice]) -> Array:
    """The best colouring with other choices."""
    out = best.copy()
    for one in chosen:
        lit = np.clip((light + 16) / np.float32(one.light + 16), *_LIT)
        out += (one.chroma * lit[..., None] - out) * one.share[..., None]
    return np.asarray(out, np.float32)


def _regions(looks: Array, p: Array, light: Array) -> Array:
    """How much each cell is of each region, (h, w, n); sums to 1."""
    h, w = light.shape
    roots = np.sqrt(p)
    down, across = (axis.astype(np.float32) / np.float32(max(h, w)) for axis in np.indices((h, w)))
    told = np.dstack(
        [looks / np.float32(_LOOK), roots / np.float32(_ROOT), np.dstack([down, across]) / _PLACE]
    )
    cells = told.reshape(h * w, -1).astype(np.float32)
    centres = _centres(cells)
    apart = ((cells * cells).sum(1)[:, None] + (centres * centres).sum(1) - 2 * cells @ centres.T) / 2
    prior = softmax(-np.asarray(apart, np.float32) / np.float32(2)).reshape(h, w, -1)
    flow = conducted([(light, _CONDUCTS[0]), (looks, _CONDUCTS[1])], _LEAK)
    held = np.full((h, w), _HELD, np.float32)
    sure = steady(flow, held, held[..., None] * prior, prior, np.zeros((h, w), bool))
    sure = np.clip(sure, 1e-6, 1) ** np.float32(3)
    return np.asarray(sure / sure.sum(axis=-1, keepdims=True), np.float32)


def _centres(cells: Array) -> Array:
    """Means of up to `_REGIONS` groups of cells, begun as far apart as can be: the same each time."""
    chosen = [int(((cells - cells.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    far = ((cells - cells[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(_REGIONS, len(cells)) and far.max() > 4:
        chosen.append(int(far.argmax()))
        far = np.minimum(far, ((cells - cells[chosen[-1]]) ** 2).sum(axis=1))
    centres = cells[chosen]
    for _ in range(_ROUNDS):
        apart = (centres * centres).sum(axis=1) - 2 * cells @ centres.T
        group = apart.argmin(axis=1)
        centres = np.stack(
            [cells[group == k].mean(axis=0) if (group == k).any() else one for k, one in enumerate(centres)]
        )
    return np.asarray(centres, np.float32)
