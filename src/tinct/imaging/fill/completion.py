"""Structure or texture: which of the two fills each part of a hole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np

from tinct.imaging.fill.offset_field import Ground, OffsetField, icm, repair, seam_cost
from tinct.imaging.fill.scene import Scene
from tinct.imaging.fill.shifts import shift_map
from tinct.imaging.fill.synthesis import synthesise
from tinct.imaging.threads import single_threaded

__all__ = ["Method", "complete"]

Method = Literal["auto", "shift", "patch"]

_ENGINES = {"shift": shift_map, "patch": synthesise}
_HANDICAP = {"shift": 1.0, "patch": 1.5}
"""Factors of the cost of seams where they are compared: patches have about three times as many seams, and what each
costs less they cost together, as a texture that looks worn."""


@single_threaded
def complete(
    scene: Scene, method: Method, seed: int, progress: Callable[[float], None] = lambda _: None
) -> tuple[OffsetField | None, str]:
    """Where to copy from, and the names of the engines that say so, the one for the larger part first.

    None, and ``nearest``, where the scene has too little to choose from.
    """
    ground = Ground(scene.lab, scene.known, scene.hole)
    names = [name for name in _ENGINES if method in (name, "auto")]
    fields: dict[str, OffsetField] = {}
    for number, name in enumerate(names if scene.known.any() else []):

        def heard(part: float, number: int = number) -> None:
            progress((number + part) / len(names))

        field = _ENGINES[name](scene, np.random.default_rng(seed), heard)
        if field is not None:
            fields[name] = icm(ground, repair(ground, field), 3)
    if not fields:
        return None, "nearest"
    return _mixed(ground, fields)


def _mixed(ground: Ground, fields: dict[str, OffsetField]) -> tuple[OffsetField, str]:
    """Of each part of the hole, by itself, the field whose seams show least."""
    _, labels = cv2.connectedComponents(ground.hole.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    parts = np.asarray(labels, np.int32)
    names = list(fields)
    costs = [seam_cost(ground, fields[name], parts) * _HANDICAP[name] for name in names]
    chosen = np.argmin(costs, axis=0)[parts]  # (h, w)
    down = np.choose(chosen, [fields[name].down for name in names])
    right = np.choose(chosen, [fields[name].right for name in names])
    share = np.bincount(chosen[ground.hole], minlength=len(names))
    used = [names[n] for n in np.argsort(-share, kind="stable") if share[n]]
    return OffsetField(down, right), "+".join(used)
