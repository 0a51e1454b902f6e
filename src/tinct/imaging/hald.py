"""Read and write colour maps as HaldCLUT pictures (Eskil Steenberg; "Hald CLUT" in ImageMagick's usage).

A picture of level L has L³ pixels on each side; read row by row it is a lattice of L² nodes a side, red changing
fastest. Editors such as RawTherapee, darktable, GIMP and ffmpeg take them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ColorMapError, ColorMapMissingError, PhotoError
from tinct.photo.photo import Photo

__all__ = ["SIDE", "read", "write"]

Array = NDArray[np.float32]

_LEVEL = 8
SIDE = _LEVEL**2
"""Nodes along each side of a lattice that is written."""
_LEVELS = range(2, 12)  # up to 121 nodes a side


def write(lattice: Array, path: Path, *, overwrite: bool = True) -> Path:
    """Save a lattice (SIDE, SIDE, SIDE, 3), indexed [red, green, blue], as a 16-bit PNG.

    Raises
    ------
    OutputError
        The file exists and may not be replaced, or its folder cannot be written.
    """
    side = _LEVEL**3
    levels = np.rint(np.clip(lattice, 0, 1) * 65535).astype(np.uint16)
    pixels = np.ascontiguousarray(levels.transpose(2, 1, 0, 3).reshape(side, side, 3))
    return Photo(pixels, format="png").save(path, format="png", overwrite=overwrite)


def read(path: Path) -> tuple[Array, str]:
    """Lattice of a HaldCLUT picture in any format that is read, and its name as title.

    Raises
    ------
    ColorMapMissingError
        There is no such file.
    ColorMapError
        The file cannot be read, or is not a HaldCLUT.
    """
    from tinct.photo import decode

    try:
        photo = decode.open(path)
    except PhotoError as error:
        kind = ColorMapMissingError if isinstance(error, FileNotFoundError) else ColorMapError
        said = str(error).removeprefix(f"{path.name}: ")
        raise kind(f"{path.name} is no colour map: {said}") from None
    level = round(photo.width ** (1 / 3))
    if photo.width != photo.height or level**3 != photo.width or level not in _LEVELS:
        sides = ", ".join(str(n**3) for n in _LEVELS)
        raise ColorMapError(
            f"{path.name} is a picture of {photo.width} x {photo.height}, not a HaldCLUT; those are square, with sides "
            f"of {sides} pixels"
        )
    side = level**2
    top = np.float32(np.iinfo(photo.pixels.dtype).max)
    lattice = photo.pixels.reshape(side, side, side, 3).transpose(2, 1, 0, 3).astype(np.float32) / top
    return np.ascontiguousarray(lattice), path.stem
