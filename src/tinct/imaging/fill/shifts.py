"""Structure: few ways to copy, those by which the photo repeats itself, laid out so that their seams do not show.

References
----------
He and Sun 2012, "Statistics of patch offsets for image completion" (the candidates); Pritch et al. 2009, "Shift-map
image editing" (the labelling); Tappen and Freeman 2003, "Comparison of graph cuts with belief propagation for stereo"
(messages swept along rows and columns).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from tinct.imaging.fill.labelling import cheapest_labels
from tinct.imaging.fill.offset_field import Ground, Ints, OffsetField, icm, repair
from tinct.imaging.fill.patchmatch import SIDE, Library, texture
from tinct.imaging.fill.scene import Array, Flags, Scene, smaller
from tinct.imaging.fill.upsampling import upsampled

__all__ = ["dominant_shifts", "shift_map"]

_MOST_NODES = 3000  # pixels of the hole at the size of the labelling
_SHIFTS = 48  # candidates; the published count is 60
_ASKED = 3000  # patches whose nearest relative is looked for
_NEAR = 1 / 15  # of the longer side: relatives nearer than this say nothing (He and Sun)


def shift_map(
    scene: Scene, rng: np.random.Generator, progress: Callable[[float], None] = lambda _: None
) -> OffsetField | None:
    """Where each pixel of the hole is to be copied from; see :func:`synthesise` for the parameters."""
    small = _affordable(scene)
    library = Library.of(small, texture(small.lab, small.known), rng)
    if library is None:
        return None
    shifts = dominant_shifts(small, library, rng)
    if not len(shifts):
        return None
    progress(0.3)
    labels = cheapest_labels(small, shifts)
    rows, columns = np.nonzero(small.hole)
    chosen = shifts[labels]
    field = OffsetField.at(
        small.size, rows.astype(np.int32), columns.astype(np.int32), chosen[:, 0], chosen[:, 1]
    )
    ground = Ground(small.lab, small.known, small.hole)
    field = icm(ground, repair(ground, field), 4)
    progress(0.8)
    if small.size != scene.size:
        large = Ground(scene.lab, scene.known, scene.hole)
        field = icm(large, upsampled(field, small.hole, large), 4)
    progress(1.0)
    return field


def _affordable(scene: Scene) -> Scene:
    nodes = int(scene.hole.sum())
    if nodes <= _MOST_NODES:
        return scene
    factor = math.sqrt(_MOST_NODES / nodes)
    height, width = scene.size
    return smaller(scene, (max(2 * SIDE, round(height * factor)), max(2 * SIDE, round(width * factor))))


def dominant_shifts(scene: Scene, library: Library, rng: np.random.Generator) -> Ints:
    """The ways by which the known part looks most like itself.

    Parameters
    ----------
    scene : Scene
    library : Library
        Its patches.
    rng : Generator
        Chooses the patches that are asked.

    Returns
    -------
    ndarray, (n, 2), int32
        Down and right, the most frequent first. Together they lead from every pixel of the hole to a known one, as
        far as any way does.
    """
    votes = _votes(scene, library, rng)
    served = _served(scene)
    score = votes * (0.05 + served / max(int(scene.hole.sum()), 1))
    peak = (score > 0) & (score == cv2.dilate(score, np.ones((3, 3), np.uint8)))
    order = np.argsort(-score[peak], kind="stable")
    height, width = scene.size
    ways = (np.argwhere(peak)[order] - [height - 1, width - 1]).astype(np.int32)
    return _covering(scene, ways)


def _votes(scene: Scene, library: Library, rng: np.random.Generator) -> Array:
    """Histogram (2h - 1, 2w - 1) of the way from patches to their nearest relatives, smoothed; zero in the middle."""
    height, width = scene.size
    sources = np.flatnonzero(library.usable)
    depth = cv2.distanceTransform((~scene.hole).astype(np.uint8), cv2.DIST_L2, 5).ravel()[sources]
    chance = 1 / (1 + depth / (0.1 * max(height, width)))  # those around the hole know best
    asked = np.sort(rng.choice(len(sources), min(len(sources), _ASKED), False, chance / chance.sum()))
    known = library.vectors[sources]
    norms = np.einsum("ij,ij->i", known, known)
    rows, columns = sources // width, sources % width
    nearest, step = [], max(1, 4_000_000 // len(sources))
    limit = max(2, round(_NEAR * max(height, width)))
    for start in range(0, len(asked), step):
        part = asked[start : start + step]
        cost = norms - 2 * (known[part] @ known.T)
        top, bottom = np.searchsorted(rows, (rows[part[0]] - limit + 1, rows[part[-1]] + limit))
        close = np.abs(rows[part, None] - rows[top:bottom]) < limit
        close &= np.abs(columns[part, None] - columns[top:bottom]) < limit
        cost[:, top:bottom][close] = np.inf
        nearest.append(np.argmin(cost, axis=1))
    found = np.concatenate(nearest)
    votes = np.zeros((2 * height - 1, 2 * width - 1), np.float32)
    down, right = rows[found] - rows[asked], columns[found] - columns[asked]
    far = (np.abs(down) >= limit) | (np.abs(right) >= limit)
    np.add.at(votes, (down[far] + height - 1, right[far] + width - 1), 1)
    np.add.at(votes, (height - 1 - down[far], width - 1 - right[far]), 1)  # likeness is mutual
    return np.asarray(cv2.GaussianBlur(votes, (0, 0), math.sqrt(2)), np.float32)


def _served(scene: Scene) -> Array:
    """For each way, how many pixels of the hole it leads to a known one: (2h - 1, 2w - 1)."""
    height, width = scene.size
    size = 2 * height - 1, 2 * width - 1
    hole = np.fft.rfft2(scene.hole[::-1, ::-1].astype(np.float32), size)
    known = np.fft.rfft2(scene.known.astype(np.float32), size)
    return np.rint(np.fft.irfft2(hole * known, size)).astype(np.float32)


def _covering(scene: Scene, ways: Ints) -> Ints:
    """The first ways, and more of them until every pixel of the hole has one that leads to a known pixel."""
    rows, columns = np.nonzero(scene.hole)
    left = np.ones(len(rows), bool)
    chosen: list[Ints] = []
    for way in ways:
        if len(chosen) >= _SHIFTS and not left.any():
            break
        reached = _leads(scene.known, rows + way[0], columns + way[1])
        if len(chosen) < _SHIFTS or (reached & left).any():
            chosen.append(way)
            left &= ~reached
        if len(chosen) >= 2 * _SHIFTS:
            break
    return np.array(chosen, np.int32).reshape(-1, 2)


def _leads(known: Flags, rows: Ints, columns: Ints) -> Flags:
    inside = (rows >= 0) & (rows < known.shape[0]) & (columns >= 0) & (columns < known.shape[1])
    inside[inside] = known[rows[inside], columns[inside]]
    return np.asarray(inside)
