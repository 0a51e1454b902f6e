"""A photo in pieces that are judged one after the other, each with what is around it."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["pieces"]

Place = tuple[slice, ...]


def pieces(height: int, width: int, side: int, margin: int) -> Iterator[tuple[Place, Place, Place]]:
    """Of each piece its place, the place of what is looked at, and the first within the second."""
    for row in range(0, height, side):
        for column in range(0, width, side):
            inner = slice(row, min(row + side, height)), slice(column, min(column + side, width))
            outer = tuple(
                slice(max(i.start - margin, 0), min(i.stop + margin, end))
                for i, end in zip(inner, (height, width), strict=True)
            )
            within = tuple(
                slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True)
            )
            yield inner, outer, within
