"""How fast this machine enhances, and so how long a photo will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance.engines import Engine, Scale
from tinct.imaging.tiles import Tiling, window
from tinct.photo.photo import Pixels

__all__ = ["Estimate", "estimated", "learn"]

_TRIAL = 48  # pixels of a side; a second or two of the slowest network
# Of what an engine sees; the latest that was measured.
_seconds_per_pixel: dict[tuple[str, bool, Scale], float] = {}


@dataclass(frozen=True)
class Estimate:
    """How long a photo will take."""

    engine: str
    """The engine that will work."""
    tiles: int
    """Tiles it will work on."""
    seconds: float
    """Seconds it will take, if the machine stays as busy as it is."""


def estimated(
    engine: Engine,
    scale: Scale,
    tiling: Tiling,
    pixels: Pixels,
    work: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    effort: float = 1.0,
) -> Estimate:
    """From the latest photo that this process worked on so, or from a trial on a small part; raises as `work` does.

    `effort` is what the photo takes beside one that `work` does wholly.
    """
    key = (engine.name, engine.halved, scale)
    if key not in _seconds_per_pixel:
        _seconds_per_pixel[key] = _tried(pixels, work)
    return Estimate(engine.name, tiling.count, _seconds_per_pixel[key] * tiling.seen * effort)


def learn(engine: Engine, scale: Scale, tiling: Tiling, seconds: float, effort: float = 1.0) -> None:
    """Remember how long a photo took; `effort` as in `estimated`."""
    _seconds_per_pixel[engine.name, engine.halved, scale] = seconds / (tiling.seen * effort)


def _tried(pixels: Pixels, work: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> float:
    """Seconds for a pixel in the middle of a photo; what is done only once is not timed."""
    top, left = pixels.shape[0] // 2 - _TRIAL // 2, pixels.shape[1] // 2 - _TRIAL // 2
    work(window(pixels, top, left, top + 8, left + 8))
    seen = window(pixels, top, left, top + _TRIAL, left + _TRIAL)
    begun = time.perf_counter()
    work(seen)
    return (time.perf_counter() - begun) / _TRIAL**2
