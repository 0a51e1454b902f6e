"""Texture: fill a hole coarse to fine until each of its patches looks like a known one.

References
----------
Wexler, Shechtman, Irani 2007, "Space-time completion of video"; Newson et al. 2014, "Video inpainting of complex
scenes" (texture features, first guess from the rim inwards, one source a pixel in the end).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.offset_field import OffsetField
from tinct.imaging.fill.patchmatch import (
    SIDE,
    Ints,
    Library,
    NearestNeighbourField,
    is_few,
    nearest,
    patchmatch,
    texture,
)
from tinct.imaging.fill.scene import Array, Scene, smaller

__all__ = ["synthesise"]

_REACH = SIDE // 2
_THIN = 3.0  # pixels from the rim to the middle of a hole that patches reach across
_FEWEST = 200  # patches that a level needs to choose from
_TURNS = 6  # of search and vote at a coarse level; fewer at fine ones, where only detail is left
_STEPS = [(i, j) for i in range(-_REACH, _REACH + 1) for j in range(-_REACH, _REACH + 1)]


@dataclass(frozen=True, eq=False)
class _Level:
    """One size: the scene, and its colours with the roughness that the finest size has there."""

    scene: Scene
    look: Array  # (h, w, 5)
    library: Library


def synthesise(
    scene: Scene, rng: np.random.Generator, progress: Callable[[float], None] = lambda _: None
) -> OffsetField | None:
    """Where each pixel of the hole is to be copied from.

    Parameters
    ----------
    scene : Scene
        At the size at which to work.
    rng : Generator
        Same state, same result.
    progress : callable
        Hears 0..1.

    Returns
    -------
    OffsetField or None
        None where no patch is wholly known.
    """
    levels = _levels(scene, rng)
    if not levels:
        return None
    look = _peel(levels[-1])
    matches: NearestNeighbourField | None = None
    for number in range(len(levels) - 1, -1, -1):
        level = levels[number]
        if matches is not None:
            matches = _enlarged(matches, levels[number + 1], level, rng)
            look, _ = _vote(level, matches)
        for _ in range(max(2, _TURNS - (len(levels) - 1 - number))):
            matches = _match(level, look, matches, rng)
            look, best = _vote(level, matches)
        progress((len(levels) - number) / len(levels))
    return best


def _levels(scene: Scene, rng: np.random.Generator) -> list[_Level]:
    """From the finest to the coarsest that patches reach across."""
    rough = texture(scene.lab, scene.known)
    levels: list[_Level] = []
    while True:
        library = Library.of(scene, rough, rng)
        if library is None or (levels and library.usable.sum() < _FEWEST):
            return levels
        levels.append(_Level(scene, np.concatenate([scene.lab, rough], axis=2), library))
        depth = cv2.distanceTransform(scene.hole.astype(np.uint8), cv2.DIST_L2, 5).max()
        if depth <= _THIN:
            return levels
        height, width = scene.size
        size = math.ceil(height / 2), math.ceil(width / 2)
        carried = Scene(rough, scene.known, scene.hole)
        scene, rough = smaller(scene, size), smaller(carried, size).lab


def _wanted(scene: Scene) -> tuple[Ints, Ints]:
    """Centres of all patches that touch the hole."""
    touched = cv2.dilate(scene.hole.astype(np.uint8), np.ones((SIDE, SIDE), np.uint8))
    rows, columns = np.nonzero(touched)
    return rows.astype(np.int32), columns.astype(np.int32)


def _match(
    level: _Level, look: Array, start: NearestNeighbourField | None, rng: np.random.Generator
) -> NearestNeighbourField:
    rows, columns = _wanted(level.scene)
    wanted = level.library.describe(look[..., :3], look[..., 3:], rows, columns)
    if is_few(level.library, len(rows)):
        return nearest(level.library, wanted, (rows, columns))
    if start is None:  # a thin hole has one level: search from anywhere, and for longer
        return patchmatch(level.library, wanted, _anywhere(level.library, rows, columns, rng), 8, rng)
    return patchmatch(level.library, wanted, start, 2, rng)


def _anywhere(library: Library, rows: Ints, columns: Ints, rng: np.random.Generator) -> NearestNeighbourField:
    """A random known patch for each wanted one."""
    to_rows, to_columns = (index.astype(np.int32) for index in np.nonzero(library.usable))
    pick = rng.integers(0, len(to_rows), len(rows))
    far = np.full(len(rows), np.inf, np.float32)
    return NearestNeighbourField(rows, columns, to_rows[pick] - rows, to_columns[pick] - columns, far)


def _enlarged(
    matches: NearestNeighbourField, small: _Level, large: _Level, rng: np.random.Generator
) -> NearestNeighbourField:
    """The next finer level: twice the way, or a random one where that leads to no known patch."""
    rows, columns = _wanted(large.scene)
    usable = large.library.usable
    number = np.full(small.scene.size, -1, np.int32)
    number[matches.rows, matches.columns] = np.arange(len(matches.rows), dtype=np.int32)
    parent = number[rows // 2, columns // 2]
    down, right = 2 * matches.down[parent], 2 * matches.right[parent]
    start = _anywhere(large.library, rows, columns, rng)
    to_row, to_column = rows + down, columns + right
    fine = (parent >= 0) & (to_row >= 0) & (to_row < usable.shape[0])
    fine &= (to_column >= 0) & (to_column < usable.shape[1])
    fine[fine] = usable[to_row[fine], to_column[fine]]
    start.down[fine], start.right[fine] = down[fine], right[fine]
    start.distance[:] = 1
    return start


def _vote(level: _Level, matches: NearestNeighbourField) -> tuple[Array, OffsetField]:
    """The hole as its patches would have it: a weighted mean for the next turn, and the single best source.

    Returns
    -------
    look : ndarray, (h, w, 5)
    best : OffsetField
    """
    scene = level.scene
    number = np.full(scene.size, -1, np.int32)
    number[matches.rows, matches.columns] = np.arange(len(matches.rows), dtype=np.int32)
    number = np.pad(number, _REACH, constant_values=-1)
    rows, columns = (index.astype(np.int32) for index in np.nonzero(scene.hole))
    weight = _trust(scene, matches)
    total = np.zeros((len(rows), level.look.shape[2]), np.float32)
    weights = np.full(len(rows), 1e-12, np.float32)
    strongest = np.zeros(len(rows), np.float32)
    winner = np.zeros(len(rows), np.int32)
    for i, j in _STEPS:
        voter = number[rows + (i + _REACH), columns + (j + _REACH)]  # border makes the index safe
        who = np.maximum(voter, 0)
        share = np.where(voter >= 0, weight[who], 0)
        to_row = np.where(voter >= 0, rows + matches.down[who], 0)
        to_column = np.where(voter >= 0, columns + matches.right[who], 0)
        total += level.look[to_row, to_column] * share[:, None]
        weights += share
        # the nearer a pixel is to the middle of a patch, the more of that patch's judgement is about it
        central = share * np.float32(math.exp(-(i * i + j * j) / 8))
        better = central > strongest
        strongest[better], winner[better] = central[better], voter[better]
    look = level.look.copy()
    look[rows, columns] = total / weights[:, None]
    return look, OffsetField.at(scene.size, rows, columns, matches.down[winner], matches.right[winner])


def _trust(scene: Scene, matches: NearestNeighbourField) -> Array:
    """Weight of each patch: it fits well, and it is near what is known."""
    depth = cv2.distanceTransform((~scene.known).astype(np.uint8), cv2.DIST_L2, 5)
    spread = 2 * np.percentile(matches.distance, 75) + 1e-6
    near = np.maximum(np.float32(1.3) ** -depth[matches.rows, matches.columns], 1e-4)
    return np.asarray((np.exp(-matches.distance / spread) + 1e-4) * near, np.float32)


def _peel(level: _Level) -> Array:
    """A first guess at the coarsest level: rim by rim inwards, each pixel from the known patch whose part fits best.

    Returns
    -------
    ndarray, (h, w, 5)
    """
    scene, look = level.scene, level.look.copy()
    rows, columns = np.nonzero(level.library.usable)
    pick = np.linspace(0, len(rows) - 1, min(len(rows), 6000)).astype(np.int64)
    rows, columns = rows[pick], columns[pick]
    sources = _views(scene.lab)[rows, columns].reshape(len(rows), 3, -1)  # (s, 3, 49)
    squares = np.einsum("scp,scp->sp", sources, sources)
    flat = sources.reshape(len(rows), -1)
    filled, left = scene.known.copy(), scene.hole.copy()
    while left.any():
        rim = left & (cv2.dilate(filled.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        if not rim.any():  # a hole that touches nothing known
            rim = left
        at = np.nonzero(rim)
        seen = _views(filled.astype(np.float32)[..., None])[at].reshape(len(at[0]), -1)  # (n, 49)
        patches = _views(look[..., :3])[at].reshape(len(at[0]), 3, -1) * seen[:, None]
        cost = seen @ squares.T - 2 * (patches.reshape(len(at[0]), -1) @ flat.T)
        best = np.argmin(cost, axis=1)
        look[at] = level.look[rows[best], columns[best]]
        filled |= rim
        left &= ~rim
    return look


def _views(picture: Array) -> NDArray[np.float32]:
    """The patch around each pixel, zero beyond the border: (h, w, channels, 7, 7)."""
    padded = np.pad(picture, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(0, 1))
