"""The record of a photo in memory: pixels, and everything that must come back out with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.metadata import Blocks

__all__ = ["Decoded", "Picture", "Pixels"]

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a loader gives: upright pixels, and what the file holds beside them."""

    pixels: Pixels  # (H, W, 3)
    alpha: Pixels | None = None  # (H, W)
    gray: bool = False
    icc: bytes | None = None  # of `pixels`; None means sRGB, or what else the file declares
    converted: bool = False  # the pixels are sRGB already, whatever the file declares
    blocks: Blocks = field(default_factory=Blocks)  # as stored


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a `tinct.photo.photo.Photo` is made of; it describes the fields."""

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    format: str = "png"
    gray: bool = False
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        p = self.pixels
        if (
            not isinstance(p, np.ndarray)
            or p.dtype not in (np.uint8, np.uint16)
            or p.ndim != 3
            or p.shape[2] != 3
        ):
            found = f"{getattr(p, 'dtype', type(p).__name__)} {getattr(p, 'shape', '')}"
            raise ParameterError("pixels", found, "an (H, W, 3) array of uint8 or uint16")
        if 0 in p.shape:
            raise ParameterError("pixels", p.shape, "at least one pixel")
        a = self.alpha
        if a is not None and (a.dtype != p.dtype or a.shape != p.shape[:2]):
            raise ParameterError("alpha", f"{a.dtype} {a.shape}", f"{p.dtype} {p.shape[:2]}, like the pixels")

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def depth(self) -> int:
        """Bits per channel, 8 or 16."""
        return self.pixels.dtype.itemsize * 8

    def with_pixels(self, pixels: Pixels) -> Self:
        """The same photo with other colours; alpha, profile and metadata stay."""
        return replace(self, pixels=pixels)
