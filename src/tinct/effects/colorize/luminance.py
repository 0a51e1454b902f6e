"""Give pixels a chroma and keep their luminance to the last bit that the photo can hold. Works on planes, for speed."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.photo.color import linear_to_srgb, profile_to_srgb, srgb_to_linear, srgb_to_profile
from tinct.photo.photo import Pixels

__all__ = ["Luminance", "encode", "to_linear"]

Array = NDArray[np.float32]

_LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750], np.float32)
# CIE XYZ relative to white (D65) to linear sRGB; rows sum to 1, so grey is (Y, Y, Y).
_TO_RGB = np.linalg.inv(
    np.array(
        [
            [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883],
        ]
    )
).astype(np.float32)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27  # CIE 15:2004, where the cube root gives way to a line
_TINY = np.float32(1e-9)
_CODES = 1 << 16  # steps of linear light in the table that encodes 8-bit results; 0.05 of a level at most


@dataclass(frozen=True, eq=False)
class Luminance:
    """Luminance of a strip of pixels."""

    y: Array
    """(h, w) relative luminance, 0..1."""
    root: Array
    """(h, w) CIELAB's f of it; L* = 116 f - 16."""

    @property
    def light(self) -> Array:
        """(h, w) L*, 0..100."""
        out: Array = self.root * np.float32(116) - np.float32(16)
        return out

    @classmethod
    def of(cls, pixels: Pixels, icc: bytes | None) -> Luminance:
        """Measure pixels (h, w, 3) encoded in the profile `icc`."""
        import cv2

        first, *others = cv2.split(pixels)
        if icc is None and all(np.array_equal(first, other) for other in others):
            return cls(*(_look_up(table, first) for table in _gray_tables(pixels.dtype.itemsize)))
        y = np.clip(srgb_to_linear(profile_to_srgb(pixels, icc)) @ _LUMINANCE, 0, 1)
        return cls(y, _root(y))


def _look_up(table: Array, levels: NDArray[Any]) -> Array:
    """`table` at 8- or 16-bit `levels`."""
    import cv2

    if levels.dtype == np.uint8:
        return np.asarray(cv2.LUT(levels, table), np.float32)
    return np.take(table, levels, mode="clip")


def _root(y: Array) -> Array:
    line = y * np.float32(_KAPPA / 116) + np.float32(16 / 116)
    return np.where(y > _EPSILON, np.cbrt(y), line)


@functools.cache
def _gray_tables(size: int) -> tuple[Array, Array]:
    """y and its root for every grey level of `size` bytes."""
    levels = 1 << 8 * size
    y = srgb_to_linear(np.arange(levels, dtype=np.float32) / np.float32(levels - 1))
    return y, _root(y)


def to_linear(luminance: Luminance, a: Array, b: Array) -> list[Array]:
    """Linear sRGB planes of the colours with this luminance and chroma.

    Colours outside the gamut are drawn towards the grey of the same luminance, so luminance never changes. Below L* 8,
    where CIELAB is a line, its cube root is used on: shadows get a little less chroma, and no pixel a special case.

    Parameters
    ----------
    luminance : Luminance
    a, b : ndarray, (h, w), float32
        CIELAB a*, b*.

    Returns
    -------
    list of three ndarray, (h, w), float32
        R, G, B in 0..1.
    """
    import cv2

    y, cubed = luminance.y, luminance.root * luminance.root
    cubed *= luminance.root
    x_away = _away(luminance.root, a, 1 / 500, cubed)
    z_away = _away(luminance.root, b, -1 / 200, cubed)
    aways = [  # rows sum to 1, so what is away from grey needs no Y
        np.asarray(cv2.addWeighted(x_away, float(row[0]), z_away, float(row[2]), 0), np.float32)
        for row in _TO_RGB
    ]
    share = _share(y, aways)
    for away in aways:
        away *= share
        away += y
    return aways


def _away(root: Array, chroma: Array, scale: float, cubed: Array) -> Array:
    """How far X or Z, relative to white, is from that of grey."""
    import cv2

    f = np.asarray(cv2.addWeighted(root, 1, chroma, scale, 0), np.float32)
    out = f * f
    out *= f
    out -= cubed
    return out


def _share(y: Array, aways: list[Array]) -> Array:
    """How much of the way from grey fits into the gamut, 0..1."""
    most = np.maximum(aways[0], aways[1])
    np.maximum(most, aways[2], out=most)
    np.maximum(most, _TINY, out=most)
    np.divide(1 - y, most, out=most)
    least = np.minimum(aways[0], aways[1])
    np.minimum(least, aways[2], out=least)
    np.minimum(least, -_TINY, out=least)
    np.divide(y, least, out=least)
    np.negative(least, out=least)
    np.minimum(most, least, out=most)
    return np.minimum(most, np.float32(1), out=most)


@functools.cache
def _codes() -> NDArray[np.uint8]:
    """sRGB levels for linear light in `_CODES` steps."""
    steps = np.arange(_CODES, dtype=np.float32) / np.float32(_CODES - 1)
    return np.asarray(linear_to_srgb(steps) * 255 + np.float32(0.5), np.uint8)


def encode(planes: list[Array], icc: bytes | None, out: Pixels) -> None:
    """Write linear sRGB planes (h, w) in 0..1 to `out` (h, w, 3), in its depth and the profile `icc`; spends them."""
    if icc is None and out.dtype == np.uint8:
        import cv2

        index = np.empty(planes[0].shape, np.uint16)
        levels = []
        for plane in planes:
            plane *= _CODES - 1
            plane += np.float32(0.5)
            np.copyto(index, plane, casting="unsafe")
            levels.append(np.take(_codes(), index, mode="clip"))
        cv2.merge(levels, dst=out)
        return
    rgb = np.clip(linear_to_srgb(np.stack(planes, axis=-1)), 0, 1)
    largest = np.float32(np.iinfo(out.dtype).max)
    out[...] = (np.clip(srgb_to_profile(rgb, icc), 0, 1) * largest + np.float32(0.5)).astype(out.dtype)
