"""From a decoder's picture to the arrays of a Photo: colours to RGB, pixels upright, alpha apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinct.photo import icc as profiles
from tinct.photo.headers import Header
from tinct.photo.picture import Pixels
from tinct.photo.transfer import linear_to_srgb
from tinct.photo.vips import Image, dtype_of, fetcher, from_array, to_array, with_profile

__all__ = ["Placer", "collect", "to_working_space"]

_STRIP_BYTES = 4 * 2**20

# By Exif orientation: mirror the rows? mirror the columns? swap the axes before that?
_TURNS = {
    1: (False, False, False),
    2: (False, True, False),
    3: (True, True, False),
    4: (True, False, False),
    5: (False, False, True),
    6: (False, True, True),
    7: (True, True, True),
    8: (True, False, True),
}


def to_working_space(image: Image, header: Header, icc: bytes | None) -> tuple[Image, bytes | None, bool]:
    """The picture in 1 (gray) or 3 (RGB) bands, and alpha where it has any, 8 or 16 bits; with its profile.

    And whether it has been brought to sRGB. RGB keeps its profile if that can be used. Gray is brought to
    sRGB's curve, CMYK and Lab to sRGB.
    """
    if header.mode == "cmyk":
        return _cmyk_to_srgb(image, header, icc), None, True
    if header.mode == "lab":
        return _lab_to_srgb(image), None, True
    if header.format == "tiff":
        image = _only_alpha(image, header)
    if image.format == "ushort" and image.get_typeof("bits-per-sample"):
        bits = image.get("bits-per-sample")
        # libheif leaves the low bits zero; repeat the high ones there, so that white is white
        if 8 < bits < 16:
            image = image | (image >> bits)
    if image.bands < 3:
        curve = profiles.gray_curve(icc) if icc is not None else None
        return _gray_to_srgb(image, curve), None, curve is not None
    return image, icc if icc is not None and profiles.usable(icc) else None, False


def _only_alpha(image: Image, header: Header) -> Image:
    """A TIFF without the channels that are neither colour nor opacity."""
    colors = 1 if header.mode == "gray" else 3
    if image.bands > colors + header.has_alpha:
        image = image.extract_band(0, n=colors + header.has_alpha)
    return image


def _gray_to_srgb(image: Image, curve: profiles.Curve | None) -> Image:
    """Gray (and alpha) with sRGB's tone curve."""
    if curve is None:
        return image
    dtype = dtype_of(image)
    top = np.iinfo(dtype).max
    levels = linear_to_srgb(curve(np.linspace(0, 1, top + 1, dtype=np.float32)))  # (256,) or (65536,)
    table = from_array(np.rint(np.clip(levels, 0, 1) * top).astype(dtype)[None, :, None])
    gray = image.extract_band(0).maplut(table)
    return gray.bandjoin(image.extract_band(1)) if image.bands == 2 else gray


def _cmyk_to_srgb(image: Image, header: Header, icc: bytes | None) -> Image:
    """CMYK through its own profile, or through a usual press profile when it has none that fits."""
    alpha = image.extract_band(4) if image.bands > 4 and header.has_alpha else None
    image = image.extract_band(0, n=4).copy(interpretation="cmyk")
    depth = 8 if image.format == "uchar" else 16
    own = icc if icc is not None and icc[16:20] == b"CMYK" and profiles.lcms_can_read(icc, bands=4) else None
    image = with_profile(image, own).icc_transform(
        "srgb", embedded=own is not None, input_profile="cmyk", intent="relative",
        black_point_compensation=True, depth=depth,
    )  # fmt: skip
    return image if alpha is None else image.bandjoin(alpha)


def _lab_to_srgb(image: Image) -> Image:
    """16-bit Lab of a TIFF to 16-bit sRGB."""
    if image.interpretation != "labs":
        return image  # its decoder has converted it already
    lab = image.extract_band(0, n=3).LabS2Lab()
    return with_profile(lab, None).icc_export(output_profile="srgb", intent="relative", depth=16, pcs="lab")


def collect(image: Image, orientation: int) -> tuple[Pixels, Pixels | None]:
    """Decode into upright arrays.

    Parameters
    ----------
    image : vips image
        1 to 4 bands of uchar or ushort, to be read once from top to bottom.
    orientation : int
        Exif orientation 1..8 of the stored pixels.

    Returns
    -------
    pixels : ndarray, (H, W, 3)
    alpha : ndarray, (H, W), or None
    """
    if image.bands == 3 and orientation == 1:
        return to_array(image), None
    dtype = dtype_of(image)
    placer = Placer(image.height, image.width, orientation)
    pixels = placer.empty(3, dtype)
    alpha = placer.empty(1, dtype) if image.bands in (2, 4) else None
    rows = max(16, _STRIP_BYTES // (image.width * image.bands * dtype.itemsize) // 16 * 16)
    fetch = fetcher(image)
    for top in range(0, image.height, rows):
        strip = fetch(top, min(rows, image.height - top))  # (rows, W, bands)
        placer.put(pixels, _colors(strip), top)
        if alpha is not None:
            placer.put(alpha, strip[..., -1], top)
    return pixels, alpha


def _colors(strip: Pixels) -> Pixels:
    """The (rows, W, 3) colours of a strip of 1 to 4 bands."""
    import cv2

    if strip.shape[2] == 3:
        return strip
    colors: Any
    if strip.shape[2] == 4:
        colors = cv2.cvtColor(strip, cv2.COLOR_RGBA2RGB)
    else:
        colors = cv2.cvtColor(np.ascontiguousarray(strip[..., 0]), cv2.COLOR_GRAY2RGB)
    return colors  # type: ignore[no-any-return]


class Placer:
    """Puts strips of a stored picture where they belong in the upright one.

    Parameters
    ----------
    height, width : int
        Size as stored.
    orientation : int
        Exif orientation 1..8.
    """

    def __init__(self, height: int, width: int, orientation: int) -> None:
        self.height, self.width = height, width
        self.upside, self.mirrored, self.swapped = _TURNS[orientation]

    def empty(self, bands: int, dtype: np.dtype[Any]) -> Pixels:
        """An array for the upright picture; (H, W) for one band."""
        size = (self.width, self.height) if self.swapped else (self.height, self.width)
        return np.empty(size if bands == 1 else (*size, bands), dtype)

    def put(self, upright: Pixels, strip: Pixels, top: int) -> None:
        """Place the stored rows that start at `top`."""
        import cv2

        rows = strip.shape[0]
        piece = cv2.transpose(strip) if self.swapped else strip
        if self.upside or self.mirrored:
            both, code = self.upside and self.mirrored, 0 if self.upside else 1
            piece = cv2.flip(np.ascontiguousarray(piece), -1 if both else code)
        backwards = self.mirrored if self.swapped else self.upside
        start = self.height - top - rows if backwards else top
        if self.swapped:
            upright[:, start : start + rows] = piece
        else:
            upright[start : start + rows] = piece
