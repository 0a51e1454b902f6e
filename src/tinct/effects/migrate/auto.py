"""AUTO: recolourings that belong to the photo but to other colour families.

A family is a turn of all hues; families are spread evenly over the circle and gather the photo's hues a little around
its dominant one, as colour-harmony palettes do (Cohen-Or et al. 2006, "Color harmonization"). The turn is decided for
each cluster of the photo's colour graph and made alike where clusters share smooth areas, so one thing turns as one.
Each cluster takes the turn that is likely to the colorizer and near the family's own: in style `natural` what it is
sure of (sky, lawn, fruit) gives up the family for what is likely, in style `bold` less of it does. One smooth map does
it; L* and greys stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph, graph_of
from tinct.effects.migrate.natural import STEPS, Expectation, rotated
from tinct.effects.migrate.smooth import SmoothFit
from tinct.effects.migrate.space import to_srgb
from tinct.imaging.colormap import ColorMap
from tinct.imaging.gamut import UNCLIPPED
from tinct.imaging.sample import Sample
from tinct.imaging.threads import single_threaded
from tinct.photo.color import delta_e_2000, srgb_to_lab

__all__ = ["Style", "fit_auto"]

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

Style = Literal["natural", "bold"]
_Number = TypeVar("_Number", np.float64, np.complex128)

_CLUSTERS: Final = 26
_FAITH: Final = {"natural": (0.5, 0.8, 1.3), "bold": (1.6, 3.0)}
"""Nats that a turn away from the family's own costs, times 2 (1 - cos); the first that gives families is taken."""
_STRICT: Final = {"natural": 3.0, "bold": 0.0}
"""How much more each nat counts below what is likely enough, so that no lawn is blue."""
_DECIDED: Final = 4.0  # how much more the likeliest turn counts than others
_LIKELY: Final = 1.3  # nats below the likeliest turn that a colour may have
_KNOWN: Final = (
    0.57,
    0.89,
)  # share of such turns up to which people know the colour, and from which anything goes
_FAMILIES: Final = (
    9.0,
    6.0,
)  # CIEDE2000, chroma-weighted, that makes families of up to four results, and of more
_MANY: Final = 4
_GATHER: Final = 0.3  # 0 keeps the spread of hues
_UNITED: Final = (2.0, 6.0)  # how strongly bonded clusters share their likelihood, and their turn
_GREY: Final = 4.0  # chroma below which a cluster has no say in how far families lie apart
_LIVELY: Final = 20.0  # mean chroma of a photo that needs no more
_MOST_LIFT: Final = {"natural": 1.35, "bold": 1.8}
_SHIFTS: Final = (0.0, -0.3, 0.3)  # of a family within its share of the circle
_GAINS: Final = ((1.0, 0.0), (1.3, 1.0), (0.72, 2.5))  # of chroma, and what that counts against a family
_FAR: Final = 18.0  # CIEDE2000 beyond which families need not lie further apart
_HOLD: Final = (3.5, 12.0)  # chroma below which nothing turns, and above which all does
_DARK: Final = (3.0, 14.0)  # the same for L*


@single_threaded
def fit_auto(source: Sample, count: int = 1, seed: int = 0, style: Style | None = None) -> list[ColorMap]:
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
    spacing = 2 * np.pi / (count + 1)
    start = np.random.default_rng(seed).uniform(-0.25, 0.25) * spacing if seed else 0.0
    slots = _wrapped(start + spacing * (np.arange(count) + 1))
    photo = _Turning.of(graph, Expectation.of(graph).of_turns())
    families: list[_Family] = []
    for faith in _FAITH[style]:
        families, least = photo.families(slots, spacing, style, faith)
        if least >= _FAMILIES[count > _MANY]:
            break
    grey = np.column_stack([np.linspace(0, 100, 16), np.ones(16)]).astype(np.float32)
    fit = SmoothFit(graph, together=2.0, slope=0.03, bend=0.6, grey=grey, accent=2.0)
    own = graph.colors[..., 1:]
    maps = []
    for family in families:
        new = family.gain[graph.label][..., None] * rotated(own, family.turn[graph.label])
        coefficients = fit.solve((new - own).astype(np.float32), most_spread=11.0)
        title = f"Hues turned by {np.degrees(family.theta) % 360:.0f} degrees"
        maps.append(fit.map(coefficients, title, dark=_DARK, hold=_HOLD, margin=UNCLIPPED))
    return maps


@dataclass(frozen=True, eq=False)
class _Family:
    """A turn of the whole, and what each of K clusters makes of it."""

    theta: float
    turn: Floats
    """(K,) radians."""
    gain: Floats
    """(K,) factor of chroma."""
    lab: Array
    """(K, 3) CIELAB of the clusters in it."""
    score: float
    far: float
    """CIEDE2000 to the nearest of the photo and the families before."""


@dataclass(frozen=True, eq=False)
class _Turning:
    """How the clusters of a photo may turn."""

    graph: ColorGraph
    hue: Floats
    """(K,) radians."""
    heavy: Floats
    """(K,) area times chroma."""
    home: float
    """Dominant hue."""
    likely: Floats
    """(K, STEPS) log-likelihood of each turn beside the best."""
    known: Floats
    """(K,) 1 for a colour that people know, 0 where anything goes."""

    @classmethod
    def of(cls, graph: ColorGraph, turns: Floats) -> _Turning:
        """From the log-likelihood of each cluster (K,) after each turn: (K, STEPS)."""
        hue = np.arctan2(graph.centre[:, 2], graph.centre[:, 1]).astype(np.float64)
        circle = np.linspace(-np.pi, np.pi, 72, endpoint=False)
        votes = graph.area * np.maximum(graph.chroma - 3, 0)
        near = np.exp((np.cos(hue[:, None] - circle) - 1) * 8)
        heavy = (graph.area * np.minimum(graph.chroma, 40) + 1e-6).astype(np.float64)
        home = float(circle[(votes[:, None] * near).sum(axis=0).argmax()])
        alone = cls(graph, hue, heavy, home, turns, np.zeros(len(hue)))
        likely = _relative(alone.united(_relative(turns), _UNITED[0]))
        low, high = _KNOWN
        free = (likely > -_LIKELY).mean(axis=1)
        return replace(alone, likely=likely, known=np.clip((high - free) / (high - low), 0, 1))

    def united(self, values: NDArray[_Number], strength: float) -> NDArray[_Number]:
        """`values` (K, ...) made alike among bonded clusters: least squares on the graph."""
        chroma = self.graph.chroma
        pair = strength * self.graph.bond * np.minimum(chroma[:, None], chroma[None])
        matrix = np.diag(self.heavy + pair.sum(axis=1) + 1e-9) - pair
        weights = self.heavy.reshape(-1, *[1] * (values.ndim - 1))
        return cast(NDArray[_Number], np.linalg.solve(matrix, weights * values))

    def families(
        self, slots: Floats, spacing: float, style: Style, faith: float
    ) -> tuple[list[_Family], float]:
        """A family near each of the `slots` (n,), radians; and how far apart the nearest two of them lie."""
        many = len(slots) > 1
        lift = self._lift(_MOST_LIFT[style])
        share = self.heavy * (self.graph.chroma > _GREY)
        share = share / max(float(share.sum()), 1e-9)
        seen = [srgb_to_lab(to_srgb(self.graph.centre))]
        found: dict[int, _Family] = {}
        for slot in np.argsort(np.abs(slots), kind="stable")[::-1]:  # the farthest turns first
            tried = []
            for shift in _SHIFTS if many else _SHIFTS[:1]:
                theta = float(slots[slot] + shift * spacing)
                turn = self._turns(theta, faith, _STRICT[style])
                for gain, odd in _GAINS if many else _GAINS[:1]:
                    grown = lift * (1 + (gain - 1) * (0.35 + 0.65 * self.known))
                    lab = self._clusters(turn, grown)
                    far = min(float((share * delta_e_2000(lab, other)).sum()) for other in seen)
                    score = min(far, _FAR) - 2.0 * abs(shift) - odd  # no odder than it must be
                    tried.append(_Family(theta, turn, grown, lab, score, far))
            found[int(slot)] = best = max(tried, key=lambda family: family.score)
            seen.append(best.lab)
        return [found[slot] for slot in range(len(slots))], min(family.far for family in found.values())

    def _lift(self, most: float) -> float:
        """Factor by which faint photos gain chroma."""
        coloured = self.graph.chroma > 5
        area = self.graph.area[coloured]
        mean = float((area * self.graph.chroma[coloured]).sum() / max(float(area.sum()), 1e-6))
        return float(np.clip(_LIVELY / max(mean, 1e-6), 1.0, most))

    def _clusters(self, turn: Floats, gain: Floats) -> Array:
        """CIELAB (K, 3) of the clusters after turning."""
        new = self.graph.centre.copy()
        new[:, 1:] = gain[:, None] * rotated(new[:, 1:], turn)
        return srgb_to_lab(to_srgb(new, rounds=1))

    def _turns(self, theta: float, faith: float, strict: float) -> Floats:
        """Turn (K,) of each cluster in a family: likely, near the family's own, alike where bonded."""
        want = _wrapped(theta - _GATHER * np.sin(_wrapped(self.hue - self.home)))
        steps = 2 * np.pi * np.arange(STEPS) / STEPS
        score = self.likely - 2 * faith * (1 - np.cos(steps - want[:, None]))  # (K, STEPS)
        score -= strict * np.maximum(-_LIKELY - self.likely, 0)
        votes = np.exp(_DECIDED * (score - score.max(axis=1, keepdims=True))) @ np.exp(1j * steps)
        return np.asarray(np.angle(self.united(votes / np.maximum(np.abs(votes), 1e-9), _UNITED[1])))


def _relative(likely: Floats) -> Floats:
    """Likelihoods (K, STEPS) beside the best of each cluster."""
    return np.asarray(likely - likely.max(axis=1, keepdims=True))


def _wrapped(angle: NDArray[np.floating[Any]]) -> Floats:
    """Between -pi and pi."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)
