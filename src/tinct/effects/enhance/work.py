"""How an engine works on a photo: what happens to each window of it, in which tiles, and how they become the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.consistency import consistent, grained, plausible
from tinct.effects.enhance.denoising import Cleaner
from tinct.effects.enhance.drawn import where_drawn
from tinct.effects.enhance.engines import Engine, Scale
from tinct.imaging.tiles import Tiling, merged
from tinct.models import runtime
from tinct.photo.photo import Pixels

__all__ = ["enlarged", "sides", "tiling", "window_work"]

Array = NDArray[np.float32]

_OVERLAP: Final = 8  # pixels; answers of faithful engines are the same there
_OVERLAP_RESTORED: Final = 16  # those of inventive ones are not quite
_GRAIN: Final = 0.7  # share of the lost grain that is given back to a restored photo


def window_work(
    engine: Engine,
    scale: Scale,
    clean: Cleaner,
    denoise: float | None,
    gray: bool,
    *,
    everywhere: bool = False,
) -> Callable[[Array], Array]:
    """What happens to each window (h, w, 3); `denoise` is None where that is decided here.

    With `everywhere` the engine is asked about what is smooth, too, though it adds nothing there.
    """
    grain = _GRAIN * (1 if denoise is None else 1 - denoise) if engine.restores else 0.0

    def ask(part: Array) -> Array:
        return plausible(engine.apply(part, scale), part, scale)

    def work(seen: Array) -> Array:
        cleaned = clean.apply(seen)
        by_parts = engine.only_drawn and not everywhere
        found = where_drawn(cleaned, scale, engine.margin, ask) if by_parts else ask(cleaned)
        result = consistent(found, seen, scale)
        if grain:
            result = grained(result, seen, scale, grain)
        return np.repeat(result.mean(axis=2, keepdims=True), 3, axis=2) if gray else result

    return work


def enlarged(
    source: Pixels,
    tiles: Tiling,
    work: Callable[[Array], Array],
    scale: int,
    progress: Callable[[float], None],
) -> Pixels:
    """The whole result; beside it only a row of tiles is in memory."""
    out = np.empty((source.shape[0] * scale, source.shape[1] * scale, 3), source.dtype)
    most = np.float32(np.iinfo(source.dtype).max)
    for top, rows in merged(source, tiles, work, scale, progress):
        np.clip(rows, 0, 1, out=rows)
        rows *= most
        out[top : top + len(rows)] = np.rint(rows, out=rows)
    return out


def sides(engine: Engine) -> tuple[int, ...]:
    """Sides of tiles for which there is memory now, the largest first."""
    return runtime.fitting(engine.sides, engine.bytes_per_pixel)


def tiling(height: int, width: int, engine: Engine, side: int) -> Tiling:
    """How a photo is cut for an engine."""
    overlap = _OVERLAP_RESTORED if engine.restores else _OVERLAP
    return Tiling(height, width, side, engine.margin, overlap)
