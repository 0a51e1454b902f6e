"""Which label each cluster of colours takes: least energy by block moves.

Iterated conditional modes (Besag 1986, "On the statistical analysis of dirty pictures") in which whole branches of a
merge tree move at once, so that a sky of six clusters can change its label although none of the six gains alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.migrate.graph import ColorGraph

__all__ = ["Energy", "branches", "labelled"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

_SWEEPS: Final = 6
_GAIN: Final = 1e-7  # that makes a move worth while


@dataclass(frozen=True, eq=False)
class Energy:
    """What a labelling costs: K clusters, J labels."""

    alone: Floats
    """(K, J) of each cluster by itself."""
    pair: Floats
    """(K, J, K, J) of two clusters together; each pair stands in both places and counts once."""
    shown: Floats
    """(K, J) area that a cluster adds to a label's."""
    lack: Callable[[Floats], Floats]
    """Cost of areas (..., J): what they fall short of."""


def branches(graph: ColorGraph) -> list[Numbers]:
    """The clusters, then every merge of two by their bond beside their areas: a sky, a lawn, a wall."""
    count = len(graph.area)
    members = [[k] for k in range(count)]
    bond = graph.bond.astype(np.float64)
    np.fill_diagonal(bond, 0)
    area = graph.area.astype(np.float64) + 1e-6
    out = [np.array([k]) for k in range(count)]
    alive = np.arange(count)
    while len(alive) > 2:
        strength = bond[np.ix_(alive, alive)] / np.sqrt(np.outer(area[alive], area[alive]))
        np.fill_diagonal(strength, -1)
        i, j = np.unravel_index(strength.argmax(), strength.shape)
        if strength[i, j] <= 0:
            break
        one, two = alive[i], alive[j]
        members[one] = members[one] + members[two]
        bond[one] += bond[two]
        bond[:, one] += bond[:, two]
        bond[one, one] = 0
        area[one] += area[two]
        alive = alive[alive != two]
        out.append(np.array(sorted(members[one])))
    return out


def labelled(energy: Energy, blocks: Sequence[Numbers], starts: Sequence[Numbers]) -> Numbers:
    """The labels (K,) of least energy that block moves find from any of the `starts`."""
    inner = [_together(energy.pair, block) for block in blocks]
    found = [_descend(energy, blocks, inner, start.copy()) for start in starts]
    return min(found, key=lambda each: each[0])[1]


def _together(pair: Floats, block: Numbers) -> Floats:
    """Cost (J,) within a block of which all take one label."""
    inside = pair[block][:, :, block].diagonal(axis1=1, axis2=3)  # (B, B, J)
    return np.asarray(0.5 * inside.sum(axis=(0, 1)))


def _descend(
    energy: Energy, blocks: Sequence[Numbers], inner: Sequence[Floats], labels: Numbers
) -> tuple[float, Numbers]:
    """Move blocks while that pays; the energy and the labels."""
    alone, pair, shown = energy.alone, energy.pair, energy.shown
    k, count = np.arange(len(alone)), alone.shape[1]
    force = pair[:, :, k, labels].sum(axis=2)  # (K, J) cost of each label given all others'
    area = np.bincount(labels, shown[k, labels], count).astype(np.float64)
    for _ in range(_SWEEPS):
        moved = False
        for block, within in zip(blocks, inner, strict=True):
            old = labels[block]
            rows = np.arange(len(block))
            outside = force[block] - pair[block[:, None], :, block[None], old[None]].sum(axis=1)
            own = 0.5 * pair[block[:, None], old[:, None], block[None], old[None]].sum()
            now = (alone[block, old] + outside[rows, old]).sum() + own + energy.lack(area)
            areas = np.tile(
                area - np.bincount(old, shown[block, old], count), (count, 1)
            )  # (J, J) one row a choice
            areas.flat[:: count + 1] += shown[block].sum(axis=0)
            new = (alone[block] + outside).sum(axis=0) + within + energy.lack(areas)
            best = int(new.argmin())
            if new[best] < now - _GAIN:
                force += pair[:, :, block, best].sum(axis=2) - pair[:, :, block, old].sum(axis=2)
                labels[block] = best
                area = np.bincount(labels, shown[k, labels], count).astype(np.float64)
                moved = True
        if not moved:
            break
    total = alone[k, labels].sum() + 0.5 * force[k, labels].sum() + float(energy.lack(area))
    return float(total), labels
