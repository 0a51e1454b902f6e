"""Overlapped tiles with feathered merge: work that needs context, done piece by piece on photos of any size.

A photo is cut into equal tiles. Each is read with a margin of context around it, mirrored where the photo ends, and cut
back to itself after the work, so that nothing is seen of what the work does at its borders. Neighbours overlap, and
where they do one fades into the other. Finished rows are handed on at once: what is held is one row of tiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError

__all__ = ["Tiling", "merged", "window"]

Array = NDArray[np.float32]
Work = Callable[[Array], Array]


@dataclass(frozen=True)
class Tiling:
    """How a photo is cut.

    Parameters
    ----------
    height, width : int
        Of the photo, in pixels.
    side : int
        Longest side of what the work sees, margins included.
    margin : int
        Pixels of context on each side of a tile.
    overlap : int
        Pixels, at least, by which neighbours overlap; they fade into each other there.

    Raises
    ------
    ParameterError
        `side` leaves no room beside margins and overlap.
    """

    height: int
    width: int
    side: int
    margin: int = 16
    overlap: int = 16

    def __post_init__(self) -> None:
        # Three overlaps, so that no three tiles meet however they are evened out.
        least = 2 * self.margin + 3 * self.overlap + 2
        if self.side < least:
            raise ParameterError("side", self.side, f"{least} pixels or more, room for margins and overlaps")

    @property
    def rows(self) -> list[tuple[int, int]]:
        """First and end row of each row of tiles."""
        return _spans(self.height, self.side - 2 * self.margin, self.overlap)

    @property
    def columns(self) -> list[tuple[int, int]]:
        """First and end column of each column of tiles."""
        return _spans(self.width, self.side - 2 * self.margin, self.overlap)

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self.rows) * len(self.columns)

    @property
    def seen(self) -> int:
        """Pixels that the work sees in all, those of margins and overlaps counted each time."""
        high, wide = (
            sum(end - first + 2 * self.margin for first, end in s) for s in (self.rows, self.columns)
        )
        return high * wide


def merged(
    pixels: NDArray[np.generic],
    tiling: Tiling,
    work: Work,
    scale: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Iterator[tuple[int, Array]]:
    """Do `work` on every tile of a photo, and give back the rows of the whole as they are finished.

    Parameters
    ----------
    pixels : ndarray, (H, W, C) or (H, W), uint8, uint16 or float32
        Read window by window; see :func:`window`.
    tiling : Tiling
        Of the same size.
    work : callable
        From a window (h, w, C) or (h, w), float32, 0..1, to its result (h * scale, w * scale, ...), float32.
    scale : int
        How much larger the result is.
    progress : callable
        Hears 0..1 after every tile.

    Yields
    ------
    int, ndarray (n, W * scale, ...) float32
        The first row, and finished rows from there on; valid until the next ones are asked for.
    """
    done, count = 0, tiling.count
    carried: Array | None = None  # the upper overlap of the next row of tiles
    rows, columns = tiling.rows, tiling.columns
    for number, (top, bottom) in enumerate(rows):
        band: Array | None = None
        for left, right in columns:
            tile = _worked(pixels, (top, left, bottom, right), tiling.margin, work, scale)
            if band is None:
                band = np.zeros(((bottom - top) * scale, tiling.width * scale, *tile.shape[2:]), np.float32)
            fade = _fade((left, right), columns, scale)
            band[:, left * scale : right * scale] += tile * fade.reshape(-1, *[1] * (tile.ndim - 2))
            done += 1
            progress(done / count)
        assert band is not None
        band *= _fade((top, bottom), rows, scale).reshape(-1, *[1] * (band.ndim - 1))
        if carried is not None:
            band[: len(carried)] += carried
        ready = (rows[number + 1][0] - top if number + 1 < len(rows) else bottom - top) * scale
        yield top * scale, band[:ready]
        carried = band[ready:].copy()


def window(pixels: NDArray[np.generic], top: int, left: int, bottom: int, right: int) -> Array:
    """A part of a photo that may reach beyond its borders, where the photo is mirrored.

    Parameters
    ----------
    pixels : ndarray, (H, W, C) or (H, W), uint8, uint16 or float32
    top, left, bottom, right : int
        Rows and columns, ends excluded; may be negative or beyond the photo.

    Returns
    -------
    ndarray, (bottom - top, right - left, ...), float32
        Integers are divided by the largest of their type: 0..1.
    """
    rows, columns = _mirrored(top, bottom, pixels.shape[0]), _mirrored(left, right, pixels.shape[1])
    inside = top >= 0 and left >= 0 and bottom <= pixels.shape[0] and right <= pixels.shape[1]
    part = pixels[top:bottom, left:right] if inside else pixels[rows[:, None], columns]
    values: Array = part.astype(np.float32)
    if part.dtype.kind == "u":
        values *= np.float32(1 / (256**part.dtype.itemsize - 1))
    return values


def _worked(
    pixels: NDArray[np.generic], box: tuple[int, int, int, int], margin: int, work: Work, scale: int
) -> Array:
    """The result for a tile, without margins."""
    top, left, bottom, right = box
    seen = window(pixels, top - margin, left - margin, bottom + margin, right + margin)
    result, cut = work(seen), margin * scale
    wanted = (seen.shape[0] * scale, seen.shape[1] * scale)
    if result.shape[:2] != wanted:
        raise ParameterError("work", result.shape[:2], f"a result of {wanted[0]}x{wanted[1]}")
    return result[cut : wanted[0] - cut, cut : wanted[1] - cut]


def _spans(length: int, longest: int, overlap: int) -> list[tuple[int, int]]:
    """Equal spans, as few as possible, that overlap by `overlap` or a pixel more and cover `length`."""
    if length <= longest:
        return [(0, length)]
    count = math.ceil((length - overlap) / (longest - overlap))
    size = math.ceil((length + (count - 1) * overlap) / count)
    return [
        (first, first + size) for first in (round(k * (length - size) / (count - 1)) for k in range(count))
    ]


def _fade(span: tuple[int, int], spans: list[tuple[int, int]], scale: int) -> Array:
    """Weights along a span: rising where it overlaps the one before, falling where the next, else 1."""
    place = spans.index(span)
    weights = np.ones((span[1] - span[0]) * scale, np.float32)
    if place:
        shared = (spans[place - 1][1] - span[0]) * scale
        weights[:shared] = _ramp(shared)
    if place + 1 < len(spans):
        shared = (span[1] - spans[place + 1][0]) * scale
        weights[len(weights) - shared :] = 1 - _ramp(shared)
    return weights


def _ramp(length: int) -> Array:
    """A smooth rise from 0 to 1; it and its complement are the two sides of an overlap."""
    t = (np.arange(length) + 0.5) / max(length, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _mirrored(first: int, end: int, length: int) -> NDArray[np.intp]:
    """Places first..end, those outside 0..length mirrored at the outermost pixels, as often as it takes."""
    places = np.arange(first, end)
    if length == 1:
        return np.zeros_like(places)
    places = np.abs(places) % (2 * (length - 1))
    return np.where(places < length, places, 2 * (length - 1) - places)
