"""Give pixels a chroma and keep their luminance to the last bit that the photo can hold. Works on planes, for speed."""

from __future__ import annotations

import functools
from dataclasses import dataclass

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
        first = pixels[..., 0]
        if icc is None and np.array_equal(first, pixels[..., 1]) and np.array_equal(first, pixels[..., 2]):
            y_of, root_of = _gray_tables(pixels.dtype.itemsize)
            return cls(y_of[first], root_of[first])
        y = np.clip(srgb_to_linear(profile_to_srgb(pixels, icc)) @ _LUMINANCE, 0, 1)
        return cls(y, _root(y))


def _root(y: Array) -> Array:
    line = y * np.float32(_KAPPA / 116) + np.float32(16 / 116)
    return np.where(y > _EPSILON, np.cbrt(y), line)


@functools.cache
def _gray_tables(size: int) -> tuple[Array, Array]:
    """y and its root for every grey level of `size` bytes."""
    levels = 1 << 8 * size
    y = srgb_to_linear(np.arange(levels, dtype=np.float32) / np.float32(levels - 1))
    return y, _root(y)


def _cube(f: Array) -> Array:
    """The inverse of CIELAB's f."""
    cubed = f * f * f
    dark = cubed <= _EPSILON
    if dark.any():
        np.copyto(cubed, (f * np.float32(116) - np.float32(16)) * np.float32(1 / _KAPPA), where=dark)
    return cubed


def to_linear(luminance: Luminance, a: Array, b: Array) -> list[Array]:
    """Linear sRGB planes of the colours with this luminance and chroma.

    Colours outside the gamut are drawn towards the grey of the same luminance, so luminance never changes.

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
    y = luminance.y
    x_away = _cube(luminance.root + a * np.float32(1 / 500)) - y
    z_away = _cube(luminance.root - b * np.float32(1 / 200)) - y
    room = 1 - y
    share = np.ones_like(y)
    aways = []
    for row in _TO_RGB:  # rows sum to 1, so what is away from grey needs no Y
        away = x_away * row[0] + z_away * row[2]
        space = np.where(away > 0, room, y)
        size = np.abs(away)
        np.maximum(size, np.float32(1e-9), out=size)
        np.minimum(share, space / size, out=share)
        aways.append(away)
    for away in aways:
        away *= share
        away += y
    return aways


@functools.cache
def _codes() -> NDArray[np.uint8]:
    """sRGB levels for linear light in `_CODES` steps."""
    steps = np.arange(_CODES, dtype=np.float32) / np.float32(_CODES - 1)
    return np.asarray(linear_to_srgb(steps) * 255 + np.float32(0.5), np.uint8)


def encode(planes: list[Array], icc: bytes | None, out: Pixels) -> None:
    """Write linear sRGB planes (h, w) in 0..1 to `out` (h, w, 3), in its depth and the profile `icc`."""
    if icc is None and out.dtype == np.uint8:
        table = _codes()
        for channel, plane in enumerate(planes):
            index = (plane * np.float32(_CODES - 1) + np.float32(0.5)).astype(np.uint16)
            out[..., channel] = table[index]
        return
    rgb = np.clip(linear_to_srgb(np.stack(planes, axis=-1)), 0, 1)
    largest = np.float32(np.iinfo(out.dtype).max)
    out[...] = (np.clip(srgb_to_profile(rgb, icc), 0, 1) * largest + np.float32(0.5)).astype(out.dtype)
