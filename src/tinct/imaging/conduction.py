"""Heat that flows between neighbouring cells, well where they look alike, hardly across edges.

Chroma solved for as such heat is even over a thing and changes at its edges (Levin, Lischinski, Weiss 2004,
"Colorization using optimization"; Farbman, Fattal, Lischinski, Szeliski 2008, "Edge-preserving decompositions for
multi-scale tone and detail manipulation"), here with what the network's encoder sees beside lightness.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Flow", "conducted", "leveled", "steady"]

Array = NDArray[np.float32]
Part = tuple[slice, slice]
Flow = list[tuple[Part, Part, Array]]
"""Cells, their neighbours one way, and the flow between each two."""

_WAYS: Final = ((0, 1), (1, 0), (1, 1), (1, -1))  # to neighbours, half of them
_STEPS, _ENOUGH = 300, np.float32(2e-3)  # of conjugate gradients, and the residual that ends them


def conducted(features: list[tuple[Array, float]], least: float = 0.0) -> Flow:
    """How well neighbours conduct.

    Parameters
    ----------
    features : list
        Each (h, w, c) or (h, w), and the difference at which flow falls.
    least : float
        Share of the flow between the most alike that goes through any edge.
    """
    h, w = features[0][0].shape[:2]
    flow = []
    for down, across in _WAYS:
        one = np.s_[: h - down, max(0, -across) : w - max(0, across)]
        other = np.s_[down:, max(0, across) : w - max(0, -across)]
        apart = np.zeros((h - down, w - abs(across)), np.float32)
        for values, scale in features:
            away = (values[one] - values[other]).reshape(*apart.shape, values[0, 0].size)
            apart += np.einsum("ijk,ijk->ij", away, away) / np.float32(scale * scale)
        flow.append(
            (one, other, (np.exp(-apart / 2) + np.float32(least)) / np.float32(np.hypot(down, across)))
        )
    return flow


def leveled(values: Array, flow: Flow, hold: float) -> Array:
    """`values` (h, w, n) made even along the flow, while each cell is held to its own by `hold`."""
    loss = np.full(values.shape[:2], hold, np.float32)
    return steady(flow, loss, loss[..., None] * values, values, np.zeros(values.shape[:2], bool))


def steady(flow: Flow, loss: Array, gained: Array, start: Array, fixed: NDArray[np.bool_]) -> Array:
    """The steady state by conjugate gradients, each of the n columns by itself.

    Parameters
    ----------
    flow : list
    loss : ndarray, (h, w), float32
        Share of its heat that a cell loses.
    gained : ndarray, (h, w, n), float32
    start : ndarray, (h, w, n), float32
        Where to begin; what `fixed` cells stay at.
    fixed : ndarray, (h, w), bool
    """
    own = loss.copy()
    for one, other, weight in flow:
        own[one] += weight
        own[other] += weight
    own, free = own[..., None], ~fixed[..., None]

    def applied(x: Array) -> Array:
        out: Array = own * x
        for one, other, weight in flow:
            out[one] -= weight[..., None] * x[other]
            out[other] -= weight[..., None] * x[one]
        return out

    x = np.zeros_like(start)
    left = (gained - applied(start)) * free
    enough = _ENOUGH * np.abs(left).max() + np.float32(1e-12)
    step = left / own
    size = (left * step).sum(axis=(0, 1))
    for _ in range(_STEPS):
        answer = applied(step) * free
        far = size / np.maximum((step * answer).sum(axis=(0, 1)), np.float32(1e-20))
        x += far * step
        left -= far * answer
        if np.abs(left).max() < enough:
            break
        better = left / own
        grown = (left * better).sum(axis=(0, 1))
        step = better + grown / np.maximum(size, np.float32(1e-20)) * step
        size = grown
    return np.asarray(x + start, np.float32)
