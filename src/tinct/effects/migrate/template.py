"""TEMPLATE: asked swatches become the photo's main colours; lightness stays the photo's own.

Palette recolouring in the manner of Chang et al. 2015 ("Palette-based photo recoloring"), decided on a graph of the
photo's colours: each cluster takes a swatch or stays as it is, at least cost in hue, lightness, what the gamut takes
away, smooth areas that would be cut, and swatches that would not show. What was decided is then fitted by one smooth
map, so no sky becomes a rainbow; where the map cannot follow, the photo is dealt out more coarsely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph, graph_of
from tinct.effects.migrate.labelling import Energy, branches, labelled
from tinct.effects.migrate.share import SwatchShare
from tinct.effects.migrate.smooth import SmoothFit
from tinct.effects.migrate.space import from_srgb, reachable
from tinct.imaging.colormap import ColorMap
from tinct.imaging.palette import from_hex
from tinct.imaging.sample import Sample
from tinct.imaging.threads import single_threaded

__all__ = ["Template", "fit_template"]

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

_CLUSTERS: Final = 28
_COLOURLESS: Final = 6.0  # chroma of a swatch below which it is a grey
_LIGHTNESS: Final = 0.45  # cost of a unit of L* between a colour and its swatch
_LOST: Final = 0.5  # cost of a unit of chroma that the gamut takes away
_DRAINED: Final = 1.5  # cost of a unit of chroma that a grey swatch takes from a colour
_GREY: Final = 6.0  # chroma below which a colour stays at no cost
_STAY: Final = 22.0  # cost at which a coloured cluster stays
_TINT: Final = 8.0  # cost of giving a grey cluster a colour
_DARK, _PALE = 8.0, 97.0  # L* beyond which a colour can hardly show
_BLACK: Final = (4.0, 18.0)  # L* below which nothing takes a colour, and above which all may
_ALIKE, _CLEAR = 0.9, 0.35  # cosine of hues, and share of a swatch's chroma, from which a place shows it
_APART: Final = 22.0  # chroma between clusters of one swatch beyond which each keeps to its own mean
# Loss of chroma up to which a fit is good, and by which a coarser one must be better
_DULL: Final = (0.5, 0.08)
_COARSER: Final = (1.0, 2.2, 4.5)
_STARTS: Final = 3  # random ones beside the plain


@dataclass(frozen=True, kw_only=True)
class Template:
    """A fitted palette."""

    map: ColorMap
    swatches: tuple[SwatchShare, ...]
    capacity: int
    """How many swatches the photo can show without cutting one thing in two."""


@dataclass(frozen=True, kw_only=True)
class _Prices:
    """What is traded; `spread` moves them."""

    cut: float = 1.6
    """Of a smooth area that is cut, per unit of a, b."""
    missing: float = 8.0
    """Of a swatch that does not show at all."""
    enough: float = 0.10
    """Share of the photo from which a swatch shows."""
    bare: float = 16.0
    """Of a photo of which no part shows a swatch."""
    cover: float = 0.6
    """Share of the photo that should show swatches."""
    apart: float = 11.0
    """Most that colours of one swatch may differ from it."""
    growth: float = 9.0
    """Most by which the fit lets a smooth area spread."""
    together: float = 3.0
    """Weight of smooth areas in the fit."""
    faint: float = 0.5
    """Share of a swatch's chroma that the greyest clusters get."""
    stiff: float = 1.0
    """Factor of the fit's own smoothness."""

    @classmethod
    def of(cls, spread: float) -> _Prices:
        """From calm (0) to every swatch at any price (1)."""
        calm = cls()
        firm = 1 - 0.9 * spread
        return replace(
            calm,
            cut=calm.cut * firm,
            together=calm.together * firm,
            stiff=firm,
            faint=calm.faint + (1 - calm.faint) * spread,
            missing=calm.missing * (1 + 5 * spread),
            cover=calm.cover + (0.85 - calm.cover) * spread,
            apart=calm.apart * (1 - 0.5 * spread),
            growth=calm.growth * (1 + 9 * spread),
        )


@single_threaded
def fit_template(source: Sample, colors: Sequence[str], spread: float = 0.0) -> Template:
    """Fit the map that makes `colors` the main colours of `source`.

    Parameters
    ----------
    source : Sample
        The photo's proxy; its weights say which pixels take part.
    colors : sequence of str
        1 to 7 swatches, ``#RRGGBB``.
    spread : float
        0..1: from calm, where a smooth area keeps one swatch, to insisting on every swatch.
    """
    prices = _Prices.of(spread)
    graph = graph_of(source, _CLUSTERS)
    swatches = from_srgb(from_hex(colors))  # (m, 3)
    deal = _Deal.of(graph, swatches, prices.faint)
    fit = None
    best: tuple[float, Array, Numbers] | None = None
    blocks = branches(graph)
    for coarser in _COARSER:
        labels = _dealt(graph, deal, blocks, replace(prices, cut=prices.cut * coarser))
        target = _targets(graph, deal, labels, prices.apart)
        if fit is None:
            kept = float(graph.area[(labels == deal.stays) & (graph.chroma < _GREY)].sum())
            grey = np.column_stack([np.linspace(0, 100, 11), np.full(11, 0.6 * kept)]).astype(np.float32)
            fit = SmoothFit(
                graph, together=prices.together, slope=0.15 * prices.stiff, bend=3.0 * prices.stiff, grey=grey
            )
        coefficients = fit.solve(target, prices.growth)
        dull = _dullness(graph, fit, coefficients, target, labels < deal.stays)
        if best is None or dull < best[0] - _DULL[1]:
            best = dull, coefficients, labels
        if dull <= _DULL[0]:
            break
    assert fit is not None
    assert best is not None
    _, coefficients, labels = best
    shown = _shown(graph, deal, fit, coefficients, labels)
    return Template(
        map=fit.map(coefficients, "Swatches " + " ".join(colors), dark=_BLACK),
        swatches=tuple(
            SwatchShare(color=color, share=round(float(shown[k]), 3)) for k, color in enumerate(colors)
        ),
        capacity=capacity(graph),
    )


def capacity(graph: ColorGraph, least: float = 0.03, apart: float = 13.0) -> int:
    """How many swatches a photo can show without cutting one thing: things of at least `least` of its area.

    Counted from the largest cluster down: one counts if it lies `apart` from those counted before and shares next to
    no smooth area with them.
    """
    reach = graph.bond.sum(axis=1)
    found: list[int] = []
    for k in np.argsort(-graph.area):
        if graph.area[k] < least:
            break
        others = np.array(found, np.intp)
        gap = np.linalg.norm((graph.centre[k] - graph.centre[others]) * [0.5, 1, 1], axis=1)
        free = graph.bond[k, others] < 0.1 * np.minimum(reach[k], reach[others])
        if (gap >= apart).all() and free.all():
            found.append(int(k))
    return max(1, len(found))


@dataclass(frozen=True, eq=False)
class _Deal:
    """What each of K clusters would become with each of m swatches, and what that costs."""

    swatches: Array
    """(m, 3)."""
    reference: float
    """Chroma of the photo's more coloured part."""
    vivid: Array
    """(K,) share of a swatch's chroma that a cluster takes: little where it has little of its own."""
    shift: Array
    """(K, m + 1, 2) displacement of a, b; the last label stays."""
    cost: Floats
    """(K, m + 1)."""
    seen: Floats
    """(K, m + 1) how well a cluster shows a swatch, 0..1."""

    @property
    def stays(self) -> int:
        """The label of what stays as it is."""
        return len(self.swatches)

    @classmethod
    def of(cls, graph: ColorGraph, swatches: Array, faint: float) -> _Deal:
        own, light, chroma = graph.centre[:, 1:], graph.centre[:, 0], graph.chroma
        asked = np.hypot(swatches[:, 1], swatches[:, 2])  # (m,)
        order = np.argsort(chroma)
        at = min(int(np.searchsorted(np.cumsum(graph.area[order]), 0.7)), len(order) - 1)
        reference = max(float(chroma[order][at]), 3.0)
        vivid = faint + (1 - faint) * np.clip(chroma / reference, 0, 1)
        within = reachable(light, swatches[:, 1:])  # (K, m, 2)
        goal = within * vivid[:, None, None]
        lost = np.linalg.norm(swatches[None, :, 1:] - within, axis=-1)
        # Both palettes are brought to alike chroma before they are compared: hue decides, not how vivid swatches are.
        scale = min(1.0, 1.2 * reference / max(float(asked.mean()), 1e-6))
        far = np.linalg.norm(own[:, None] - scale * swatches[None, :, 1:], axis=-1)
        far = far + (asked < _COLOURLESS) * _DRAINED * np.maximum(chroma - 4, 0)[:, None]
        cost = far + _LIGHTNESS * np.abs(light[:, None] - swatches[:, 0]) + _LOST * lost
        cost = cost - cost.min(axis=1, keepdims=True)
        cost += (_TINT * np.clip(1 - chroma / _GREY, 0, 1))[:, None]
        stay = np.clip((chroma - _GREY) / 6, 0, 1) * _STAY
        stay = np.where((light < _DARK) | (light > _PALE), 0, stay)
        part = np.linalg.norm(goal, axis=-1) / np.clip(asked, 1e-6, 60)
        seen = np.where(asked < _COLOURLESS, 1.0, np.clip(1.6 * np.clip(part, 0, 1), 0, 1))
        none = np.zeros((len(own), 1))
        return cls(
            swatches=swatches,
            reference=reference,
            vivid=vivid.astype(np.float32),
            shift=np.concatenate([goal - own[:, None], np.zeros((len(own), 1, 2))], axis=1).astype(
                np.float32
            ),
            cost=np.concatenate([cost, stay[:, None]], axis=1).astype(np.float64),
            seen=np.concatenate([seen, none], axis=1).astype(np.float64),
        )


def _dealt(graph: ColorGraph, deal: _Deal, blocks: list[Numbers], prices: _Prices) -> Numbers:
    """Labels (K,) of least cost: the number of a swatch, or `deal.stays`."""
    m, count = deal.stays, len(graph.area)
    gap = np.linalg.norm(graph.centre[:, None, 1:] - graph.centre[None, :, 1:], axis=-1)  # (K, K)
    cut = np.linalg.norm(deal.shift[:, :, None, None] - deal.shift[None, None], axis=-1)  # (K, m+1, K, m+1)
    beyond = np.maximum(cut - 0.5 * gap[:, None, :, None], 0)  # a difference that was there may stay
    pair = 2 * prices.cut * graph.bond[:, None, :, None] * beyond
    same = np.arange(m)
    # Grey photos may be tinted as a whole
    pair[:, same, :, same] *= np.clip((deal.reference - 3) / 4, 0.25, 1)
    enough = min(prices.enough, 0.5 / m)

    def lack(area: Floats) -> Floats:
        shown = area[..., :m]
        missing = prices.missing * np.maximum(0, 1 - shown / enough).sum(axis=-1)
        return np.asarray(missing + prices.bare * np.maximum(0, prices.cover - shown.sum(axis=-1)))

    energy = Energy(
        alone=graph.area[:, None] * deal.cost,
        pair=pair.astype(np.float64),
        shown=graph.area[:, None] * deal.seen,
        lack=lack,
    )
    near = deal.cost[:, :m].argmin(axis=1)
    starts = [deal.cost.argmin(axis=1), near, *(np.full(count, label) for label in range(m + 1))]
    rng = np.random.default_rng(0)
    for _ in range(_STARTS):
        start = near.copy()
        for block in blocks[::-1]:
            if rng.random() < 0.5:
                start[block] = rng.integers(0, m)
        starts.append(start)
    return labelled(energy, blocks, starts)


def _targets(graph: ColorGraph, deal: _Deal, labels: Numbers, apart: float) -> Array:
    """Displacement (h, w, 2) of a, b: to the swatch; differences among like colours stay, turned as hue is."""
    out = np.zeros((*graph.label.shape, 2), np.float32)
    for swatch in range(deal.stays):
        for group in _gathered(graph, np.flatnonzero(labels == swatch)):
            area = graph.area[group]
            mean = np.average(graph.centre[group, 1:], axis=0, weights=area)
            inside = np.isin(graph.label, group)
            colors = graph.colors[inside]  # (n, 3)
            rest = _turned(colors[:, 1:] - mean, mean, deal.swatches[swatch, 1:])
            size = np.linalg.norm(rest, axis=1, keepdims=True)
            rest = rest * (np.tanh(size / apart) * apart / np.maximum(size, 1e-6))
            vivid = np.average(deal.vivid[group], weights=area)
            goal = _along_lightness(colors[:, 0], deal.swatches[swatch, 1:])
            out[inside] = goal * vivid + rest - colors[:, 1:]
    return out


def _gathered(graph: ColorGraph, own: Numbers) -> list[Numbers]:
    """Clusters of like chroma together, from the largest on."""
    groups = []
    left = own[np.argsort(-graph.area[own], kind="stable")]
    while len(left):
        near = np.linalg.norm(graph.centre[left, 1:] - graph.centre[left[0], 1:], axis=1) < _APART
        groups.append(left[near])
        left = left[~near]
    return [group for group in groups if graph.area[group].sum() > 0]


def _turned(rest: Array, mean: Array, swatch: Array) -> Array:
    """Differences (n, 2) around `mean`, turned by the angle from its hue to the swatch's; greys have none."""
    chroma = float(np.hypot(*mean))
    angle = float(np.arctan2(swatch[1], swatch[0]) - np.arctan2(mean[1], mean[0]))
    angle = ((angle + np.pi) % (2 * np.pi) - np.pi) * min(max(chroma - 4, 0) / 6, 1)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(rest @ np.array([[cos, sin], [-sin, cos]]), np.float32)


def _along_lightness(light: Array, swatch: Array) -> Array:
    """What the gamut leaves of a swatch's a, b at each L* of `light` (n,): (n, 2)."""
    steps = np.linspace(0, 100, 51, dtype=np.float32)
    table = reachable(steps, swatch[None])[:, 0]
    return np.column_stack([np.interp(light, steps, table[:, c]) for c in range(2)]).astype(np.float32)


def _shown(graph: ColorGraph, deal: _Deal, fit: SmoothFit, coefficients: Array, labels: Numbers) -> Floats:
    """Share of the photo that took each swatch and has come to look like it, (m,): of its hue, and clearly coloured."""
    own = graph.colors.reshape(-1, 3)[fit.at]
    took = labels[graph.label.ravel()[fit.at]]
    got = own[:, 1:] + (fit.design @ coefficients) * fit.moving(own, dark=_BLACK, hold=None)[:, None]
    size = np.hypot(got[:, 0], got[:, 1])
    shares = []
    for number, swatch in enumerate(deal.swatches[:, 1:]):
        asked = float(np.hypot(*swatch))
        alike = (got @ swatch >= _ALIKE * size * asked) & (size >= _CLEAR * asked)
        shares.append(((took == number) & (alike if asked >= _COLOURLESS else size < 2 * _COLOURLESS)).mean())
    return np.array(shares, np.float64)


def _dullness(
    graph: ColorGraph, fit: SmoothFit, coefficients: Array, target: Array, taken: NDArray[np.bool_]
) -> float:
    """Share of the wanted chroma that a smooth map does not reach: two swatches in one texture blend to grey."""
    on = taken[graph.label.ravel()[fit.at]]
    if not on.any():
        return 0.0
    own = graph.colors.reshape(-1, 3)[fit.at, 1:]
    wish = np.linalg.norm(own + target.reshape(-1, 2)[fit.at], axis=1)
    got = np.linalg.norm(own + fit.design @ coefficients, axis=1)
    return float(np.maximum(wish - got, 0)[on].sum() / max(float(wish[on].sum()), 1e-6))
