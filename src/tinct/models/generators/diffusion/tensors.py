"""What a safetensors file says of itself, read without any library and without loading a weight."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tinct.errors import ForeignModelError
from tinct.models.generators.weights import LONGEST_HEADER, cut, opened

__all__ = ["Shapes", "elements", "shapes"]

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each tensor, by its name."""

_LENGTH: Final = 8  # bytes that hold the header's length


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a file's tensors, its length checked.

    Raises
    ------
    MissingModelError
        There is no such file.
    PickledModelError
        It is a pickle, or an archive that may hold one.
    TruncatedModelError
        It is shorter, or longer, than its header says.
    ForeignModelError
        It is no safetensors file, or its tensors do not lie one after the other.
    """
    with opened(path) as (file, size):
        head = file.read(_LENGTH)
        length = int.from_bytes(head, "little")
        text = file.read(length) if 0 < length <= min(LONGEST_HEADER, size) else b""
    if path.suffix.lower() != ".safetensors":
        raise ForeignModelError(
            f"{path.name} is no model; give a .safetensors file, or a folder of diffusers"
        )
    if len(head) < _LENGTH:
        raise cut(path.name, size, "nothing yet")
    if 0 < length <= LONGEST_HEADER and length + _LENGTH > size:
        raise cut(path.name, size, f"at least {length + _LENGTH}")
    try:
        found = json.loads(text, object_pairs_hook=_once)
        tensors = {name: entry for name, entry in found.items() if name != "__metadata__"}
        places = sorted(
            (int(begin), int(end)) for begin, end in (entry["data_offsets"] for entry in tensors.values())
        )
        known = {name: tuple(map(int, entry["shape"])) for name, entry in tensors.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError):
        raise ForeignModelError(f"{path.name} is no safetensors file: its header cannot be read") from None
    wanted = _LENGTH + length + max((end for _, end in places), default=0)
    if size != wanted:
        raise cut(path.name, size, str(wanted))
    if any(end != begin for (_, end), (begin, _) in itertools.pairwise([(0, 0), *places])):
        raise ForeignModelError(
            f"{path.name} is no safetensors file: its tensors do not lie one after the other"
        )
    return known


def elements(known: Shapes, prefix: str = "") -> int:
    """How many numbers the tensors hold whose names begin with `prefix`, without tables of positions."""
    return sum(
        math.prod(shape)
        for name, shape in known.items()
        if name.startswith(prefix) and not name.endswith("position_ids")
    )


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are each said once: of two that are alike readers take different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found
