"""Chroma as classes: a grid over CIELAB a*, b*, soft targets, and weights against the greyness of photos.

Zhang, Isola, Efros 2016, "Colorful Image Colorization", sections 2.1-2.3.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["STEP", "SoftTargets", "grid", "rarity"]

STEP = 10.0  # CIELAB units between bins
_SPREAD = 5.0  # of a soft target
_REACH = 128  # largest |a*|, |b*| of the table


def grid(ab: NDArray[np.float32], least: float = 2e-5) -> NDArray[np.float32]:
    """Bins that photos use: centres (q, 2), from a sample of chroma (n, 2)."""
    axis = np.arange(-110, 111, STEP, dtype=np.float32)
    cells = np.rint((ab + 110) / STEP).astype(int).clip(0, len(axis) - 1)
    counts = np.zeros((len(axis), len(axis)))
    np.add.at(counts, (cells[:, 0], cells[:, 1]), 1)
    used = np.argwhere(counts / counts.sum() > least)
    return axis[used]


def rarity(ab: NDArray[np.float32], bins: NDArray[np.float32], mix: float = 0.5) -> NDArray[np.float32]:
    """Weight of each bin (q,): rare colours count more; the mean weight over the sample (n, 2) is 1."""
    nearest = ((ab[:, None] - bins[None]) ** 2).sum(-1).argmin(1)
    share = np.bincount(nearest, minlength=len(bins)) / len(ab)
    weight = 1 / ((1 - mix) * share + mix / len(bins))
    return (weight / (weight * share).sum()).astype(np.float32)


class SoftTargets:
    """Each chroma as a blend of its nearest classes, looked up at whole CIELAB units.

    Parameters
    ----------
    bins : Tensor, (q, 2)
    neighbours : int
        How many classes share the target.
    """

    def __init__(self, bins: Tensor, neighbours: int = 5) -> None:
        axis = torch.arange(-_REACH, _REACH + 1, device=bins.device, dtype=torch.float32)
        every = torch.cartesian_prod(axis, axis)  # (257 * 257, 2)
        distance, self._index = torch.cdist(every, bins).topk(min(neighbours, len(bins)), largest=False)
        weight = torch.exp(-(distance**2) / (2 * _SPREAD**2)) + 1e-8
        self._share = weight / weight.sum(1, keepdim=True)

    def __call__(self, chroma: Tensor) -> tuple[Tensor, Tensor]:
        """Nearest classes (m, k) and their shares (m, k), summing to 1, for chroma (n, 2, h, w); m is n h w."""
        cell = chroma.round().long().clamp(-_REACH, _REACH) + _REACH
        place = (cell[:, 0] * (2 * _REACH + 1) + cell[:, 1]).flatten()
        return self._index[place], self._share[place]
