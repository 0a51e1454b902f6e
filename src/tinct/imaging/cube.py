"""Read and write colour maps as ``.cube`` files (Adobe, "Cube LUT Specification 1.0", 2013)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinct import atomic
from tinct.errors import ColorMapError, ColorMapMissingError, OutputError

__all__ = ["read", "write"]

Array = NDArray[np.float32]

_FINE = 65  # nodes a side of a lattice that is brought to 0..1
_WIDEST = 64  # of a domain; what is wider counts levels, not shares of white
_NUMERIC = frozenset("+-.0123456789")
"""What numbers begin with."""
_MAX_BYTES = 100 * 2**20  # a 129-node lattice with long numbers is about 65 MB


def write(lattice: Array, title: str, path: Path, *, overwrite: bool = True) -> Path:
    """Save a lattice (N, N, N, 3), indexed [red, green, blue], at `path`, whole or not at all.

    Raises
    ------
    OutputError
        The file exists and may not be replaced, or its folder cannot be written.
    """
    if os.path.exists(path) and not overwrite:
        raise OutputError(f"{path.name} exists; choose another name or allow it to be replaced")
    title = "".join(c for c in title if c.isprintable() and c != '"')
    n = lattice.shape[0]
    rows = lattice.transpose(2, 1, 0, 3).reshape(-1, 3)  # red changes fastest
    head = f'TITLE "{title}"\nLUT_3D_SIZE {n}\nDOMAIN_MIN 0.0 0.0 0.0\nDOMAIN_MAX 1.0 1.0 1.0\n'
    try:
        with atomic.writing(path) as file:
            file.write(head.encode("ascii", "replace"))
            np.savetxt(file, rows, fmt="%.6f")
    except OSError as error:
        raise OutputError(
            f"{path.name} cannot be written: {error.strerror or 'the folder refused it'}"
        ) from None
    return path


def read(path: Path) -> tuple[Array, str]:
    """Lattice and title of a 3-D ``.cube`` file.

    A domain other than 0..1 is applied: the lattice that comes back is of 0..1.

    Raises
    ------
    ColorMapMissingError
        There is no such file; it is a `FileNotFoundError` too.
    ColorMapError
        The file is no 3-D cube, has the wrong number of rows, or a domain that makes no sense.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ColorMapError(
                f"{path.name} is larger than {_MAX_BYTES} bytes, more than any 3-D cube needs"
            )
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError:
        raise ColorMapMissingError(
            f"{path.name} cannot be read: there is no such file; check its name"
        ) from None
    except OSError:
        raise ColorMapError(f"{path.name} cannot be read; check that it exists and is a file") from None
    size, title, numbers = 0, "", []
    low, high = np.zeros(3), np.ones(3)
    for number, line in enumerate(text.splitlines(), 1):
        if (
            line[:1] in _NUMERIC and "#" not in line
        ):  # nearly all lines are such; the rest is slower to look at
            numbers.append(line)
            continue
        words = (line if '"' in line else line.split("#", 1)[0]).split()
        if not words or words[0][0] == "#":
            continue
        keyword = words[0].upper()
        if words[0][0] in _NUMERIC:
            numbers.append(" ".join(words))
        elif keyword == "LUT_3D_SIZE":
            size = _size(path, words)
        elif keyword == "TITLE":
            title = line.strip()[5:].strip().strip('"')
        elif keyword == "DOMAIN_MIN":
            low = _numbers(path, number, words, 3)
        elif keyword == "DOMAIN_MAX":
            high = _numbers(path, number, words, 3)
        elif keyword == "LUT_3D_INPUT_RANGE":
            low, high = (np.full(3, end) for end in _numbers(path, number, words, 2))
        elif keyword.startswith("LUT_1D_"):
            raise ColorMapError(f"{path.name} holds a 1-D table; a 3-D table (LUT_3D_SIZE) is needed")
        elif keyword.startswith(("DOMAIN", "LUT_")):
            raise ColorMapError(
                f"{path.name}, line {number}: {words[0][:40]} is not known; the file is not read"
            )
    if not size:
        raise ColorMapError(f"{path.name} has no LUT_3D_SIZE line, so it is not a 3-D .cube file")
    if not ((high > low).all() and (high - low <= _WIDEST).all()):
        raise ColorMapError(f"{path.name} has a domain of {low} to {high}; about 0..1 is read")
    rows = _rows(path, numbers, size)
    lattice = np.ascontiguousarray(rows.reshape(size, size, size, 3).transpose(2, 1, 0, 3))
    if (low == 0).all() and (high == 1).all():
        return lattice, title
    return _over_unit(lattice, low, high), title


def _numbers(path: Path, line: int, words: list[str], count: int) -> NDArray[np.float64]:
    """The numbers behind a keyword."""
    try:
        found = np.array([float(word) for word in words[1:]])
    except ValueError:
        found = np.empty(0)
    if len(found) != count or not np.isfinite(found).all():
        raise ColorMapError(f"{path.name}, line {line}: {words[0]} needs {count} numbers")
    return found


def _over_unit(lattice: Array, low: NDArray[np.float64], high: NDArray[np.float64]) -> Array:
    """A lattice of 0..1 that says the same as one of another domain, which holds its ends outside."""
    size = max(lattice.shape[0], _FINE)
    top = lattice.shape[0] - 1
    for axis in range(3):
        at = np.clip((np.linspace(0, 1, size) - low[axis]) / (high[axis] - low[axis]), 0, 1) * top
        first = np.minimum(at.astype(int), top - 1)
        share = (at - first).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(4)])
        below, above = np.take(lattice, first, axis), np.take(lattice, first + 1, axis)
        lattice = below + share * (above - below)
    return np.ascontiguousarray(lattice, np.float32)


def _size(path: Path, words: list[str]) -> int:
    size = int(words[1]) if len(words) == 2 and words[1].isdigit() and len(words[1]) < 5 else 0
    if not 2 <= size <= 129:
        raise ColorMapError(f"{path.name}: LUT_3D_SIZE is {' '.join(words[1:])[:20]!r}; 2 to 129 is read")
    return size


def _rows(path: Path, lines: list[str], size: int) -> Array:
    if len(lines) != size**3:
        raise ColorMapError(f"{path.name} has {len(lines)} rows of numbers; {size}^3 = {size**3} are needed")
    try:
        rows = np.loadtxt(lines, dtype=np.float32, ndmin=2)
    except ValueError:
        raise ColorMapError(f"{path.name} has a row that is not three numbers") from None
    if rows.shape[1] != 3 or not np.isfinite(rows).all():
        raise ColorMapError(f"{path.name} has a row that is not three numbers")
    return rows
