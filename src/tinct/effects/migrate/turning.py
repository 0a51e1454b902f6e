"""How the parts of a photo may turn their hues: as its scheme asks, near to what the colorizer finds likely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph
from tinct.effects.migrate.natural import STEPS

__all__ = ["SCHEMES", "Turning", "wrapped"]

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
_Number = TypeVar("_Number", np.float64, np.complex128)

_DECIDED: Final = 4.0  # how much more the likeliest turn counts than others
_LIKELY: Final = 1.3  # nats below the likeliest turn that a colour may have
_KNOWN: Final = (0.57, 0.89)
"""Share of such turns up to which people know the colour, and from which anything goes."""
_UNITED: Final = (2.0, 6.0)  # how strongly bonded clusters share their likelihood, and their turn

SCHEMES: Final[Mapping[str, tuple[Callable[[Floats], Floats], float]]] = {
    "even": (lambda d: -0.3 * np.sin(d), 0.0),
    "analogous": (lambda d: -0.9 * np.sin(d), 0.5),
    "complementary": (lambda d: -0.45 * np.sin(2 * d), 0.5),
    "split": (lambda d: np.pi / 3 * (1 - np.cos(d)), 0.8),
    "split back": (lambda d: -np.pi / 3 * (1 - np.cos(d)), 0.8),
    "mirrored": (lambda d: -2 * d, 1.2),
}
"""By how much more than the family a hue turns, given its angle from the photo's dominant hue; and how odd that looks,
in units of CIEDE2000. All are smooth around the circle, as one map must be."""


@dataclass(frozen=True, eq=False)
class Turning:
    """How the K clusters of a photo may turn."""

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
    def of(cls, graph: ColorGraph, turns: Floats) -> Turning:
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

    def wanted(self, scheme: str, theta: Floats) -> Floats:
        """Turns (n, K) of the families `theta` (n,) by a scheme."""
        more, _ = SCHEMES[scheme]
        return np.asarray(theta[:, None] + more(wrapped(self.hue - self.home)))

    def turns(self, want: Floats, faith: float, strict: float) -> Floats:
        """Turns (n, K) that are likely, near those wanted (n, K), and alike where bonded.

        Parameters
        ----------
        want : ndarray, (n, K)
            Radians.
        faith : float
            Nats that a turn away from the wanted one costs, times 2 (1 - cos).
        strict : float
            How much more each nat counts below what is likely enough.
        """
        steps = 2 * np.pi * np.arange(STEPS) / STEPS
        likely = self.likely - strict * np.maximum(-_LIKELY - self.likely, 0)  # (K, STEPS)
        score = likely - 2 * faith * (1 - np.cos(steps - want[..., None]))  # (n, K, STEPS)
        votes = np.exp(_DECIDED * (score - score.max(axis=-1, keepdims=True))) @ np.exp(1j * steps)
        one = np.asarray(votes / np.maximum(np.abs(votes), 1e-9), np.complex128)
        return np.asarray(np.angle(self.united(one.T, _UNITED[1]).T))


def _relative(likely: Floats) -> Floats:
    """Likelihoods (K, STEPS) beside the best of each cluster."""
    return np.asarray(likely - likely.max(axis=1, keepdims=True))


def wrapped(angle: NDArray[np.floating[Any]]) -> Floats:
    """Between -pi and pi."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)
