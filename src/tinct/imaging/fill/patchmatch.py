"""Patches as short vectors, and the search for the known patch that looks most like each wanted one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.scene import Array, Flags, Scene

__all__ = ["SIDE", "Ints", "Library", "NearestNeighbourField", "is_few", "nearest", "patchmatch", "texture"]

Ints = NDArray[np.int32]

SIDE = 7
"""Of a patch, in pixels."""
_REACH = SIDE // 2
_LENGTH = 24  # of a vector: 147 colours keep nearly all their variance in so many directions
_BATCH = 16384  # patches unfolded at a time
_FEW = 24_000_000  # pairs up to which every known patch is compared
_TEXTURE = 4.0
"""Weight of local roughness: without it smooth patches win, because they are never far from anything."""


def texture(lab: Array, known: Flags) -> Array:
    """Mean absolute slope of L* around each pixel, across and down: (h, w, 2).

    References
    ----------
    Newson et al. 2014, "Video inpainting of complex scenes": the features that keep texture from being smoothed away.
    """
    light = lab[..., 0]
    fine = np.zeros((*light.shape, 2), np.float32)
    fine[:, 1:, 0] = np.abs(np.diff(light, axis=1)) * (known[:, 1:] & known[:, :-1])
    fine[1:, :, 1] = np.abs(np.diff(light, axis=0)) * (known[1:] & known[:-1])
    window = (SIDE, SIDE)
    share = cv2.blur(known.astype(np.float32), window)[..., None]
    return np.asarray(cv2.blur(fine, window) / np.maximum(share, 1e-3), np.float32)


def _unfold(padded: Array, rows: Ints, columns: Ints) -> Array:
    """Patches centred at pixels of the picture that `padded` extends by the patch's reach: (n, 147)."""
    views = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(0, 1))
    return views[rows, columns].reshape(len(rows), -1)


def _pad(lab: Array) -> Array:
    return np.pad(lab, ((_REACH, _REACH), (_REACH, _REACH), (0, 0)), "reflect")


@dataclass(frozen=True, eq=False)
class Library:
    """Every known patch of a scene as a vector.

    Parameters
    ----------
    vectors : ndarray, (h * w, length), float32
        By flat number of the patch's centre; zero where the patch is not wholly known.
    usable : ndarray, (h, w), bool
        Centres of patches that are inside the picture and wholly known.
    basis, mean : ndarray, (147, 24) and (147,), float32
        Principal directions of the patches.
    """

    vectors: Array
    usable: Flags
    basis: Array
    mean: Array

    @classmethod
    def of(cls, scene: Scene, rough: Array, rng: np.random.Generator) -> Library | None:
        """The library of `scene` with roughness `rough` (h, w, 2); None without a usable patch."""
        usable = cv2.erode(
            scene.known.astype(np.uint8),
            np.ones((SIDE, SIDE), np.uint8),
            borderType=cv2.BORDER_CONSTANT,
            borderValue=0,
        ).astype(bool)
        rows, columns = (index.astype(np.int32) for index in np.nonzero(usable))
        if not len(rows):
            return None
        padded = _pad(scene.lab)
        some = rng.choice(len(rows), min(len(rows), 4000), replace=False)
        basis, mean = _principal(_unfold(padded, rows[some], columns[some]))
        vectors = np.zeros((usable.size, basis.shape[1] + 2), np.float32)
        library = cls(vectors, usable, basis, mean)
        for start in range(0, len(rows), _BATCH):
            part = slice(start, start + _BATCH)
            flat = rows[part] * np.int32(usable.shape[1]) + columns[part]
            vectors[flat] = library.describe(scene.lab, rough, rows[part], columns[part], padded)
        return library

    def describe(
        self, lab: Array, rough: Array, rows: Ints, columns: Ints, padded: Array | None = None
    ) -> Array:
        """Vectors of the patches of any picture of the scene's size, centred at some pixels: (n, length)."""
        padded = _pad(lab) if padded is None else padded
        colors = (_unfold(padded, rows, columns) - self.mean) @ self.basis
        weight = np.float32(_TEXTURE * SIDE)
        return np.concatenate([colors, rough[rows, columns] * weight], axis=1)


def _principal(patches: Array) -> tuple[Array, Array]:
    mean = patches.mean(axis=0)
    centred = patches - mean
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(directions[:, -_LENGTH:]), mean


@dataclass(eq=False)
class NearestNeighbourField:
    """For each wanted patch the known patch that it is like.

    Parameters
    ----------
    rows, columns : ndarray, (n,), int32
        Centres of the wanted patches.
    down, right : ndarray, (n,), int32
        Way from there to the centre of the known patch.
    distance : ndarray, (n,), float32
        Squared distance of the vectors.
    """

    rows: Ints
    columns: Ints
    down: Ints
    right: Ints
    distance: Array


def nearest(library: Library, wanted: Array, centres: tuple[Ints, Ints]) -> NearestNeighbourField:
    """Compare each wanted patch with all known ones."""
    width = library.usable.shape[1]
    sources = np.flatnonzero(library.usable).astype(np.int32)
    known = library.vectors[sources]
    norms = np.einsum("ij,ij->i", known, known)
    rows, columns = centres
    best = np.empty(len(rows), np.int64)
    step = max(1, 4_000_000 // len(sources))
    for start in range(0, len(rows), step):
        part = wanted[start : start + step]
        best[start : start + step] = np.argmin(norms - 2 * (part @ known.T), axis=1)
    found = sources[best]
    gap = wanted - known[best]
    return NearestNeighbourField(
        rows, columns, found // width - rows, found % width - columns, np.einsum("ij,ij->i", gap, gap)
    )


def is_few(library: Library, wanted: int) -> bool:
    """Whether comparing everything with everything is quick."""
    return int(library.usable.sum()) * wanted <= _FEW


def patchmatch(
    library: Library, wanted: Array, start: NearestNeighbourField, rounds: int, rng: np.random.Generator
) -> NearestNeighbourField:
    """Improve matches: neighbours pass theirs on, then each looks around its own at shrinking distances.

    References
    ----------
    Barnes et al. 2009, "PatchMatch". Here all pixels move at once and hear neighbours 8, 4, 2 and 1 pixels away, which
    carries a good match as far as the published scan does and runs as whole-array steps.
    """
    state = _PatchMatch(library, wanted, start)
    reach = max(library.usable.shape)
    for _ in range(rounds):
        for step in (8, 4, 2, 1):
            for down, right in ((step, 0), (-step, 0), (0, step), (0, -step)):
                state.propagate(down, right)
        radius = float(reach)
        while radius >= 1:
            state.random_search(radius, rng)
            radius /= 3
    return state.matches


class _PatchMatch:
    """State of a search: the best match of each wanted patch so far."""

    def __init__(self, library: Library, wanted: Array, start: NearestNeighbourField) -> None:
        self._library, self._wanted = library, wanted
        height, width = library.usable.shape
        self._size = height, width
        self.matches = NearestNeighbourField(
            start.rows, start.columns, start.down.copy(), start.right.copy(), start.distance
        )
        number = np.full((height, width), -1, np.int32)
        number[start.rows, start.columns] = np.arange(len(start.rows), dtype=np.int32)
        self._number = number
        flat = (start.rows + start.down) * width + start.columns + start.right
        gap = wanted - library.vectors[flat]
        self.matches.distance = np.einsum("ij,ij->i", gap, gap)

    def propagate(self, down: int, right: int) -> None:
        """Try the match of the wanted patch that lies (down, right) away."""
        m, (height, width) = self.matches, self._size
        rows, columns = m.rows + down, m.columns + right
        inside = np.flatnonzero((rows >= 0) & (rows < height) & (columns >= 0) & (columns < width))
        other = self._number[rows[inside], columns[inside]]
        who, other = inside[other >= 0], other[other >= 0]
        new = (m.down[other] != m.down[who]) | (m.right[other] != m.right[who])
        who, other = who[new], other[new]
        self._try(who, m.down[other], m.right[other])

    def random_search(self, radius: float, rng: np.random.Generator) -> None:
        """Try a random place at most `radius` from each match."""
        m = self.matches
        jump = (rng.random((2, len(m.rows)), dtype=np.float32) * 2 - 1) * np.float32(radius)
        down, right = np.rint(jump).astype(np.int32)
        self._try(np.arange(len(m.rows)), m.down + down, m.right + right)

    def _try(self, who: NDArray[np.int64], down: Ints, right: Ints) -> None:
        m, (height, width) = self.matches, self._size
        rows, columns = m.rows[who] + down, m.columns[who] + right
        fine = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        fine[fine] = self._library.usable[rows[fine], columns[fine]]
        who, down, right = who[fine], down[fine], right[fine]
        gap = self._wanted[who] - self._library.vectors[rows[fine] * width + columns[fine]]
        distance = np.einsum("ij,ij->i", gap, gap)
        better = distance < m.distance[who]
        won = who[better]
        m.down[won], m.right[won], m.distance[won] = down[better], right[better], distance[better]
