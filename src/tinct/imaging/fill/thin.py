"""Thin holes: what is sparse in cosines around a scratch is sparse under it too.

Copying from elsewhere is right for what is wider than the picture's own detail; what is thinner is better guessed from
both of its sides.

References
----------
Guleryuz 2006, "Nonlinear approximation based image recovery using adaptive sparse reconstructions and iterated
denoising": overlapping blocks lose their small coefficients, known pixels come back, the threshold falls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.scene import Flags
from tinct.photo.photo import Pixels

__all__ = ["fill_thin"]

Array = NDArray[np.float32]
Ints = NDArray[np.int64]

_BLOCK = 16  # pixels of a side
_STEP = 4  # pixels from one block to the next
_TURNS = 20
_FIRST, _LAST = 0.6, 0.06  # thresholds of coefficients; colours are 0..1
_TILE, _MARGIN = 512, 24  # pixels that are worked on at once, and around them
_AT_ONCE = 2048  # blocks


def fill_thin(
    pixels: Pixels, holes: Flags, known: Flags, progress: Callable[[float], None] = lambda _: None
) -> Pixels:
    """Rebuild narrow holes.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
    holes, known : ndarray, (H, W), bool
        What to fill, and what may be trusted; a pixel may be neither, and is then guessed but kept.
    progress : callable
        Hears 0..1.

    Returns
    -------
    ndarray, (H, W, 3), dtype of `pixels`
        Equal to `pixels` outside the holes.
    """
    out = pixels.copy()
    top = np.float32(np.iinfo(pixels.dtype).max)
    tiles = list(_tiles(holes))
    for number, (inner, outer) in enumerate(tiles, 1):
        seen = pixels[outer].astype(np.float32) / top  # (h, w, 3)
        gray = bool((seen == seen[..., :1]).all())
        made = _sparse(seen[..., :1] if gray else seen, ~known[outer], holes[outer])
        within = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
        marked = holes[inner]
        out[inner][marked] = np.rint(np.clip(made[within][marked], 0, 1) * top).astype(pixels.dtype)
        progress(number / len(tiles))
    return out


def _tiles(holes: Flags) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Tiles with holes in them, without and with a margin."""
    height, width = holes.shape
    for row in range(0, height, _TILE):
        for column in range(0, width, _TILE):
            inner = slice(row, min(row + _TILE, height)), slice(column, min(column + _TILE, width))
            if holes[inner].any():
                yield (
                    inner,
                    (
                        slice(max(row - _MARGIN, 0), min(row + _TILE + _MARGIN, height)),
                        slice(max(column - _MARGIN, 0), min(column + _TILE + _MARGIN, width)),
                    ),
                )


def _sparse(seen: Array, hidden: Flags, holes: Flags) -> Array:
    """`seen` (h, w, c) with guesses where `hidden`, good ones in `holes`."""
    pad, channels = _BLOCK, seen.shape[2]
    first = _guess(seen, hidden)
    u = np.pad(first, ((pad, pad), (pad, pad), (0, 0)), "reflect" if min(hidden.shape) > pad else "edge")
    marked = np.pad(hidden, pad)
    width = marked.shape[1]
    starts = _blocks(np.pad(holes, pad))
    cosines = _cosines()
    planes = np.ascontiguousarray(u.reshape(-1, channels).T)  # (c, pixels)
    offsets = (np.arange(_BLOCK)[:, None] * width + np.arange(_BLOCK)[None]).ravel()
    for turn in range(_TURNS):
        bound = np.float32(_FIRST * (_LAST / _FIRST) ** (turn / (_TURNS - 1)))
        totals, weights = np.zeros_like(planes), np.zeros(marked.size, np.float32)
        for begin in range(0, len(starts), _AT_ONCE):
            some = starts[begin : begin + _AT_ONCE]
            patches, share = _shrunk(planes[:, some[:, None] + offsets], bound, cosines)
            patches = np.ascontiguousarray(patches.swapaxes(1, 2))  # (c, 256, n)
            for k, offset in enumerate(offsets):  # no two blocks have the same pixel at the same place
                here = some + offset
                weights[here] += share
                for total, patch in zip(totals, patches, strict=True):
                    total[here] += patch[k]
        at = np.flatnonzero(marked.ravel() & (weights > 0))
        planes[:, at] = totals[:, at] / weights[at]
    return np.ascontiguousarray(planes.T).reshape(u.shape)[pad:-pad, pad:-pad]


def _guess(seen: Array, hidden: Flags) -> Array:
    """The mean (h, w, c) of what is known nearby, from ever farther away until nothing is left."""
    known = (~hidden).astype(np.float32)
    out, sigma = seen * known[..., None], 1.5
    total, weight = out.copy(), known.copy()
    while (weight < 1e-3).any() and sigma < 4 * max(hidden.shape):
        blurred = cv2.GaussianBlur(out, (0, 0), sigma).reshape(out.shape)
        share = cv2.GaussianBlur(known, (0, 0), sigma)
        new = (weight < 1e-3) & (share > 1e-3)
        total[new] = blurred[new] / share[new][:, None]
        weight[new] = 1
        sigma *= 2
    return np.asarray(total, np.float32)


def _blocks(marked: Flags) -> Ints:
    """Flat numbers of the first pixels of all blocks, at some steps, that hold a marked pixel."""
    square = np.ones((_BLOCK, _BLOCK), np.uint8)
    touched = cv2.dilate(marked.astype(np.uint8), square, anchor=(0, 0))  # looks right and down
    touched[-_BLOCK + 1 :] = 0
    touched[:, -_BLOCK + 1 :] = 0
    steps = np.zeros_like(touched)
    steps[::_STEP, ::_STEP] = 1
    return np.flatnonzero(np.asarray(touched) * steps)


def _shrunk(patches: Array, bound: np.float32, cosines: Array) -> tuple[Array, Array]:
    """Blocks (c, n, 256) without small coefficients, times their weights, and those (n,): the sparser, the heavier."""
    shape = patches.shape
    both = cosines @ patches.reshape(*shape[:2], _BLOCK, _BLOCK) @ cosines.T
    kept = np.abs(both) > bound
    kept[..., 0, 0] = True
    both *= kept
    share = np.asarray(len(patches) / kept.sum(axis=(0, 2, 3)), np.float32)
    both *= share[:, None, None]
    back = np.asarray(cosines.T @ both @ cosines, np.float32)
    return back.reshape(shape), share


def _cosines() -> Array:
    """The orthonormal cosine transform of a row (16, 16)."""
    k, x = np.arange(_BLOCK)[:, None], np.arange(_BLOCK)[None]
    out = np.sqrt(2 / _BLOCK) * np.cos(np.pi * (x + 0.5) * k / _BLOCK)
    out[0] /= np.sqrt(2)
    return np.asarray(out, np.float32)
