"""How fast this machine enhances, and so how long a photo will take."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from tinct.effects.enhance.engines import Engine
from tinct.effects.enhance.params import Scale
from tinct.photo.tiles import Tiling

__all__ = ["Estimate", "estimated", "learn"]

_TRIAL = 48  # pixels of a side; a second of the slowest network
_seconds_per_pixel: dict[
    tuple[str, bool, Scale], float
] = {}  # of what an engine sees; the latest that was measured


@dataclass(frozen=True)
class Estimate:
    """How long a photo will take."""

    engine: str
    """The engine that will work."""
    tiles: int
    """Tiles it will work on."""
    seconds: float
    """Seconds it will take, if the machine stays as busy as it is."""


def estimated(engine: Engine, scale: Scale, tiling: Tiling) -> Estimate:
    """From the latest photo that this process worked on so, or from a short trial; raises as the runtime does."""
    key = (engine.name, engine.halved, scale)
    if key not in _seconds_per_pixel:
        _seconds_per_pixel[key] = _tried(engine, scale)
    return Estimate(engine.name, tiling.count, _seconds_per_pixel[key] * tiling.seen)


def learn(engine: Engine, scale: Scale, tiling: Tiling, seconds: float) -> None:
    """Remember how long a photo took."""
    _seconds_per_pixel[engine.name, engine.halved, scale] = seconds / tiling.seen


def _tried(engine: Engine, scale: Scale) -> float:
    """Seconds for a pixel of a small window; what is done only once is not timed."""
    engine.apply(np.full((8, 8, 3), 0.5, np.float32), scale)
    seen = np.random.default_rng(0).random((_TRIAL, _TRIAL, 3), np.float32)
    begun = time.perf_counter()
    engine.apply(seen, scale)
    return (time.perf_counter() - begun) / seen[..., 0].size
