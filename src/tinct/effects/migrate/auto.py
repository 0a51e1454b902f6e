"""AUTO: recolourings that belong to the photo but to other colour families.

A family is a turn of all hues by one of the schemes of colour harmony (even, analogous, complementary, split: Cohen-Or
et al. 2006, "Color harmonization"), calm or vivid. The turn is decided for each cluster of the photo's colour graph and
made alike where clusters share smooth areas, so one thing turns as one. Each cluster takes the turn that is likely to
the colorizer and near the family's own: in style `natural` what it is sure of (sky, lawn, fruit) gives up the family
for what is likely, in style `bold` less of it does. Of some hundreds of such families those are taken that lie far
apart and are likely enough. One smooth map does each; L* and greys stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph, graph_of
from tinct.effects.migrate.natural import POOLED, Expectation, rotated
from tinct.effects.migrate.parameters import Style
from tinct.effects.migrate.pool import Pool, distinct, far_apart, perceived
from tinct.effects.migrate.smooth import SmoothFit
from tinct.effects.migrate.space import to_srgb
from tinct.effects.migrate.turning import SCHEMES, Turning
from tinct.imaging.colormap import ColorMap
from tinct.imaging.gamut import UNCLIPPED
from tinct.imaging.sample import Sample
from tinct.imaging.threads import single_threaded
from tinct.photo.color import srgb_to_lab

__all__ = ["Families", "fit_auto", "fit_families"]

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


_CLUSTERS: Final = 26
_MANY: Final = 4  # results up to which `natural` is the style if none is asked for
_THETAS: Final = 24  # evenly spaced turns
_FAITH: Final = {"natural": (0.5, 1.3), "bold": (1.2, 4.0)}
"""Nats that a turn away from the family's own costs, times 2 (1 - cos)."""
_STRICT: Final = {"natural": 3.0, "bold": 0.0}
"""How much more each nat counts below what is likely enough, so that no lawn is blue."""
_POOLED: Final = {"natural": 6.0, "bold": POOLED}
"""a*, b* over which neighbouring colours share what is expected. Fur, soil and dry grass are hardly farther from grey
than the wider one: they share with all hues, and blue is nearly as likely."""
_FLOORS: Final = {"natural": (-0.25, -0.4, -0.55), "bold": (-0.6, -1.0, -1.4)}
"""Least likelihood of a family beside the photo's own, nats; the first that gives families far enough apart."""
_SHOCK: Final = {"natural": 0.1, "bold": 0.5}
"""Most of the coloured places that may be unlikely by more than `_ODD` nats."""
_ODD: Final = 2.2
_RAINBOW: Final = 7.0
"""By which a difference within a smooth area may grow beyond one and a half of what it was."""
_CUT: Final = 0.02  # most of the pairs in smooth areas that may grow by more
_EVERY: Final = 4  # of those pairs is looked at
_ENOUGH: Final = {"natural": 13.0, "bold": 18.0}  # CIEDE2000 beyond which families need not lie further apart
_PURE: Final = 5.0  # what counts against a family all of which is as vivid as sRGB can be
_ENDS: Final = (0.04, 0.985)  # channels at such a colour
_CLEAR: Final = 6.0  # CIEDE2000 from which two results are called different
_FROM_PHOTO: Final = 1.15
_GAINS: Final = {
    "natural": ((1.0, 0.0), (1.35, 0.6), (0.6, 1.0)),
    "bold": ((1.0, 0.0), (1.5, 0.6), (2.0, 1.2), (0.6, 1.0)),
}
"""Factors of chroma, and what each counts against a family."""
_LIVELY: Final = {"natural": (20.0, 1.35), "bold": (26.0, 2.2)}
"""Mean chroma of a photo that needs no more, and the most that others are multiplied by."""
_POINTS: Final = 72  # at which the pool is looked at
_GREY: Final = 4.0  # CIELAB chroma below which a place has no say
_HOLD: Final = (3.0, 8.5)  # chroma below which nothing turns, and above which all does
_DARK: Final = (3.0, 14.0)  # the same for L*


@dataclass(frozen=True, kw_only=True)
class Families:
    """Maps to colour families."""

    maps: tuple[ColorMap, ...]
    distinct: int
    """How many are clearly different from the photo and from each other."""


def fit_auto(source: Sample, count: int = 1, seed: int = 0, style: Style | None = None) -> list[ColorMap]:
    """The maps of `fit_families`."""
    return list(fit_families(source, count, seed, style).maps)


@single_threaded
def fit_families(source: Sample, count: int = 1, seed: int = 0, style: Style | None = None) -> Families:
    """Fit `count` maps to distinct colour families.

    Parameters
    ----------
    source : Sample
        The photo's proxy; its weights say which pixels matter.
    count : int
        1..8.
    seed : int
        Turns all families by a little; the same seed gives the same maps.
    style : {"natural", "bold"}, optional
        Whether what is known by its colour keeps near it; by default in up to four families.
    """
    style = style or ("natural" if count <= _MANY else "bold")
    graph = graph_of(source, _CLUSTERS)
    expected = Expectation.of(graph, _POOLED[style])
    grey = np.column_stack([np.linspace(0, 100, 16), np.ones(16)]).astype(np.float32)
    fit = SmoothFit(graph, together=2.0, slope=0.03, bend=0.6, grey=grey, accent=2.0)
    start = np.random.default_rng(seed).uniform(-0.5, 0.5) if seed else 0.0
    ways = _ways(Turning.of(graph, expected.of_turns()), start, style)
    pool, sound = _seen(graph, expected, fit, ways, style)
    chosen = _chosen(pool, sound, count, style)
    own = graph.colors[..., 1:]
    maps = []
    for number in chosen:
        turn, gain = ways.turn[number], ways.gain[number]
        new = gain[graph.label][..., None] * rotated(own, turn[graph.label])
        coefficients = fit.solve((new - own).astype(np.float32), most_spread=11.0)
        title = f"Hues turned by {np.degrees(ways.theta[number]) % 360:.0f} degrees"
        maps.append(fit.map(coefficients, title, dark=_DARK, hold=_HOLD, margin=UNCLIPPED))
    return Families(maps=tuple(maps), distinct=distinct(pool, chosen, _CLEAR))


@dataclass(frozen=True, eq=False)
class _Ways:
    """Candidates: what each of n makes of K clusters."""

    theta: Floats
    """(n,) the family's own turn, radians."""
    turn: Floats
    """(n, K) radians."""
    gain: Floats
    """(n, K) factor of chroma."""
    odd: Floats
    """(n,) in units of CIEDE2000."""


def _ways(photo: Turning, start: float, style: Style) -> _Ways:
    """Every family by every scheme, more and less faithful, at every gain."""
    theta = 2 * np.pi * (np.arange(_THETAS) + start) / _THETAS
    lift = _lift(photo.graph, *_LIVELY[style])
    found = []
    for scheme, (_, odd) in SCHEMES.items():
        want = photo.wanted(scheme, theta)
        for faith in _FAITH[style]:
            turn = photo.turns(want, faith, _STRICT[style])
            for gain, odder in _GAINS[style]:
                grown = np.tile(lift * (1 + (gain - 1) * (0.35 + 0.65 * photo.known)), (_THETAS, 1))
                found.append((theta, turn, grown, np.full(_THETAS, odd + odder)))
    return _Ways(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _lift(graph: ColorGraph, lively: float, most: float) -> float:
    """Factor by which faint photos gain chroma."""
    coloured = graph.chroma > 5
    area = graph.area[coloured]
    mean = float((area * graph.chroma[coloured]).sum() / max(float(area.sum()), 1e-6))
    return float(np.clip(lively / max(mean, 1e-6), 1.0, most))


def _seen(
    graph: ColorGraph, expected: Expectation, fit: SmoothFit, ways: _Ways, style: Style
) -> tuple[Pool, Flags]:
    """What the candidates make of some coloured places, and which of them have few odd places and no rainbow."""
    colors = graph.colors.reshape(-1, 3)
    lab = srgb_to_lab(to_srgb(colors[expected.at]))
    coloured = np.flatnonzero(np.hypot(lab[:, 1], lab[:, 2]) >= _GREY)
    if not len(coloured):
        coloured = np.arange(len(lab))
    take = coloured[np.linspace(0, len(coloured) - 1, min(_POINTS, len(coloured))).astype(np.intp)]
    points = colors[expected.at[take]]  # (m, 3)
    answer = fit.answer(points, graph)  # (m, K) complex
    factor = ways.gain * np.exp(1j * ways.turn)
    moved = (factor - 1) @ answer.T  # (n, m)
    holds = fit.moving(points, dark=_DARK, hold=_HOLD)
    new = np.tile(points, (len(moved), 1, 1))
    new[..., 1] += holds * moved.real
    new[..., 2] += holds * moved.imag
    rgb = to_srgb(new.reshape(-1, 3), margin=UNCLIPPED, rounds=0).reshape(new.shape)
    made = srgb_to_lab(rgb)
    own = lab[take]
    logs = expected.of_chroma(made[..., 1:], take) - expected.of_chroma(own[None, :, 1:], take)  # (n, m)
    pool = Pool(
        places=perceived(made[..., 1:]),
        home=perceived(own[:, 1:]),
        likely=logs.mean(axis=1).astype(np.float64),
        odd=ways.odd + _PURE * np.maximum(_pure(rgb) - _pure(to_srgb(points)), 0),
    )
    gap, across = fit.answer_of_pairs(graph, _EVERY)
    step = (factor - 1) @ across.T  # (n, pairs)
    grown = np.abs(gap + step) - 1.5 * np.abs(gap)
    odd, cut = (logs < -_ODD).mean(axis=1), (grown > _RAINBOW).mean(axis=1)
    return pool, np.asarray((odd <= _SHOCK[style]) & (cut <= max(_CUT, float(np.percentile(cut, 25)))))


def _pure(rgb: Array) -> Floats:
    """Share of the colours (..., m, 3) that are as vivid as sRGB can be: their shades run into each other."""
    return np.asarray(((rgb < _ENDS[0]) | (rgb > _ENDS[1])).any(axis=-1).mean(axis=-1), np.float64)


def _chosen(pool: Pool, sound: Flags, count: int, style: Style) -> list[int]:
    """Families that are likely enough and far apart."""
    enough = _ENOUGH[style]
    floors = [sound & (pool.likely >= floor) for floor in _FLOORS[style]]
    rooms = [allowed for allowed in floors if allowed.sum() >= count] or [np.ones(len(sound), bool)]
    best: tuple[list[int], float] = [], -np.inf
    for allowed in rooms:
        found = far_apart(pool, allowed, count, enough=enough, from_photo=_FROM_PHOTO)
        if found[1] > best[1] + 0.5:
            best = found
        if found[1] >= enough - 1:
            break
    return best[0]
