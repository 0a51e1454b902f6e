"""How natural a photo's colours would look if their hues were turned: what the colorizer expects at each place.

One small look of the colorizer's network gives the probability of each colour at each place, given lightness alone. A
lawn may be yellow or brown but not blue; a painted wall may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph, drawn
from tinct.effects.migrate.space import to_srgb
from tinct.imaging.likelihood import classes_of, glance
from tinct.photo.color import srgb_to_lab

__all__ = ["POOLED", "STEPS", "Expectation", "rotated"]

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

STEPS: Final = 24
"""Turns of hue that are asked about, evenly spaced."""
_POINTS: Final = 2500
POOLED: Final = 14.0
"""a*, b* over which neighbouring classes share: the network's peaks are narrower than taste."""
_FLOOR: Final = 1e-5  # of a probability


@dataclass(frozen=True, eq=False)
class Expectation:
    """What is expected where."""

    graph: ColorGraph
    at: Numbers
    """(n,) flat numbers of the pixels that are asked about."""
    logs: Array
    """(n, q) log-probability of each class at those pixels."""
    bins: Array
    """(q, 2) a*, b* of the classes."""

    @classmethod
    def of(cls, graph: ColorGraph, pooled: float = POOLED) -> Expectation:
        """Ask the network about a photo; classes nearer than `pooled`, in units of a*, b*, count as nearly one."""
        seen = glance(np.ascontiguousarray(graph.colors[..., 0]))
        rows, columns = seen.logits.shape[:2]
        gap = np.linalg.norm(seen.bins[:, None] - seen.bins[None], axis=-1)
        kernel = np.exp(-0.5 * (gap / pooled) ** 2).astype(np.float32)
        kernel /= kernel.sum(axis=1, keepdims=True)
        chance = np.exp(seen.logits.reshape(rows * columns, -1)) @ kernel.T
        at = drawn(graph.weight, _POINTS, np.random.default_rng(0))
        height, width = graph.label.shape
        y, x = np.divmod(at, width)
        cell = (y * rows // height) * columns + x * columns // width
        return cls(graph, at, np.log(chance[cell] + np.float32(_FLOOR)), seen.bins)

    def of_colors(self, colors: Array) -> Array:
        """Log-probability of `colors` (n, 3), in the graph's space, at the pixels `at`: (n,)."""
        lab = srgb_to_lab(to_srgb(colors, rounds=0))
        return np.asarray(self.logs[np.arange(len(colors)), classes_of(lab[:, 1:], self.bins)])

    def of_chroma(self, chroma: Array, which: Numbers) -> Array:
        """Log-probability of CIELAB a*, b* (n, m, 2) at the m pixels ``at[which]``: (n, m)."""
        classes = classes_of(chroma.reshape(-1, 2), self.bins).reshape(chroma.shape[:2])
        return np.asarray(self.logs[which[None], classes])

    def of_turns(self) -> Floats:
        """Mean log-probability of each cluster after each turn of its hue: (K, STEPS)."""
        own = self.graph.label.ravel()[self.at]
        colors = self.graph.colors.reshape(-1, 3)[self.at]
        count = len(self.graph.centre)
        pixels = np.maximum(np.bincount(own, minlength=count), 1)
        out = np.zeros((count, STEPS))
        for step in range(STEPS):
            turned = colors.copy()
            turned[:, 1:] = rotated(colors[:, 1:], np.float64(2 * np.pi * step / STEPS))
            out[:, step] = np.bincount(own, self.of_colors(turned), count) / pixels
        return out


def rotated(chroma: Array, turn: NDArray[np.floating] | np.float64) -> Array:
    """a, b (..., 2) turned by `turn` radians, one for all or one for each."""
    cos, sin = np.cos(turn), np.sin(turn)
    a, b = chroma[..., 0], chroma[..., 1]
    return np.stack([cos * a - sin * b, sin * a + cos * b], axis=-1).astype(np.float32)
