"""Make seams vanish: between pieces that are copied from different places, tones are levelled out.

References
----------
Pérez, Gangnet, Blake 2003, "Poisson image editing"; Briggs, Henson, McCormick 2000, "A multigrid tutorial".
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tinct.effects.erase.field import Field, Ground, Ints
from tinct.effects.erase.scene import Array, Flags

__all__ = ["levelled"]

_TONE, _HUE = 0.15, 0.05
"""Steps over a joint (of 1) in tone and in colour well above these are edges of the picture, not seams; levelling them
would let colours run."""
_CYCLES = 2
_SMOOTHING = 2


def levelled(ground: Ground, field: Field, box: tuple[slice, slice]) -> Array:
    """The filled hole without visible seams.

    Parameters
    ----------
    ground : Ground
        The photo, whole numbers.
    field : Field
        What to copy; every pixel of the hole leads to a known one.
    box : tuple of slice
        Rows and columns around the hole.

    Returns
    -------
    ndarray, (h, w, 3), float32
        Of the box, in the photo's unit; only the hole is meaningful. May lie a little outside the photo's range.
    """
    around = tuple(
        slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(box, ground.hole.shape, strict=True)
    )
    rows, columns = np.ogrid[around]
    filled = ground.picture[rows + field.down[around], columns + field.right[around]].astype(np.float32)
    wanted = _wanted(ground, field)[around]
    if wanted.any():
        filled += _solve(_system(ground.hole[around], ground.known[around]), wanted) / ground.unit
    top, left = (s.start - a.start for s, a in zip(box, around, strict=True))
    return filled[top:, left:][: box[0].stop - box[0].start, : box[1].stop - box[1].start]


@dataclass(frozen=True, eq=False)
class _System:
    """Equations ``(held + sum of ties) * u - sum of ties * u beside = wanted`` on a grid.

    Parameters
    ----------
    held : ndarray, (h, w), float32
        How strongly a pixel is held at 0.
    across : ndarray, (h, w - 1), float32
        Ties to the pixel on the right.
    upright : ndarray, (h - 1, w), float32
        Ties to the pixel below.
    """

    held: Array
    across: Array
    upright: Array

    @property
    def whole(self) -> Array:
        """Factor of u itself; 1 where there is no equation."""
        whole = self.held.copy()
        whole[:, 1:] += self.across
        whole[:, :-1] += self.across
        whole[1:] += self.upright
        whole[:-1] += self.upright
        return np.where(whole > 0, whole, 1)

    def beside(self, u: Array) -> Array:
        """Sum of the neighbours, each times its tie."""
        total = np.zeros_like(u)
        total[:, 1:] += self.across[..., None] * u[:, :-1]
        total[:, :-1] += self.across[..., None] * u[:, 1:]
        total[1:] += self.upright[..., None] * u[:-1]
        total[:-1] += self.upright[..., None] * u[1:]
        return total

    def coarser(self) -> _System:
        """The equations of cells of 2 x 2 pixels; a tie of twice the length holds half as strongly."""
        held, across, upright = (_even(a) for a in (self.held, self.across, self.upright))
        h, w = -(-self.held.shape[0] // 2), -(-self.held.shape[1] // 2)
        across = across[: 2 * h, 1::2][:, : w - 1]
        upright = upright[1::2, : 2 * w][: h - 1]
        half = np.float32(0.5)
        across, upright = (across[::2] + across[1::2]) * half, (upright[:, ::2] + upright[:, 1::2]) * half
        return _System(_sums(held), across, upright)


def _even(values: Array) -> Array:
    """With zeros added until both sides are even."""
    return np.pad(values, [(0, s % 2) for s in values.shape[:2]] + [(0, 0)] * (values.ndim - 2))


def _sums(values: Array) -> Array:
    """Sums of 2 x 2."""
    v = _even(values)
    return np.asarray(v[::2, ::2] + v[1::2, ::2] + v[::2, 1::2] + v[1::2, 1::2], np.float32)


def _system(hole: Flags, known: Flags) -> _System:
    """Neighbours are tied; those beside the rim are held, and all a little, so that tones do not wander."""
    depth = float(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 5).max())
    held = hole.astype(np.float32) * np.float32(0.25 / max(depth, 1) ** 2)
    held[:, 1:] += hole[:, 1:] & known[:, :-1]
    held[:, :-1] += hole[:, :-1] & known[:, 1:]
    held[1:] += hole[1:] & known[:-1]
    held[:-1] += hole[:-1] & known[1:]
    across = (hole[:, 1:] & hole[:, :-1]).astype(np.float32)
    upright = (hole[1:] & hole[:-1]).astype(np.float32)
    return _System(held, across, upright)


def _wanted(ground: Ground, field: Field) -> Array:
    """Right-hand side: the steps that seams would have to lose, (h, w, 3)."""
    wanted = np.zeros((*ground.hole.shape, 3), np.float32)
    inside = ground.hole | ground.known
    for side in ((0, 1), (1, 0)):
        h, w = ground.hole.shape[0] - side[0], ground.hole.shape[1] - side[1]
        here, there = np.s_[:h, :w], np.s_[side[0] :, side[1] :]
        joint = inside[here] & inside[there] & (ground.hole[here] | ground.hole[there])
        joint &= (field.down[here] != field.down[there]) | (field.right[here] != field.right[there])
        rows, columns = (index.astype(np.int32) for index in np.nonzero(joint))
        step = _excess(ground, field, rows, columns, side)
        np.add.at(wanted, (rows, columns), step)
        np.add.at(wanted, (rows + side[0], columns + side[1]), -step)
    wanted[~ground.hole] = 0
    return wanted


def _excess(ground: Ground, field: Field, rows: Ints, columns: Ints, side: tuple[int, int]) -> Array:
    """Step over each joint beyond the one that the sources of its two sides have there: (n, 3)."""
    near, across = rows + side[0], columns + side[1]
    one = field.down[rows, columns], field.right[rows, columns]
    two = field.down[near, across], field.right[near, across]
    first, _ = ground.look(rows + one[0], columns + one[1])
    second, _ = ground.look(near + two[0], across + two[1])
    total, count = np.zeros_like(first), np.zeros((len(rows), 1), np.float32)
    for way, at in ((one, (rows, columns)), (two, (near, across))):
        start, known = ground.look(rows + way[0], columns + way[1])
        end, also = ground.look(near + way[0], across + way[1])
        usable = (known & also & ground.hole[at])[:, None]
        total += np.where(usable, end - start, 0)
        count += usable
    step = np.where(count > 0, (second - first) - total / np.maximum(count, 1), 0) * ground.unit
    tone = step.mean(axis=1, keepdims=True)
    hue = np.linalg.norm(step - tone, axis=1, keepdims=True)
    return np.asarray(step / (1 + ((tone / _TONE) ** 2 + (hue / _HUE) ** 2) ** 2), np.float32)


def _solve(system: _System, wanted: Array) -> Array:
    """Solve from coarse to fine, then improve at each size by cycles through the coarser ones."""
    chain = [system]
    sides = [wanted]
    while min(chain[-1].held.shape) > 4:
        sides.append(_sums(sides[-1]))
        chain.append(chain[-1].coarser())
    wholes = [s.whole for s in chain]
    u = np.zeros_like(sides[-1])
    for level in range(len(chain) - 1, -1, -1):
        u = _finer(u, sides[level].shape)
        for _ in range(_CYCLES):
            u = _cycle(chain, wholes, level, sides[level], u)
    return u


def _cycle(chain: list[_System], wholes: list[Array], level: int, wanted: Array, u: Array) -> Array:
    system, whole = chain[level], wholes[level][..., None]
    last = level + 1 == len(chain)
    for _ in range(40 if last else _SMOOTHING):
        u = _relax(system, whole, wanted, u)
    if last:
        return u
    rest = wanted + system.beside(u) - whole * u
    rest = _sums(rest)
    better = _cycle(chain, wholes, level + 1, rest, np.zeros_like(rest))
    u = u + _finer(better, u.shape)
    for _ in range(_SMOOTHING):
        u = _relax(system, whole, wanted, u)
    return u


def _relax(system: _System, whole: Array, wanted: Array, u: Array) -> Array:
    return np.asarray(u + np.float32(0.8) * ((wanted + system.beside(u)) / whole - u), np.float32)


def _finer(u: Array, shape: tuple[int, ...]) -> Array:
    if u.shape == shape:
        return u
    return np.repeat(np.repeat(u, 2, axis=0), 2, axis=1)[: shape[0], : shape[1]]
