"""A photo in memory: pixels, and everything that must come back out with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError

if TYPE_CHECKING:
    from tinct.photo.encode import Metadata

__all__ = ["Photo", "Pixels"]

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """An upright photo: orientation is already applied, alpha travels beside the colours.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
        Full range, R G B, encoded in the space that `icc` describes. Not premultiplied.
    alpha : ndarray, (H, W), dtype of `pixels`, optional
        Opacity; None means opaque.
    icc : bytes, optional
        Profile of `pixels`; None means sRGB.
    exif : bytes, optional
        Exif block as read (TIFF structure, without the ``Exif\\0\\0`` prefix), orientation reset to 1.
    format : str
        What it was read from, one of ``jpeg png webp tiff heif avif bmp gif``; the default for saving.
    gray : bool
        The file held one colour channel; `pixels` repeats it.
    xmp : bytes, optional
        XMP packet as read, orientation reset to 1; written only where all metadata is asked for.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    format: str = "png"
    gray: bool = False
    xmp: bytes | None = None

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

    def with_pixels(self, pixels: Pixels) -> Photo:
        """The same photo with other colours; alpha, profile and metadata stay."""
        return replace(self, pixels=pixels)

    def proxy(self, side: int) -> NDArray[np.float32]:
        """A small copy for fitting.

        Parameters
        ----------
        side : int
            Longer side in pixels; smaller photos keep their size.

        Returns
        -------
        ndarray, (h, w, 3), float32
            sRGB-encoded, 0..1 inside the sRGB gamut and beyond it where the photo's own profile is wider.
        """
        from tinct.photo.color import profile_to_srgb
        from tinct.photo.resize import shrink

        small = shrink(self.pixels, side)
        return profile_to_srgb(small, self.icc)

    def save(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        quality: int = 92,
        metadata: Metadata = "no-gps",
        overwrite: bool = True,
    ) -> Path:
        """Write the photo to `path`; see :func:`tinct.photo.encode.encode` for the parameters."""
        from tinct.photo.encode import save

        return save(self, path, format=format, quality=quality, metadata=metadata, overwrite=overwrite)

    def __repr__(self) -> str:
        facts = [f"{self.width}x{self.height}", f"{self.depth}-bit", self.format]
        beside = (
            ("gray", self.gray),
            ("alpha", self.alpha is not None),
            ("icc", self.icc),
            ("exif", self.exif),
        )
        return f"Photo({', '.join(facts + [name for name, there in beside if there])})"
