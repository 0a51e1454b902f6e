"""ColorMap: a smooth 3-D LUT that can be fitted once, blended, applied to any number of photos, saved and loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.imaging import cube, hald
from tinct.imaging.lut import Lut, Luts, interpolation
from tinct.imaging.region import region
from tinct.imaging.strips import by_strips
from tinct.photo import formats
from tinct.photo.given import PhotoLike, as_photo
from tinct.photo.photo import Photo, Pixels

__all__ = ["GRID", "ColorMap", "Protection", "grid"]

Array = NDArray[np.float32]

GRID = 33
"""Nodes along each side of a fitted lattice. 33 is what editors exchange; the error against 65 is below 1/255."""

_SPARING = 64_000_000
"""Pixels of a photo beyond which memory is scarcer than time: it brings no table, which takes 64 MB."""

_STRIP_PIXELS = 1 << 19
"""Pixels that one thread maps at a time: source and result stay in a core's cache."""


_luts = Luts()


class Protection(Protocol):
    """Where a photo keeps its own colours, given row by row so that no full-size mask is ever held."""

    def rows(self, pixels: Pixels, top: int, height: int) -> Array:
        """Protection 0..1 (n, W) of the rows `pixels` (n, W, 3) that start at row `top` of `height`."""
        ...


def grid(size: int = GRID) -> Array:
    """The colours of a lattice's nodes: (size, size, size, 3) float32 in 0..1, indexed [red, green, blue]."""
    axis = np.linspace(0, 1, size, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


@dataclass(frozen=True, eq=False, repr=False)
class ColorMap:
    """A map from colours to colours, sampled on a cubic lattice of sRGB.

    Parameters
    ----------
    lattice : ndarray, (N, N, N, 3), float32, 0..1
        Result of each node, sRGB-encoded, indexed [red, green, blue]; N is 2..129.
    title : str
        A few words for people; stored in the ``.cube`` file.
    """

    lattice: Array
    title: str = ""

    def __post_init__(self) -> None:
        s = self.lattice.shape
        if len(s) != 4 or s[3] != 3 or not s[0] == s[1] == s[2] or not 2 <= s[0] <= 129:
            raise ParameterError("lattice", s, "(N, N, N, 3) with N from 2 to 129")
        if not np.isfinite(self.lattice).all():
            raise ParameterError("lattice", "values that are not finite", "numbers")

    def __repr__(self) -> str:
        return f"ColorMap({self.title!r}, {self.size}x{self.size}x{self.size})"

    @property
    def size(self) -> int:
        """Nodes along each side."""
        return int(self.lattice.shape[0])

    @classmethod
    def identity(cls, size: int = GRID) -> ColorMap:
        """The map that changes nothing."""
        return cls(grid(size), "Identity")

    def blend(self, degree: float) -> ColorMap:
        """A map part of the way from identity (`degree` 0) to this one (1)."""
        degree = check_degree(degree)
        identity = grid(self.size)
        return replace(self, lattice=identity + np.float32(degree) * (self.lattice - identity))

    def colors(self, rgb: Array) -> Array:
        """Map single colours.

        Parameters
        ----------
        rgb : ndarray, (..., 3), float32
            sRGB-encoded. What lies outside 0..1 is carried along with the nearest colour inside.

        Returns
        -------
        ndarray, (..., 3), float32
            By trilinear interpolation.
        """
        flat = np.asarray(rgb, np.float32).reshape(-1, 3)
        inside = np.clip(flat, 0, 1)
        position = inside * (self.size - 1)
        first = np.minimum(position.astype(np.intp), self.size - 2)  # (n, 3)
        t = (position - first).astype(np.float32)
        out = flat - inside
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(corner, t, 1 - t), axis=1)  # (n,)
            i, j, k = (first + corner).T
            out += weight[:, None] * self.lattice[i, j, k]
        return out.reshape(np.shape(rgb))

    def apply(
        self,
        photo: PhotoLike,
        *,
        degree: float = 1.0,
        mask: PhotoLike | None = None,
        protect: Protection | None = None,
        strength: float = 1.0,
    ) -> Photo:
        """Recolour a photo at full size.

        Parameters
        ----------
        photo : Photo, path, bytes, file, PIL image or array
            8 or 16 bit, in any RGB profile; the result stays in that profile. Alpha and metadata are untouched.
        degree : float
            0 returns the source's pixels exactly, 1 the full map, between them a linear blend.
        mask : photo, path, PIL image or array, optional
            The region that is recoloured, as a grey picture of the photo's size: white is, black is not, grey mixes.
            Maps of other regions are applied to what comes back.
        protect : Protection, optional
            Where the photo keeps its own colours.
        strength : float
            Of the protection, 0..1.

        Raises
        ------
        ParameterError
            `degree` or `strength` is not a number in 0..1, or `mask` has another size.
        """
        photo = as_photo(photo)
        inside = None if mask is None else region(photo, mask)
        degree, strength = check_degree(degree), check_degree(strength, "strength")
        if degree == 0:
            return photo
        source = photo.pixels if photo.pixels.flags.c_contiguous else photo.pixels.copy()
        out = np.empty_like(source)
        lut = _luts.of(self, self.blend(degree)._in_profile(photo.icc), source.dtype)
        if photo.width * photo.height <= _SPARING:
            lut.expect(photo.width * photo.height)

        def recolor(top: int, bottom: int) -> None:
            strip, result = source[top:bottom], out[top:bottom]
            lut.apply(strip, result)
            kept = None
            if protect is not None and strength:
                kept = protect.rows(strip, top, photo.height) * np.float32(strength)
            if inside is not None:
                part = inside[top:bottom] / np.float32(255)  # (n, W)
                kept = 1 - part if kept is None else 1 - part * (1 - kept)
            if kept is not None and kept.any():
                _restore(strip, result, kept)

        by_strips(recolor, (photo.height, photo.width), _STRIP_PIXELS)
        return replace(photo, pixels=out, gray=False)

    def painter(self, degree: float = 1.0) -> Callable[[NDArray[np.uint8], Array | None], NDArray[np.uint8]]:
        """The map, compiled once for many frames.

        Returns
        -------
        callable
            Of sRGB pixels (H, W, 3) uint8, and how much of each place is kept, (H, W) 0..1 or None.
        """
        lut = Lut(self.blend(degree).lattice, np.dtype(np.uint8))

        def paint(pixels: NDArray[np.uint8], kept: Array | None) -> NDArray[np.uint8]:
            out = np.empty_like(pixels)
            lut.expect(pixels.shape[0] * pixels.shape[1])

            def recolor(top: int, bottom: int) -> None:
                lut.apply(pixels[top:bottom], out[top:bottom])
                if kept is not None and kept[top:bottom].any():
                    _restore(pixels[top:bottom], out[top:bottom], kept[top:bottom])

            by_strips(recolor, (pixels.shape[0], pixels.shape[1]), _STRIP_PIXELS)
            return out

        return paint

    def resized(self, size: int) -> ColorMap:
        """The same map on a lattice of `size` (2..129) nodes a side."""
        if size == self.size:
            return self
        if isinstance(size, bool) or not isinstance(size, int) or not 2 <= size <= 129:
            raise ParameterError("size", size, "a whole number from 2 to 129")
        nodes = grid(size)
        # In place, as `apply` interpolates
        interpolation(self.lattice).getDefaultCPUProcessor().applyRGB(nodes)
        return replace(self, lattice=nodes)

    def save(self, path: str | Path, *, size: int | None = None, overwrite: bool = True) -> Path:
        """Write an Adobe/IRIDAS ``.cube`` file, or a HaldCLUT picture where the name ends in ``.png``.

        Parameters
        ----------
        path : str or Path
        size : int, optional
            Nodes along each side of a ``.cube``: 17, 33 and 65 are usual; the map's own by default.
        overwrite : bool
            Whether a file of that name may be replaced.

        Raises
        ------
        ParameterError
            `size` is not allowed, or given for a HaldCLUT.
        OutputError
            The file exists and may not be replaced, or its folder cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() == ".png":
            if size is not None:
                raise ParameterError(
                    "size", size, f"nothing for a HaldCLUT, which has {hald.SIDE} nodes a side"
                )
            return hald.write(self.resized(hald.SIDE).lattice, path, overwrite=overwrite)
        made = self if size is None else self.resized(size)
        return cube.write(made.lattice, self.title, path, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> ColorMap:
        """Read a ``.cube`` file of 2 to 129 nodes a side, or a HaldCLUT picture.

        A missing one is a `FileNotFoundError` too.
        """
        path = Path(path)
        return cls(*(hald.read(path) if formats.of_path(path) is not None else cube.read(path)))

    def _in_profile(self, icc: bytes | None) -> Array:
        """The lattice for pixels encoded by profile `icc`."""
        if icc is None:
            return self.lattice
        from tinct.photo.color import profile_to_srgb, srgb_to_profile

        nodes = profile_to_srgb(grid(GRID), icc)
        return np.clip(srgb_to_profile(self.colors(nodes), icc), 0, 1)


def check_degree(value: float, field: str = "degree") -> float:
    """`value` as a float in 0..1, or a ParameterError that names `field`."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise ParameterError(field, value, "a number from 0 to 1")
    return number


def _restore(source: Pixels, result: Pixels, mask: Array) -> None:
    """Blend `source` back into `result` in place where `mask` (n, W) is above 0."""
    import cv2

    if source.dtype == np.uint8:
        cv2.blendLinear(source, result, mask, 1 - mask, dst=result)
        return
    m = mask[..., None]
    result[:] = np.rint(result + m * (source.astype(np.float32) - result)).astype(result.dtype)
