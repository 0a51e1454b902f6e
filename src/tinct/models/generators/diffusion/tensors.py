"""What a safetensors file says of itself, read without any library and without loading a weight."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tinct.errors import ForeignModelError, MissingModelError, PickledModelError, TruncatedModelError

__all__ = ["Shapes", "elements", "shapes"]

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each tensor, by its name."""

_MOST_HEADER: Final = 100 * 2**20  # bytes; that of the largest models has a few
_LENGTH: Final = 8  # bytes that hold the header's length
_PICKLED: Final = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"


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
        It is no safetensors file.
    """
    try:
        if not path.is_file():  # a pipe would never open
            raise FileNotFoundError
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_LENGTH)
            length = int.from_bytes(head, "little")
            text = file.read(length) if size > _LENGTH and 0 < length <= min(_MOST_HEADER, size) else b""
    except OSError:
        raise MissingModelError(f"there is no file {path.name} that can be read; check the path") from None
    if path.suffix.lower() in _PICKLED or head[:4] == _ZIP or (head[:1] == _PICKLE and length > _MOST_HEADER):
        raise PickledModelError(
            f"{path.name} holds its weights as a pickle, which could run any program when it is opened; bring the "
            "same model as .safetensors"
        )
    if path.suffix.lower() != ".safetensors":
        raise ForeignModelError(
            f"{path.name} is no model; give a .safetensors file, or a folder of diffusers"
        )
    if len(head) < _LENGTH:
        raise TruncatedModelError(_cut(path, size, "nothing yet"))
    if 0 < length <= _MOST_HEADER and length + _LENGTH > size:
        raise TruncatedModelError(_cut(path, size, f"at least {length + _LENGTH}"))
    try:
        found = json.loads(text, object_pairs_hook=_once)
        tensors = {name: entry for name, entry in found.items() if name != "__metadata__"}
        ends = [int(entry["data_offsets"][1]) for entry in tensors.values()]
        known = {name: tuple(map(int, entry["shape"])) for name, entry in tensors.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError):
        raise ForeignModelError(f"{path.name} is no safetensors file: its header cannot be read") from None
    wanted = _LENGTH + length + max(ends, default=0)
    if size != wanted:
        raise TruncatedModelError(_cut(path, size, str(wanted)))
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


def _cut(path: Path, size: int, wanted: str) -> str:
    return f"{path.name} has {size} bytes, and its header says {wanted}: it was cut short; copy it again"
