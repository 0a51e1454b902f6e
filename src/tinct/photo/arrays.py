"""Photos as arrays, and arrays as photos."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.picture import Decoded, Picture, Pixels

__all__ = ["from_array", "to_array"]

_ALLOWED = (
    "an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8, uint16, bool, or floats from 0 to 1; "
    "red comes first, opacity last"
)


def to_array(photo: Picture) -> Pixels:
    """The pixels of a photo.

    Returns
    -------
    ndarray, (H, W, 3), or (H, W, 4) where there is opacity, uint8 or uint16
        Read-only where it is the photo's own.
    """
    if photo.alpha is not None:
        both: Any = np.dstack([photo.pixels, photo.alpha])
        return both  # type: ignore[no-any-return]
    view = photo.pixels.view()
    view.flags.writeable = False
    return view


def from_array(array: Any, *, depth: Literal[8, 16] = 8) -> Decoded:
    """A picture of which an array holds the pixels.

    Parameters
    ----------
    array : array_like
        (H, W) or (H, W, 1) is gray, (H, W, 2) gray with opacity, (H, W, 3) R G B, (H, W, 4) with opacity.
    depth : {8, 16}
        Bits to which floats are rounded.

    Raises
    ------
    ParameterError
        Another shape or type, values outside 0..1, or no pixel.
    """
    found = np.asarray(array)
    if isinstance(depth, bool) or depth not in (8, 16):
        raise ParameterError("depth", depth, "8 or 16")
    if found.ndim == 2:
        found = found[..., None]
    if found.ndim != 3 or not 1 <= found.shape[2] <= 4 or 0 in found.shape:
        raise ParameterError("array", _described(array), _ALLOWED)
    levels = _levels(found, depth)
    channels = levels.shape[2]
    gray = channels < 3
    colors: Any = np.repeat(levels[..., :1], 3, axis=2) if gray else np.array(levels[..., :3], order="C")
    alpha: Any = np.array(levels[..., -1], order="C") if channels in (2, 4) else None
    return Decoded(colors, alpha, gray=gray)


def _levels(found: NDArray[Any], depth: int) -> Pixels:
    """Whole levels of 8 or 16 bits."""
    if found.dtype in (np.uint8, np.uint16):
        return found
    if found.dtype == np.bool_:
        return np.where(found, np.uint8(255), np.uint8(0))
    if found.dtype.kind == "u" and found.dtype.itemsize == 2:  # the other byte order
        return found.astype(np.uint16)
    if found.dtype.kind != "f":
        raise ParameterError("array", _described(found), _ALLOWED)
    low, high = float(found.min()), float(found.max())
    if not (low >= 0 and high <= 1):  # also where it is no number
        raise ParameterError(
            "array", f"floats from {low:g} to {high:g}", "floats from 0 to 1; scale or clip them"
        )
    top = 255 if depth == 8 else 65535
    exact: Any = found.astype(np.float64 if found.dtype.itemsize > 4 else np.float32)
    made: Pixels = np.rint(exact * top).astype(np.uint8 if depth == 8 else np.uint16)
    return made


def _described(array: Any) -> str:
    """What was given, in a few words."""
    found = np.asarray(array)
    return f"{found.dtype} {found.shape}"
