"""A photo, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.photo.picture import Picture, Pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike
    from PIL.Image import Image

    from tinct.photo.encode import Metadata

__all__ = ["Photo", "Pixels"]

_SHOWN = 768
"""Longer side, in pixels, of what a notebook gets: a megabyte of PNG or so at most, whatever the photo."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Photo(Picture):
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
        Name of the format that it was read from (a row of `tinct.photo.formats`); the default for saving.
    gray : bool
        The file held one colour channel; `pixels` repeats it.
    xmp : bytes, optional
        XMP packet without what is untrue of the pixels, or of data that were left behind.
    iptc : bytes, optional
        IPTC records (IIM).
    resolution : tuple of float, optional
        Pixels per inch, across and down.
    """

    @classmethod
    def from_array(
        cls, array: ArrayLike, *, icc: bytes | None = None, format: str = "png", depth: Literal[8, 16] = 8
    ) -> Photo:
        """A photo of the pixels in an array, which is copied.

        Parameters
        ----------
        array : array_like
            (H, W) or (H, W, 1) is gray, (H, W, 2) gray with opacity, (H, W, 3) colours, red first, and (H, W, 4)
            colours with opacity, not premultiplied; uint8, uint16, bool, or floats from 0 to 1. OpenCV has blue first:
            give it ``image[..., ::-1]``.
        icc : bytes, optional
            Profile of the pixels; None means sRGB.
        format : str
            The default for saving.
        depth : {8, 16}
            Bits to which floats are rounded.

        Raises
        ------
        ParameterError
            Another shape or type, floats outside 0..1, no pixel, or an unknown format.
        """
        from tinct.photo import formats
        from tinct.photo.arrays import from_array

        row = formats.named(format)
        if row is None:
            raise ParameterError("format", format, ", ".join(found.name for found in formats.FORMATS))
        found = from_array(array, depth=depth)
        return cls(found.pixels, found.alpha, icc, format=row.name, gray=found.gray)

    @classmethod
    def from_pil(cls, image: Image) -> Photo:
        """A photo of an image of Pillow, which is copied; turned upright, with its profile and metadata.

        Parameters
        ----------
        image : PIL.Image.Image
            CMYK and Lab become sRGB, as in files.

        Raises
        ------
        ParameterError
            Mode F, or I beyond 16 bits.
        PhotoLimitError
            It is larger than photos may be.
        """
        from tinct.photo.decode import photo_of
        from tinct.photo.pil import from_pil

        return photo_of(*from_pil(image))

    def to_pil(self) -> Image:
        """The photo as an image of Pillow: RGB, RGBA, L, LA or I;16, with profile, Exif and resolution in ``info``.

        Colours of 16 bits are rounded to 8, for Pillow has no more.
        """
        from tinct.photo.pil import to_pil

        return to_pil(self)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The pixels for ``np.asarray(photo)``: (H, W, 3), or (H, W, 4) with opacity; read-only unless copied."""
        from tinct.photo.arrays import to_array

        pixels = to_array(self)
        if copy is False and (self.alpha is not None or dtype not in (None, pixels.dtype)):
            raise ValueError("a photo with opacity, or in another dtype, needs a copy")
        return np.array(pixels, dtype) if copy else np.asarray(pixels, dtype)

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

    def opacity(self, side: int) -> NDArray[np.float32] | None:
        """How opaque each pixel of the proxy is, (h, w), 0..1; None where all is opaque."""
        from tinct.photo.resize import shrink

        if self.alpha is None:
            return None
        small = shrink(self.alpha, side)
        return np.asarray(small, np.float32) / np.float32(np.iinfo(small.dtype).max)

    def without_hidden_colors(self) -> Photo:
        """The same photo to the eye: colours under an opacity of 0 become what is seen around them."""
        from tinct.photo.hidden import filled

        if self.alpha is None:
            return self
        pixels = filled(self.pixels, self.alpha)
        return self if pixels is self.pixels else self.with_pixels(pixels)

    def save(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        quality: int = 92,
        metadata: Metadata = "no-gps",
        overwrite: bool = True,
    ) -> Path:
        """Write the photo to a file, which appears whole or not at all; the profile is embedded.

        Parameters
        ----------
        path : str or Path
            Its ending chooses the format unless `format` does.
        format : str, optional
            ``jpeg png webp tiff heif avif``, or by another usual name, such as ``jpg``.
        quality : int
            1..100, of the lossy ones.
        metadata : {'no-gps', 'all', 'none'}
            Exif, XMP and IPTC without the place, with it, or none of them.
        overwrite : bool
            Whether a file of that name may be replaced.

        Returns
        -------
        Path
            `path`.

        Raises
        ------
        ParameterError
            A parameter is not allowed, or the ending names no format.
        OutputError
            The file is there and may not be replaced, or cannot be written.
        """
        from tinct.photo.encode import save

        return save(self, path, format=format, quality=quality, metadata=metadata, overwrite=overwrite)

    def show(self, *, side: int = 1600) -> None:
        """Show the photo on the screen: in a notebook there, elsewhere in the desktop's own program.

        Parameters
        ----------
        side : int
            Longer side in pixels of what is shown; a smaller photo keeps its size.

        Raises
        ------
        OutputError
            There is no program that shows pictures.
        """
        from tinct.photo.pil import show

        show(self, side)

    def _repr_png_(self) -> bytes:
        """What a notebook shows: a copy in sRGB, its longer side at most 768 pixels."""
        from tinct.photo.preview import png

        return png(self, _SHOWN)

    def __repr__(self) -> str:
        facts = [f"{self.width}x{self.height}", f"{self.depth}-bit", self.format]
        beside = (
            ("gray", self.gray),
            ("alpha", self.alpha is not None),
            ("icc", self.icc),
            ("exif", self.exif),
        )
        return f"Photo({', '.join(facts + [name for name, there in beside if there])})"
