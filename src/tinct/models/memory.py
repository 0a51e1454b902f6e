"""Tiles of a size that fits the memory there is."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import TypeVar

from tinct.errors import ModelMemoryError
from tinct.machine import free_memory

__all__ = ["by_tiles", "fitting"]

T = TypeVar("T")
_SHARE = 0.6  # of the free memory; the photo and the result want some too


def fitting(sides: Sequence[int], bytes_per_pixel: float) -> tuple[int, ...]:
    """Tile sides that fit the memory free now.

    Parameters
    ----------
    sides : sequence of int
        Tile sides in pixels, largest first.
    bytes_per_pixel : float
        Working memory of the network for a pixel of input.

    Returns
    -------
    tuple of int
        Those of `sides` that fit; at least the last.
    """
    room = free_memory() * _SHARE
    return tuple(side for side in sides if side * side * bytes_per_pixel <= room) or (sides[-1],)


def by_tiles(sides: Sequence[int], work: Callable[[int], T]) -> T:
    """Do `work` with the first of `sides`; where memory does not suffice, with the next.

    Parameters
    ----------
    sides : sequence of int
        Tile sides in pixels, largest first.
    work : callable
        Called with a side; starts from the beginning each time.

    Raises
    ------
    ModelMemoryError
        Memory does not suffice for the last one either.
    """
    for side in sides[:-1]:
        try:
            return work(side)
        except (ModelMemoryError, MemoryError):
            pass
        gc.collect()  # outside the handler, so that the frames of the failed attempt are gone
    try:
        return work(sides[-1])
    except MemoryError:
        raise ModelMemoryError(
            f"memory does not suffice for tiles of {sides[-1]} pixels; close other programs or use a smaller photo"
        ) from None
