"""A lattice compiled for pixels of one depth: interpolated pixel by pixel, or looked up in a table of 8-bit colours.

Photos have far more pixels than kinds of colours. Where many pixels are to come, a colour is interpolated when it is
first met, together with its neighbours, and only looked up from then on. The result is the same to the bit.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tinct.photo.picture import Pixels

if TYPE_CHECKING:
    import PyOpenColorIO as ocio

__all__ = ["Lut", "Luts", "interpolation"]

Array = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_WORTH: Final = 1 << 24
"""Pixels from which on a table pays: no more are there to interpolate, even where every colour comes."""
_TABLES: Final = 2
"""Tables that a process holds at a time, of 64 MB each; the one that was used least lately goes first."""
_CHUNK: Final = 1 << 16
"""Pixels that are looked up at a time: what lies between the steps stays in a core's cache."""
_SIDE: Final = 8
"""Colours along each side of a cell."""
_CELLS: Final = 256 // _SIDE
_RUN: Final = np.dtype((np.void, 4 * _SIDE))
"""The entries of a cell that lie side by side: moved as one."""


def interpolation(lattice: Array) -> ocio.Processor:
    """OpenColorIO's processor of a lattice (N, N, N, 3), indexed [red, green, blue]: tetrahedral interpolation."""
    import PyOpenColorIO as ocio

    transform = ocio.Lut3DTransform(gridSize=lattice.shape[0])
    transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    transform.setData(np.ascontiguousarray(lattice, np.float32).ravel())
    return ocio.Config.CreateRaw().getProcessor(transform)


class Lut:
    """A lattice for pixels of one depth.

    Parameters
    ----------
    lattice : ndarray, (N, N, N, 3), float32, 0..1
        Indexed [red, green, blue].
    dtype : dtype
        uint8 or uint16, of source and result.
    """

    def __init__(self, lattice: Array, dtype: np.dtype[Any]) -> None:
        self._interpolated = _Interpolated(lattice, dtype)
        self._fits_a_table = dtype == np.uint8
        self._table: _Table | None = None
        self._expected = 0

    def expect(self, pixels: int) -> None:
        """Hear that so many pixels are to be mapped, beside those of earlier calls."""
        self._expected += pixels

    def apply(self, source: Pixels, result: Pixels) -> None:
        """Map contiguous rows `source` (n, W, 3) into `result`; several threads may do so at a time."""
        if self._fits_a_table and self._expected >= _WORTH:
            self._looked_up().apply(source, result)
        else:
            self._interpolated.apply(source, result)

    def _looked_up(self) -> _Table:
        """Its table, for which another may have to go."""
        with _lock:
            holders = [one for ref in _holders if (one := ref()) is not None and one is not self]
            for other in holders[: -(_TABLES - 1)]:
                other._table = None
            _holders[:] = map(weakref.ref, [*holders[-(_TABLES - 1) :], self])
            table = self._table = self._table or _Table(self._interpolated)
            return table


_lock = threading.Lock()
_holders: list[weakref.ref[Lut]] = []
"""Who has a table, the latest used last."""


class Luts:
    """Lattices that were compiled, for as long as what they belong to lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: weakref.WeakKeyDictionary[object, OrderedDict[tuple[bytes, str], Lut]] = (
            weakref.WeakKeyDictionary()
        )

    def of(self, owner: object, lattice: Array, dtype: np.dtype[Any]) -> Lut:
        """The compiled `lattice` (N, N, N, 3) of `owner`, told by its numbers: their array may be written to."""
        key = (hashlib.blake2b(lattice.tobytes(), digest_size=16).digest(), dtype.str)
        with self._lock:
            known = self._found.setdefault(owner, OrderedDict())
            known[key] = found = known.pop(key, None) or Lut(lattice, dtype)
            while len(known) > _TABLES:
                known.popitem(last=False)
            return found


class _Interpolated:
    """Every pixel by itself, by OpenColorIO."""

    def __init__(self, lattice: Array, dtype: np.dtype[Any]) -> None:
        import PyOpenColorIO as ocio

        self._depth = depth = ocio.BIT_DEPTH_UINT8 if dtype == np.uint8 else ocio.BIT_DEPTH_UINT16
        self._cpu = interpolation(lattice).getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)

    def apply(self, source: Pixels, result: Pixels) -> None:
        self._cpu.apply(self._describe(source), self._describe(result))

    def _describe(self, pixels: Pixels) -> ocio.PackedImageDesc:
        import PyOpenColorIO as ocio

        height, width = pixels.shape[:2]
        item = pixels.itemsize
        order = ocio.CHANNEL_ORDERING_RGB
        return ocio.PackedImageDesc(
            pixels, width, height, order, self._depth, item, 3 * item, 3 * item * width
        )


class _Table:
    """The result of every 8-bit colour of which a neighbour was met.

    An entry is four bytes: red, green, blue, and 255; all are 0 until its cell is filled. Threads may fill the same
    cell at a time, for they write the same.
    """

    def __init__(self, interpolated: _Interpolated) -> None:
        self._interpolated = interpolated
        self._entries = np.zeros(1 << 24, "<u4")  # at 65536 x blue + 256 x green + red

    def apply(self, source: Pixels, result: Pixels) -> None:
        step = max(1, _CHUNK // source.shape[1])
        for top in range(0, source.shape[0], step):
            self._look_up(source[top : top + step], result[top : top + step])

    def _look_up(self, source: Pixels, result: Pixels) -> None:
        import cv2

        colors = cv2.cvtColor(source, cv2.COLOR_RGB2RGBA).view("<u4").ravel()
        places = np.empty(colors.shape, np.intp)
        np.bitwise_and(colors, 0xFFFFFF, out=places, casting="unsafe")  # without the fourth byte
        found = self._entries.take(places, mode="wrap")  # a mode that need not look for wrong places
        if not found.min():
            missing = np.flatnonzero(found == 0)
            self._fill(places[missing])
            found[missing] = self._entries.take(places[missing])
        pixels = found.view(np.uint8).reshape(*source.shape[:2], 4)
        result[:] = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)

    def _fill(self, places: NDArray[np.intp]) -> None:
        """Interpolate the cells of these places."""
        import cv2

        met = np.zeros(_CELLS**3, bool)
        blue, green, red = ((places >> shift & 255) // _SIDE for shift in (16, 8, 0))
        met[(blue * _CELLS + green) * _CELLS + red] = True
        blue, green, red = np.unravel_index(np.flatnonzero(met), (_CELLS,) * 3)  # (k,) cells
        inside = np.indices((_SIDE,) * 3, np.uint8)  # (3, 8, 8, 8)
        colors = np.empty((len(red), *inside.shape[1:], 3), np.uint8)
        for channel, (cell, place) in enumerate(zip((red, green, blue), inside[::-1], strict=True)):
            colors[..., channel] = (cell * _SIDE).astype(np.uint8)[:, None, None, None] + place
        rows = colors.reshape(len(red), _SIDE**3, 3)
        mapped = np.empty_like(rows)
        self._interpolated.apply(rows, mapped)
        entries = cv2.cvtColor(mapped, cv2.COLOR_RGB2RGBA).reshape(-1).view(_RUN).reshape(-1, _SIDE, _SIDE)
        runs = self._entries.view(_RUN).reshape(_CELLS, _SIDE, _CELLS, _SIDE, _CELLS)
        runs[blue, :, green, :, red] = entries
