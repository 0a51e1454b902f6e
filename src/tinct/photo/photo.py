"""A photo, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinct.photo.picture import Picture, Pixels

if TYPE_CHECKING:
    from tinct.photo.encode import Metadata

__all__ = ["Photo", "Pixels"]


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
