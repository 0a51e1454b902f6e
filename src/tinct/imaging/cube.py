"""Read and write colour maps as ``.cube`` files (Adobe, "Cube LUT Specification 1.0", 2013)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinct import atomic
from tinct.errors import ColorMapError, OutputError

__all__ = ["read", "write"]

Array = NDArray[np.float32]

_MAX_BYTES = 100 * 2**20  # a 129-node lattice with long numbers is about 65 MB


def write(lattice: Array, title: str, path: Path, *, overwrite: bool = True) -> Path:
    """Save a lattice (N, N, N, 3), indexed [red, green, blue], at `path`, whole or not at all.

    Raises
    ------
    OutputError
        The file exists and may not be replaced, or its folder cannot be written.
    """
    if path.exists() and not overwrite:
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

    Raises
    ------
    ColorMapError
        The file is missing, is no 3-D cube, has the wrong number of rows, or another domain than 0..1.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ColorMapError(
                f"{path.name} is larger than {_MAX_BYTES} bytes, more than any 3-D cube needs"
            )
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise ColorMapError(f"{path.name} cannot be read; check that it exists and is a file") from None
    size, title, numbers = 0, "", []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split() if '"' not in line else line.split()
        if not words:
            continue
        if words[0][0] in "+-.0123456789":
            numbers.append(line)
        elif words[0] == "LUT_3D_SIZE":
            size = _size(path, words)
        elif words[0] == "TITLE":
            title = line.strip()[5:].strip().strip('"')
        elif words[0] in ("DOMAIN_MIN", "DOMAIN_MAX"):
            wanted = ["0", "0", "0"] if words[0] == "DOMAIN_MIN" else ["1", "1", "1"]
            if [w.rstrip("0").rstrip(".") or "0" for w in words[1:]] != wanted:
                raise ColorMapError(f"{path.name}, line {number}: only the domain 0..1 is read")
        elif words[0] == "LUT_1D_SIZE":
            raise ColorMapError(f"{path.name} holds a 1-D table; a 3-D table (LUT_3D_SIZE) is needed")
    if not size:
        raise ColorMapError(f"{path.name} has no LUT_3D_SIZE line, so it is not a 3-D .cube file")
    rows = _rows(path, numbers, size)
    return np.ascontiguousarray(rows.reshape(size, size, size, 3).transpose(2, 1, 0, 3)), title


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
