"""Named looks: the records of ``looks.toml``."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tinct.faces.light import logs

__all__ = ["Look", "Name", "Pigment", "look"]

Array = NDArray[np.float32]
Name = Literal["natural", "rose", "classic", "smoky", "bronze", "berry"]


@dataclass(frozen=True, eq=False)
class Pigment:
    """A colour that is laid on."""

    color: Array
    """(3,): logarithm of its linear light."""
    density: float
    """0..1."""


@dataclass(frozen=True, eq=False)
class Look:
    """What is worn."""

    summary: str
    lips: Pigment
    shadow: Pigment
    blush: Pigment
    liner: float
    even: float


@functools.cache
def _all() -> dict[str, Look]:
    text = resources.files("tinct.effects.makeup").joinpath("looks.toml").read_text(encoding="utf-8")
    found = {}
    for name, record in tomllib.loads(text).items():
        lips, shadow, blush = (_pigment(record.pop(part)) for part in ("lips", "shadow", "blush"))
        found[name] = Look(lips=lips, shadow=shadow, blush=blush, **record)
    assert set(found) == set(get_args(Name))
    return found


def look(name: Name) -> Look:
    """The look of a name."""
    return _all()[name]


def _pigment(record: dict[str, float | str]) -> Pigment:
    levels = np.frombuffer(bytes.fromhex(str(record["color"]).lstrip("#")), np.uint8)
    return Pigment(logs(np.asarray(levels / 255, np.float32)), float(record["density"]))
