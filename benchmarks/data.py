"""The evaluation photos: folder ``eval`` of TINCT_DATA_DIR, or of the data beside the repository."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct

__all__ = ["load", "mosaic", "pairs", "photos", "reported", "split"]

Pixels = NDArray[np.uint8]
_SIDE = 384


def photos(*folders: str) -> list[Path]:
    """The photos of some folders of ``eval``, in order of name; ends the program where there are none."""
    root = Path(os.environ.get("TINCT_DATA_DIR", "../shared/data")) / "eval"
    found = [path for folder in folders for path in sorted((root / folder).glob("*"))]
    if not found:
        raise SystemExit(
            "the evaluation photos are not here; set TINCT_DATA_DIR to the folder that holds eval/"
        )
    return found


def load(path: Path, side: int = _SIDE) -> Pixels:
    """Pixels with the longer side at `side`, larger or smaller than the file."""
    pixels = np.asarray(tinct.open(path).pixels, np.uint8)
    scale = side / max(pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def pairs() -> list[tuple[Pixels, Pixels]]:
    """The 33 ordered pairs (photo, reference) of 12 photos on which REFERENCE is judged."""
    chosen = [load(p) for p in photos("color_photos")[::9][:8] + photos("kodak")[:4]]
    every = [(one, two) for one in chosen for two in chosen if one is not two]
    return every[::4]


def split(paths: list[Path], part: str) -> list[Path]:
    """One half of some photos by the hash of their names: ``choose``, for choosing by, or ``report``, for figures."""
    return [p for p in paths if hashlib.sha256(p.name.encode()).digest()[-1] % 2 == (part == "report")]


def reported(quick: bool) -> list[Pixels]:
    """The photos, at their own size, that AUTO and TEMPLATE are judged on and that nothing was chosen by."""
    every = split(photos("color_photos", "kodak"), "report")
    return [np.asarray(tinct.open(p).pixels, np.uint8) for p in every[:: 8 if quick else 2]]


def mosaic(megapixels: float) -> Pixels:
    """A 3:2 picture of real photos side by side at their own size, turned and mirrored where they repeat."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    tiles = [np.asarray(tinct.open(p).pixels, np.uint8) for p in photos("kodak")]
    tiles = [t if t.shape[1] > t.shape[0] else np.rot90(t) for t in tiles]
    h, w = tiles[0].shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    number = 0
    for top in range(0, height, h):
        for left in range(0, width, w):
            tile = tiles[number % len(tiles)][:: 1 if number // len(tiles) % 2 else -1]
            block = out[top : top + h, left : left + w]
            block[:] = tile[: block.shape[0], : block.shape[1]]
            number += 1
    return out
