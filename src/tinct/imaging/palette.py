"""Dominant colours of a photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.imaging.sample import Sample
from tinct.photo.color import lab_to_srgb, srgb_to_lab
from tinct.photo.named import WRITTEN, named

__all__ = ["DominantColor", "clusters", "from_hex", "nearest", "parse_colors", "to_hex"]

Array = NDArray[np.float32]

_BINS = 16  # per channel of sRGB, as in Chang et al. 2015
_ROUNDS = 40


@dataclass(frozen=True)
class DominantColor:
    """A dominant colour."""

    lab: tuple[float, float, float]
    """Mean colour, CIELAB D65."""
    share: float
    """Share of the photo's pixels that are nearest to it, 0..1."""

    @property
    def hex(self) -> str:
        """As ``#RRGGBB``."""
        return to_hex(lab_to_srgb(np.asarray(self.lab, np.float32)))


def clusters(sample: Sample, count: int) -> list[DominantColor]:
    """Dominant colours, largest first.

    Weighted k-means over the means of histogram bins, started from well-separated heavy bins (Chang et al. 2015,
    "Palette-based photo recoloring", section 3.2), in CIELAB. Deterministic.

    Parameters
    ----------
    sample : Sample
    count : int
        Most colours to return; a photo with fewer distinct colours gives fewer.
    """
    means, weights = _histogram(sample)
    centres = _start(means, weights, count)
    for _ in range(_ROUNDS):
        label = nearest(means, centres)
        moved = np.stack(
            [
                np.average(means[label == k], axis=0, weights=weights[label == k])
                if (label == k).any()
                else c
                for k, c in enumerate(centres)
            ]
        )
        if np.abs(moved - centres).max() < 0.05:
            break
        centres = moved
    shares = np.bincount(nearest(means, centres), weights, len(centres))
    order = np.argsort(-shares, kind="stable")
    return [
        DominantColor((float(c[0]), float(c[1]), float(c[2])), float(s))
        for c, s in zip(centres[order], shares[order], strict=True)
        if s > 0
    ]


def nearest(colors: Array, centres: Array) -> NDArray[np.intp]:
    """Number of the centre (k, 3) nearest to each colour (n, 3): (n,)."""
    return np.asarray(((colors[:, None] - centres[None]) ** 2).sum(axis=-1).argmin(axis=1))


def _histogram(sample: Sample) -> tuple[Array, Array]:
    """Mean Lab colour (m, 3) and share (m,) of each occupied bin."""
    flat, weight = sample.flat, sample.weights
    cell = np.minimum((np.clip(flat, 0, 1) * _BINS).astype(np.int64), _BINS - 1)
    number = (cell[:, 0] * _BINS + cell[:, 1]) * _BINS + cell[:, 2]
    lab = srgb_to_lab(flat)
    total = np.bincount(number, weight, _BINS**3)
    used = total > 0
    sums = np.stack([np.bincount(number, weight * lab[:, c], _BINS**3)[used] for c in range(3)], axis=1)
    return (sums / total[used, None]).astype(np.float32), (total[used] / total.sum()).astype(np.float32)


def _start(means: Array, weights: Array, count: int) -> Array:
    """Heaviest bins, each one damping those near it so that the next lies apart."""
    left = weights.astype(np.float64).copy()
    picked: list[int] = []
    for _ in range(min(count, len(means))):
        best = int(left.argmax())
        if left[best] <= 0:
            break
        picked.append(best)
        distance = ((means - means[best]) ** 2).sum(axis=1)
        left *= 1 - np.exp(-distance / 30.0**2)
    return means[picked]


def parse_colors(values: str | Iterable[str], *, field: str = "colors", most: int = 7) -> list[str]:
    """Check swatches.

    Parameters
    ----------
    values : str or iterable of str
        Names of CSS, ``#RGB``, ``#RRGGBB`` or ``#AARRGGBB`` (alpha is ignored), with or without ``#``, any case; a
        string may hold several, separated by commas.
    field : str
        Name for the error.
    most : int
        Largest number of swatches.

    Returns
    -------
    list of str
        As ``#RRGGBB``, upper case.

    Raises
    ------
    ParameterError
        A swatch is malformed, or there are none or too many.
    """
    if not isinstance(values, Iterable):
        raise ParameterError(field, values, f"1 to {most} colours")
    given = [values] if isinstance(values, str) else list(values)
    tokens = [part for one in given for part in (one.split(",") if isinstance(one, str) else [one])]
    found = []
    for token in tokens:
        color = named(token) if isinstance(token, str) else None
        if color is None:
            raise ParameterError(field, token, f"colours written as {WRITTEN}")
        found.append(color)
    if not 1 <= len(found) <= most:
        raise ParameterError(field, f"{len(found)} colours", f"1 to {most} colours")
    return found


def from_hex(colors: Sequence[str]) -> Array:
    """``#RRGGBB`` colours as sRGB-encoded float32 (n, 3) in 0..1."""
    return np.array([list(bytes.fromhex(c[1:])) for c in colors], np.float32) / np.float32(255)


def to_hex(rgb: Array) -> str:
    """An sRGB-encoded colour (3,) in 0..1 as ``#RRGGBB``."""
    return "#" + bytes(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8).tolist()).hex().upper()
