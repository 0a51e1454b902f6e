"""Where a photo has something to enlarge: sky, skin and what is out of focus come out alike with a network and without.

What a faithful network adds is a sharper version of what is fine already. Where neighbouring pixels differ by next
to nothing it adds nothing that can be seen, so there it is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.classical import enlarged
from tinct.imaging.tiles import Tiling
from tinct.photo.picture import Pixels

__all__ = ["drawn_cells", "effort_of", "where_drawn"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Box = tuple[int, int, int, int]
"""Top, left, bottom, right; the last two outside."""

_CELL: Final = 16  # pixels of a side, which are asked about together
_FINE: Final = 1.0  # pixels: what a Gaussian of this width takes away is fine
_DRAWN: Final = np.float32(5 / 255)  # fine differences from which there is drawing
_GRAIN: Final = 0.03  # share of a cell that may have them all the same: single pixels of noise
_FADE: Final = 8  # pixels over which an answer of the network fades into what was done without
_WORTH: Final = 0.93  # share of the pixels from which two parts are better than one
_LOOKS: Final = 60  # tiles that are looked at for an estimate, at most twice as many
_PLAIN: Final = 0.15  # seconds that a pixel takes without the network, beside those with it


def drawn_cells(seen: Array) -> Flags:
    """Which cells of a window (h, w, 3), float32, 0..1, have fine detail: (ceil(h / 16), ceil(w / 16))."""
    height, width = seen.shape[:2]
    fine = np.abs(seen - cv2.GaussianBlur(seen, (0, 0), _FINE)).max(axis=2) > _DRAWN
    padded = np.pad(fine, [(0, -height % _CELL), (0, -width % _CELL)])
    rows, columns = padded.shape[0] // _CELL, padded.shape[1] // _CELL
    return np.asarray(padded.reshape(rows, _CELL, columns, _CELL).mean(axis=(1, 3)) > _GRAIN)


def where_drawn(seen: Array, scale: int, margin: int, ask: Callable[[Array], Array]) -> Array:
    """A window enlarged by the network where it has detail, without it elsewhere.

    Parameters
    ----------
    seen : ndarray, (h, w, 3), float32
        0..1.
    scale : int
    margin : int
        Pixels of context that the network wants.
    ask : callable
        The network: a part (a, b, 3) to (a * scale, b * scale, 3).
    """
    cells = drawn_cells(seen)
    parts = _parts(cells, seen.shape[:2], margin + _FADE)
    if parts == [(0, 0, *seen.shape[:2])]:
        return ask(seen)
    result = enlarged(seen, scale)
    if parts:
        weight = _weight(cells, seen.shape[:2], scale)
    for top, left, bottom, right in parts:
        found = ask(np.ascontiguousarray(seen[top:bottom, left:right]))
        place = np.s_[top * scale : bottom * scale, left * scale : right * scale]
        inside = _inside((top, left, bottom, right), seen.shape[:2], margin, scale)
        share = (weight[place] * inside)[..., None]
        result[place] += (found - result[place]) * share
    return result


def effort_of(pixels: Pixels, tiles: Tiling) -> float:
    """Time that a photo (H, W, 3) takes in tiles beside one that has detail all over: about 0.15 to 1."""
    most = np.float32(np.iinfo(pixels.dtype).max)
    windows = [(top, left, bottom, right) for top, bottom in tiles.rows for left, right in tiles.columns]
    asked = whole = 0
    for top, left, bottom, right in windows[:: 1 + len(windows) // _LOOKS]:
        seen = pixels[top:bottom, left:right].astype(np.float32) / most
        parts = _parts(drawn_cells(seen), seen.shape, tiles.margin + _FADE)
        asked += sum((end - start) * (last - first) for start, first, end, last in parts)
        whole += seen.shape[0] * seen.shape[1]
    share = asked / whole
    return share + _PLAIN * (1 - share)


def _weight(cells: Flags, shape: tuple[int, ...], scale: int) -> Array:
    """1 where there is drawing, 0 from `_FADE` pixels beyond it on: (h * scale, w * scale)."""
    whole = np.repeat(np.repeat(cells, _CELL, axis=0), _CELL, axis=1)[: shape[0], : shape[1]]
    wide = cv2.dilate(whole.astype(np.uint8), np.ones((_FADE + 1, _FADE + 1), np.uint8))
    soft = cv2.blur(wide.astype(np.float32), (_FADE + 1, _FADE + 1))
    return np.asarray(
        cv2.resize(soft, (shape[1] * scale, shape[0] * scale), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _inside(part: Box, shape: tuple[int, ...], margin: int, scale: int) -> Array:
    """1 where a part is far enough from those of its borders that are not the window's, else 0."""
    top, left, bottom, right = part
    inside = np.zeros(((bottom - top) * scale, (right - left) * scale), np.float32)
    first = [0 if edge == 0 else margin * scale for edge in (top, left)]
    last = [
        size * scale if edge == whole else (size - margin) * scale
        for edge, whole, size in ((bottom, shape[0], bottom - top), (right, shape[1], right - left))
    ]
    inside[first[0] : last[0], first[1] : last[1]] = 1
    return inside


def _parts(cells: Flags, shape: tuple[int, ...], around: int) -> list[Box]:
    """Boxes that hold the drawn cells of a window and `around` pixels more, and little else."""

    def box(top: int, left: int, bottom: int, right: int) -> Box:
        return (
            max(top * _CELL - around, 0),
            max(left * _CELL - around, 0),
            min(bottom * _CELL + around, shape[0]),
            min(right * _CELL + around, shape[1]),
        )

    def trimmed(top: int, left: int, bottom: int, right: int) -> Box | None:
        rows = np.flatnonzero(cells[top:bottom, left:right].any(axis=1))
        columns = np.flatnonzero(cells[top:bottom, left:right].any(axis=0))
        if not len(rows):
            return None
        return (
            top + int(rows[0]),
            left + int(columns[0]),
            top + int(rows[-1]) + 1,
            left + int(columns[-1]) + 1,
        )

    def area(part: Box) -> int:
        top, left, bottom, right = box(*part)
        return (bottom - top) * (right - left)

    def split(part: Box) -> list[Box]:
        top, left, bottom, right = part
        best, chosen = _WORTH * area(part), None
        halves = [((top, left, at, right), (at, left, bottom, right)) for at in range(top + 1, bottom)]
        halves += [((top, left, bottom, at), (top, at, bottom, right)) for at in range(left + 1, right)]
        for pair in halves:
            kept = [one for half in pair if (one := trimmed(*half)) is not None]
            cost = sum(area(one) for one in kept)
            if cost < best:
                best, chosen = cost, kept
        return [part] if chosen is None else [one for half in chosen for one in split(half)]

    whole = trimmed(0, 0, *cells.shape)
    return [] if whole is None else [box(*part) for part in split(whole)]
