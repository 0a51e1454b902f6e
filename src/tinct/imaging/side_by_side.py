"""Before and after beside each other: a clip with a line between its halves, or a sheet of frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.clip import Clip, remade
from tinct.clip.planes import Frame, Planes
from tinct.photo.photo import Photo

__all__ = ["compared"]

Pixels = NDArray[np.uint8]

_COLUMNS: Final = 4  # moments of a sheet
_CELL: Final = 384
_GAP: Final = 8
_LINE: Final = 2  # pixels to each side of the middle


def compared(before: Clip, after: Clip, path: Path) -> Path:
    """Write a comparison.

    Parameters
    ----------
    before, after : Clip
        Of as many frames; before is brought to the size of after.
    path : Path
        A clip, or a picture: four moments, before above after.
    """
    if path.suffix.lower() == ".mp4":
        return _halves(before, after).save(path)
    moments = {round(share * (after.facts.frames - 1)) for share in np.linspace(0, 1, _COLUMNS)}
    rows = []
    for clip in (before, after):
        cells = [_cell(clip, frame) for frame in clip.frames() if frame.number in moments]
        rows.append(np.hstack(cells))
    width = min(row.shape[1] for row in rows)
    height = min(row.shape[0] for row in rows)
    return Photo(np.vstack([row[:height, :width] for row in rows])).save(path)


def _cell(clip: Clip, frame: Frame) -> Pixels:
    rgb = clip.facts.matrix.rgb(frame)
    size = (_CELL, max(1, round(rgb.shape[0] * _CELL / rgb.shape[1])))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.pad(small, [(0, _GAP), (0, _GAP), (0, 0)], constant_values=255)


def _halves(before: Clip, after: Clip) -> Clip:
    """The left half of one, the right half of the other."""
    width, height = after.facts.width, after.facts.height
    others = before.frames()

    def work(frames: Iterator[Frame]) -> Iterator[Planes]:
        for frame, other in zip(frames, others, strict=False):
            yield Planes(
                _split(other.y, frame.y, 255),
                _split(other.u, frame.u, 128),
                _split(other.v, frame.v, 128),
            )

    return remade(after, work, size=(width, height), progress=lambda share: None)


def _split(left: Pixels, right: Pixels, line: int) -> Pixels:
    size = (right.shape[1], right.shape[0])
    made = right.copy()
    wide = left if left.shape == right.shape else cv2.resize(left, size, interpolation=cv2.INTER_CUBIC)
    middle = size[0] // 2
    made[:, :middle] = np.asarray(wide, np.uint8)[:, :middle]
    made[:, middle - _LINE : middle + _LINE] = line
    return made
