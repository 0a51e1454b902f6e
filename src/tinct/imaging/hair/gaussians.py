"""Colours of a surface as a mixture of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixture", "distance", "mixture"]

Array = NDArray[np.float32]

_MOST: Final = 1500  # samples that are looked at
_FLOOR: Final = 8.0  # least variance, in units of CIELAB squared
_SEED: Final = 7


@dataclass(frozen=True, eq=False)
class Mixture:
    """A density of colours."""

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    inverses: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def log(self, lab: Array) -> Array:
        """Logarithm of the density at each colour of `lab` (h, w, 3); (h, w)."""
        out = np.full(lab.shape[:2], -np.inf, np.float32)
        for weight, mean, inverse, offset in zip(
            self.weights, self.means, self.inverses, self.offsets, strict=True
        ):
            # x' A x is the length of R'x squared, with A = RR'
            away = (lab - mean.astype(np.float32)) @ np.linalg.cholesky(inverse).astype(np.float32)
            part = -0.5 * np.square(away).sum(axis=-1)
            out = np.logaddexp(out, part + np.float32(np.log(weight) + offset))
        return np.asarray(out, np.float32)


def mixture(colors: Array, count: int) -> Mixture:
    """Fit `count` Gaussians to colours (n, 3) in CIELAB; n at least 1."""
    rng = np.random.default_rng(_SEED)
    chosen = np.ascontiguousarray(colors[rng.permutation(len(colors))[:_MOST]], np.float32)
    count = min(count, max(1, len(chosen) // 20))
    cv2.setRNGSeed(_SEED)
    rule = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.2)
    _, labels, _ = cv2.kmeans(chosen, count, None, rule, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    weights, means, inverses, offsets = [], [], [], []
    for number in range(count):
        own = chosen[labels[:, 0] == number].astype(np.float64)
        if len(own) < 4:
            continue
        spread = np.cov(own.T) + _FLOOR * np.eye(3)
        weights.append(len(own) / len(chosen))
        means.append(own.mean(axis=0))
        inverses.append(np.linalg.inv(spread))
        offsets.append(-0.5 * np.linalg.slogdet(spread)[1])
    if not weights:
        spread = 4 * _FLOOR * np.eye(3)
        return Mixture(
            np.ones(1),
            chosen.mean(axis=0).astype(np.float64)[None],
            np.asarray(np.linalg.inv(spread)[None], np.float64),
            np.array([-0.5 * np.linalg.slogdet(spread)[1]]),
        )
    return Mixture(np.array(weights), np.stack(means), np.stack(inverses), np.array(offsets))


def distance(lab: Array, colors: Array, floor: float = 12.0) -> Array:
    """How far each colour of `lab` (h, w, 3) is from colours (n, 3), in their own spreads; (h, w)."""
    away = lab - colors.mean(axis=0)
    inverse = np.linalg.inv(np.cov(colors.T) + floor * np.eye(3))
    return np.asarray(np.sqrt(np.einsum("hwi,ij,hwj->hw", away, inverse, away)), np.float32)
