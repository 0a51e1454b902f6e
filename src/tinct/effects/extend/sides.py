"""Sides one by one, each by the engine that suits it, and how well it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tinct.effects.extend import banded, plain
from tinct.effects.extend.backdrop import FEATHER
from tinct.effects.extend.frame import Frame
from tinct.effects.extend.subject import Kept
from tinct.photo.photo import Pixels

__all__ = ["Side", "Sides", "continued"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Name = Literal["left", "top", "right", "bottom"]
Engine = Literal["plain", "banded"]

_PLAIN: Final = 0.93  # of the border's pixels that are plain, from which a side is
_LINES: Final = 6  # pixels of a frame that a scan may have around it, at most
_EVEN, _LINE = 6.0, 10.0  # of 255: how like each other they are, and how unlike what lies inside
_MIXED: Final = 3  # columns beside them that mix both
_EDGE: Final = 0.01  # of the width: what touches the border
_JUDGED: Final = 0.25  # of the width: strips by which the rate was set; wider ones count as such
_NARROW: Final = 0.125  # of the width: narrower ones count as such
_TURNS: Final[dict[Name, Callable[[np.ndarray], np.ndarray]]] = {
    "right": lambda a: a,
    "left": lambda a: a[:, ::-1],
    "bottom": lambda a: a.swapaxes(0, 1),
    "top": lambda a: a[::-1].swapaxes(0, 1),
}
"""Views in which a side is the right one."""
_BACK: Final[dict[Name, Callable[[np.ndarray], np.ndarray]]] = {
    **_TURNS,
    "top": lambda a: a.swapaxes(0, 1)[::-1],
}


@dataclass(frozen=True)
class Side:
    """A side that was extended, and what was measured there."""

    side: Name
    engine: Engine
    plain: float
    """Share of the border that is plain, 0..1."""
    cut: float
    """Share of the border where people are cut off by it, 0..1."""
    added: float = 0.25
    """What was added, as a share of the photo's own side."""
    steps: int = 1
    seam: float = 0.0
    foreign: float = 0.0
    mirrored: float = 0.0
    texture: float = 0.0

    @property
    def confidence(self) -> float:
        """How likely what was added passes for a part of the photo, 0..1.

        Seams, what is foreign and mirror images turn up at a rate, so that a narrow strip passes more easily.
        """
        if self.engine == "plain":
            return round(float(np.clip(0.55 + 0.45 * (self.plain - 0.85) / 0.15, 0.1, 1)) * self._whole, 3)
        passes = (
            np.exp(-((self.seam / (0.03 + 0.22 * self.texture)) ** 2))
            * np.exp(-self.foreign / 0.02)
            * (1 - 0.8 * self.mirrored**2)
        )
        part = min(max(self.added, _NARROW) / _JUDGED, 1.0)
        return round(float(passes**part) * self._whole, 3)

    @property
    def _whole(self) -> float:
        return float(np.exp(-((self.cut / 0.08) ** 2)))


@dataclass(frozen=True, eq=False)
class Sides:
    """A picture with all its sides extended."""

    pixels: Pixels
    sides: tuple[Side, ...]


def continued(
    pixels: Pixels,
    frame: Frame,
    kept: Kept,
    engine: Engine | None,
    rng: np.random.Generator,
    progress: Callable[[float], None],
) -> Sides | None:
    """Extend every side, the plainest first, so that each next one continues the corners too.

    None where a side has too little that may be copied. `engine` is the only one that works; None chooses by side.
    """
    wanted: dict[Name, int] = {
        name: added for name in ("left", "top", "right", "bottom") if (added := int(getattr(frame, name)))
    }
    height, width = pixels.shape[:2]
    lines = {name: _frame_lines(_TURNS[name](pixels)) if name in wanted else 0 for name in _TURNS}
    inner = np.s_[lines["top"] : height - lines["bottom"], lines["left"] : width - lines["right"]]
    people = kept.people if kept.people is not None else np.zeros((height, width), bool)
    now = _State(pixels[inner], kept.flags[inner], people[inner])
    left, done, sides = dict(wanted), 0, []
    total = sum(added * (height if name in ("left", "right") else width) for name, added in wanted.items())
    while left:
        fits = {name: plain.fitted(_TURNS[name](now.pixels)) for name in left}
        name = max(
            left, key=lambda name: (fits[name].share > _PLAIN, name in ("left", "right"), fits[name].share)
        )
        added = left.pop(name)
        turned = now.turned(_TURNS[name])
        chosen: Engine = engine or ("plain" if fits[name].share > _PLAIN else "banded")
        cut = float(turned.people[:, -max(1, round(_EDGE * turned.people.shape[1])) :].any(axis=1).mean())
        across = width if name in ("left", "right") else height
        side = Side(name, chosen, round(fits[name].share, 3), round(cut, 3), round(added / across, 3))
        made = _added(turned, side, added + lines[name], fits[name], rng)
        if made is None:
            return None
        now, side = made[0].turned(_BACK[name]), made[1]
        sides.append(side)
        done += added * (height if name in ("left", "right") else width)
        progress(done / total)
    return Sides(now.pixels, tuple(sides))


@dataclass(frozen=True, eq=False)
class _State:
    """A picture while it grows: pixels (h, w, 3), what is not copied (h, w), people (h, w)."""

    pixels: Pixels
    kept: Flags
    people: Flags

    def turned(self, turn: Callable[[np.ndarray], np.ndarray]) -> _State:
        return _State(turn(self.pixels).copy(), turn(self.kept).copy(), turn(self.people).copy())

    def with_columns(self, made: Array) -> _State:
        new = np.rint(np.clip(made, 0, np.iinfo(self.pixels.dtype).max)).astype(self.pixels.dtype)
        none = np.zeros(new.shape[:2], bool)
        return _State(
            np.concatenate([self.pixels, new], axis=1),
            np.concatenate([self.kept, none], axis=1),
            np.concatenate([self.people, none], axis=1),
        )


def _added(
    now: _State, side: Side, columns: int, fit: plain.Fit, rng: np.random.Generator
) -> tuple[_State, Side] | None:
    """The picture with columns to the right, and the side with its measures."""
    if side.engine == "plain":
        unit = np.float32(np.iinfo(now.pixels.dtype).max / 255)
        return now.with_columns(plain.extended(fit, columns, rng) * unit), side
    width = now.pixels.shape[1]
    measures, left = [], columns
    while left:
        part = min(left, max(1, int(banded.STEP * width)))
        made = banded.extended(now.pixels[:, -width:], part, now.kept[:, -width:])
        if made is None:
            return None
        measures.append((part, made.seam, made.foreign, made.mirrored, made.texture))
        now, left = now.with_columns(made.pixels), left - part
    share = np.array([part for part, *_ in measures]) / columns
    seam, foreign, mirrored, texture = (share @ np.array(measures)[:, 1:]).tolist()
    return now, replace(
        side,
        steps=len(measures),
        seam=round(seam, 4),
        foreign=round(foreign, 5),
        mirrored=round(mirrored, 3),
        texture=round(texture, 4),
    )


def _frame_lines(pixels: Pixels) -> int:
    """How many columns at the right border are an even line of another tone, as scans have them."""
    height, width = pixels.shape[:2]
    most = min(_LINES, int(FEATHER * min(height, width)))
    unit = 255 / np.iinfo(pixels.dtype).max
    # Outermost first
    border = pixels[:, : -most - 13 : -1].astype(np.float32).mean(axis=2) * np.float32(unit)
    if border.shape[1] < most + 12:
        return 0
    off = np.median(np.abs(border - np.median(border[:, 0])), axis=0)  # from the outermost column's tone
    even = off <= _EVEN
    lines = most if even[:most].all() else int(even[:most].argmin())
    found = lines + _MIXED if lines and off[lines + 4 : lines + 8].min() > _LINE else 0
    for number in range(most):  # or uneven, and still another tone throughout
        out, inner, deeper = (border[:, number + step] for step in (0, 4, 8))
        if abs(np.median(out - inner)) > _LINE and abs(np.median(inner - deeper)) < _LINE / 2:
            found = max(found, number + 2)
    return min(most, found)
