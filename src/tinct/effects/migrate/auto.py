"""AUTO: recolourings that belong to the photo but to other colour families.

A family is a turn of all hues; families are spread evenly over the circle and gather the photo's hues a little around
its dominant one, as colour-harmony palettes do (Cohen-Or et al. 2006, "Color harmonization"). The turn is decided for
each cluster of the photo's colour graph and made alike where clusters share smooth areas, so one thing turns as one. In
style `natural`, what the colorizer is sure of (sky, lawn, fruit) turns only as far as it finds likely, and the even
spacing is kept within that interval. One smooth map does it; L* and greys stay.
"""

from __future__ import annotations

from dataclasses import dataclass
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
_TOLERANCES: Final = (
    1.0,
    1.3,
    1.7,
)  # nats below the likeliest turn that still pass; the first that gives families
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
    photo = _Turning.of(graph)
    families: list[_Family] = []
    if style == "bold":
        families, _ = photo.families(slots, spacing, _MOST_LIFT[style])
    else:
        likely = photo.united(_relative(Expectation.of(graph).of_turns()), _UNITED[0])
        for tolerance in _TOLERANCES:
            bound = photo.bounded(_relative(likely), tolerance)
            families, least = bound.families(slots, spacing, _MOST_LIFT[style])
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
    limit: Floats
    """(K, 2) least and greatest turn."""
    known: Floats
    """(K,) 1 for a colour that people know, 0 where anything goes."""
    chance: Floats
    """(K, STEPS) likelihood of each turn above what passes, in nats."""

    @classmethod
    def of(cls, graph: ColorGraph) -> _Turning:
        """All turns are allowed."""
        hue = np.arctan2(graph.centre[:, 2], graph.centre[:, 1]).astype(np.float64)
        circle = np.linspace(-np.pi, np.pi, 72, endpoint=False)
        votes = graph.area * np.maximum(graph.chroma - 3, 0)
        near = np.exp((np.cos(hue[:, None] - circle) - 1) * 8)
        count = len(hue)
        return cls(
            graph=graph,
            hue=hue,
            heavy=(graph.area * np.minimum(graph.chroma, 40) + 1e-6).astype(np.float64),
            home=float(circle[(votes[:, None] * near).sum(axis=0).argmax()]),
            limit=np.tile([-np.pi, np.pi], (count, 1)),
            known=np.zeros(count),
            chance=np.zeros((count, STEPS)),
        )

    def bounded(self, likely: Floats, tolerance: float) -> _Turning:
        """The same photo, each cluster bound to turns whose likelihood (K, STEPS) is within `tolerance` of the best."""
        limit = _limits(likely, tolerance)
        known = np.clip((5.6 - (limit[:, 1] - limit[:, 0])) / 2, 0, 1)
        return _Turning(self.graph, self.hue, self.heavy, self.home, limit, known, likely + tolerance)

    def united(self, values: NDArray[_Number], strength: float) -> NDArray[_Number]:
        """`values` (K, ...) made alike among bonded clusters: least squares on the graph."""
        chroma = self.graph.chroma
        pair = strength * self.graph.bond * np.minimum(chroma[:, None], chroma[None])
        matrix = np.diag(self.heavy + pair.sum(axis=1) + 1e-9) - pair
        weights = self.heavy.reshape(-1, *[1] * (values.ndim - 1))
        return cast(NDArray[_Number], np.linalg.solve(matrix, weights * values))

    def families(self, slots: Floats, spacing: float, most_lift: float) -> tuple[list[_Family], float]:
        """A family near each of the `slots` (n,), radians; and how far apart the nearest two of them lie."""
        many = len(slots) > 1
        lift = self._lift(most_lift)
        share = self.heavy * (self.graph.chroma > _GREY)
        share = share / max(float(share.sum()), 1e-9)
        seen = [srgb_to_lab(to_srgb(self.graph.centre))]
        found: dict[int, _Family] = {}
        for slot in np.argsort(np.abs(slots), kind="stable")[::-1]:  # the farthest turns first
            tried = []
            for shift in _SHIFTS if many else _SHIFTS[:1]:
                theta = float(slots[slot] + shift * spacing)
                turn = self._turns(theta)
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

    def _turns(self, theta: float) -> Floats:
        """Turn (K,) of each cluster in a family: gathered around its hue, within its limits, alike where bonded."""
        want = _wrapped(theta - _GATHER * np.sin(_wrapped(self.hue - self.home)))
        side = self.limit[:, 1] if theta >= 0 else self.limit[:, 0]
        bent = side * np.sqrt(abs(theta) / np.pi)
        place = (want % (2 * np.pi)) / (2 * np.pi) * STEPS
        step, part, k = place.astype(int), place % 1, np.arange(len(want))
        chance = (1 - part) * self.chance[k, step % STEPS] + part * self.chance[k, (step + 1) % STEPS]
        free = np.maximum(
            1 / (1 + np.exp(-chance / 0.2)), 1 - self.known
        )  # may it take the family's own turn?
        turn = np.angle(self.united(free * np.exp(1j * want) + (1 - free) * np.exp(1j * bent), _UNITED[1]))
        return np.asarray(np.where(free > 0.5, turn, np.clip(turn, self.limit[:, 0], self.limit[:, 1])))


def _limits(likely: Floats, tolerance: float) -> Floats:
    """How far each cluster may turn to either side, (K, 2) radians, before its likelihood falls below the tolerance."""
    floor = np.minimum(-tolerance, likely[:, 0] - 0.3)  # the photo's own colours always pass
    half = STEPS // 2
    out = np.zeros((len(likely), 2))
    for side, sign in ((1, 1), (0, -1)):
        margin = likely[:, (sign * np.arange(half + 1)) % STEPS] - floor[:, None]  # (K, half + 1)
        for k, row in enumerate(margin):
            below = np.flatnonzero(row < 0)
            reach = float(half)
            if len(below):
                j = int(below[0])
                reach = j - 1 + float(row[j - 1] / (row[j - 1] - row[j]))
            out[k, side] = sign * reach * 2 * np.pi / STEPS
    return out


def _relative(likely: Floats) -> Floats:
    """Likelihoods (K, STEPS) beside the best of each cluster."""
    return np.asarray(likely - likely.max(axis=1, keepdims=True))


def _wrapped(angle: NDArray[np.floating[Any]]) -> Floats:
    """Between -pi and pi."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)
