"""A colour map as a picture, so that it can go wherever photos go: tiles side by side, as game engines keep LUTs.

Tile b holds the nodes of the b-th blue, red from left to right and green from top to bottom; 33 nodes a side are
1089 x 33 pixels. At 16 bits it loses 1/131070 at most.
"""

from __future__ import annotations

import numpy as np

from tinct.errors import ParameterError
from tinct.imaging.colormap import ColorMap
from tinct.photo.photo import Photo

__all__ = ["from_image", "to_image"]


def to_image(color_map: ColorMap) -> Photo:
    """A map as a strip of N tiles of N by N pixels, 16 bit."""
    n = color_map.size
    lattice = np.clip(color_map.lattice, 0, 1)  # [red, green, blue]
    levels = np.rint(lattice * 65535).astype(np.uint16)
    return Photo(np.ascontiguousarray(levels.transpose(1, 2, 0, 3)).reshape(n, n * n, 3), format="png")


def from_image(photo: Photo, field: str = "map") -> ColorMap:
    """The map of such a strip.

    Parameters
    ----------
    photo : Photo
        8 or 16 bit; its profile is not looked at, for the levels are the map's own.
    field : str
        Name for the error.

    Raises
    ------
    ParameterError
        It has not the sides of a strip.
    """
    n = photo.height
    if photo.width != n * n or not 2 <= n <= 129:
        wanted = "a colour map as a strip: N tiles of N by N pixels side by side, such as 1089x33"
        raise ParameterError(field, f"{photo.width}x{photo.height}", wanted)
    most = np.iinfo(photo.pixels.dtype).max
    tiles = photo.pixels.reshape(n, n, n, 3).astype(np.float32) / np.float32(most)  # [green, blue, red]
    return ColorMap(np.ascontiguousarray(tiles.transpose(2, 0, 1, 3)), "Strip")
