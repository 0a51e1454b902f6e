"""Photos as Pillow's images, and Pillow's images as photos."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from tinct.errors import OutputError, ParameterError
from tinct.photo import comments, formats, vips, xmp
from tinct.photo.headers import Header
from tinct.photo.metadata import Blocks, check_blocks
from tinct.photo.picture import Decoded, Picture
from tinct.photo.probe import check
from tinct.photo.source import collect, to_working_space
from tinct.settings import current

if TYPE_CHECKING:
    from PIL.Image import Image

    from tinct.photo.photo import Photo

__all__ = ["from_pil", "show", "to_pil"]

_KINDS = {"L": "gray", "LA": "gray", "I;16": "gray", "RGB": "rgb", "RGBA": "rgb", "CMYK": "cmyk"}
"""Modes whose pixels are taken as they are -> modes of a `Header`."""
_FIRST = {
    "1": "L",
    "La": "LA",
    "PA": "RGBA",
    "RGBX": "RGB",
    "RGBa": "RGBA",
    "YCbCr": "RGB",
    "HSV": "RGB",
    "I;16B": "I;16",
    "I;16L": "I;16",
    "I;16N": "I;16",
}
"""What other modes are brought to first, by Pillow."""


_IPTC = 0x0404  # Photoshop's number of the resource that holds IPTC


def to_pil(photo: Picture) -> Image:
    """A photo as Pillow has it.

    Parameters
    ----------
    photo : Photo
        Of 16 bits, colours are rounded to 8, for Pillow has no more; gray without opacity keeps them.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, RGBA, L, LA or I;16; profile, Exif and resolution in its ``info``, where `Image.save` takes them from.
    """
    from PIL import Image

    gray = photo.gray
    deep = photo.depth == 16
    if gray and deep and photo.alpha is None:
        made = Image.fromarray(np.ascontiguousarray(photo.pixels[..., 0]))
    else:
        parts: list[Any] = [photo.pixels[..., :1] if gray else photo.pixels]
        parts += [] if photo.alpha is None else [photo.alpha[..., None]]
        levels: Any = np.concatenate(parts, axis=2)
        eight = np.rint(levels / np.float32(257)).astype(np.uint8) if deep else levels
        made = Image.fromarray(np.ascontiguousarray(eight[..., 0] if eight.shape[2] == 1 else eight))
    beside = {
        "icc_profile": photo.icc,
        "exif": photo.exif and b"Exif\0\0" + photo.exif,
        "xmp": photo.xmp,
        "dpi": photo.resolution,
    }
    made.info.update({name: value for name, value in beside.items() if value})
    return made


def from_pil(image: Image) -> tuple[Decoded, str]:
    """An image of Pillow as a loader would give it, and the format of the file that it came from.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode but F, and I beyond 16 bits. It is turned upright as its Exif says.

    Raises
    ------
    ParameterError
        It is no such image.
    PhotoLimitError
        It is above a limit.
    """
    from PIL.Image import Image as Kind

    if not isinstance(image, Kind):
        raise ParameterError("image", type(image).__name__, "an image of PIL")
    limits, row = current(), formats.named((image.format or "png").lower())
    name = "png" if row is None else row.name
    alike = _alike(image)
    pixels = np.asarray(alike)
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2:
        pixels = np.asarray(pixels, np.uint16)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    height, width, channels = pixels.shape
    kind = _KINDS[alike.mode]
    opaque = kind == "cmyk" or channels in (1, 3)
    header = Header(name, width, height, channels, pixels.dtype.itemsize * 8, has_alpha=not opaque, mode=kind)
    check(header, limits)
    blocks = check_blocks(_blocks(image), limits)
    icc = blocks.icc if blocks.icc and _describes(blocks.icc, kind) else None
    stored, icc, converted = to_working_space(vips.from_array(np.ascontiguousarray(pixels)), header, icc)
    upright, alpha = collect(stored, blocks.orientation)
    return Decoded(upright, alpha, gray=kind == "gray", icc=icc, converted=converted, blocks=blocks), name


def show(photo: Photo, side: int) -> None:
    """Show a photo: in a notebook there, elsewhere in a program of the desktop.

    Raises
    ------
    OutputError
        There is no such program.
    """
    from PIL import ImageShow

    notebook = sys.modules.get("IPython.core.getipython")  # who runs in one has loaded it
    shell = notebook.get_ipython() if notebook is not None else None
    if hasattr(shell, "kernel"):
        importlib.import_module("IPython.display").display(photo)
        return
    from tinct.photo.preview import preview

    if not ImageShow.show(to_pil(preview(photo, side)), title="Tinct"):
        raise OutputError("no program that shows pictures was found; save the photo and open the file")


def _alike(image: Image) -> Image:
    """The image in one of the modes that are taken as they are."""
    mode = image.mode
    if mode == "P":
        mode = "RGBA" if "transparency" in image.info else "RGB"
    elif mode in ("L", "RGB") and "transparency" in image.info:
        mode = "LA" if mode == "L" else "RGBA"
    elif mode == "I":
        low, high = image.getextrema()
        if not 0 <= low <= high <= 65535:  # type: ignore[operator]
            raise ParameterError("image", f"mode I with values from {low} to {high}", "0 to 65535")
        mode = "I;16"
    mode = _FIRST.get(mode, mode)
    if mode not in _KINDS and mode != "LAB":
        raise ParameterError(
            "image", f"mode {image.mode}", "mode " + ", ".join([*_KINDS, *_FIRST, "P", "I", "LAB"])
        )
    if mode == "LAB":
        from PIL import ImageCms

        made = ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
        assert made is not None
        return made
    return image if mode == image.mode else image.convert(mode)


def _describes(icc: bytes, kind: str) -> bool:
    """Whether a profile is of pixels such as these."""
    space = icc[16:20]
    return space == {"gray": b"GRAY", "rgb": b"RGB ", "cmyk": b"CMYK"}[kind]


def _blocks(image: Image) -> Blocks:
    """What an image says of itself beside its pixels."""
    info = image.info
    exif = info.get("exif") or (image.getexif().tobytes() if len(image.getexif()) else None)
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp")
    if isinstance(packet, str):
        packet = packet.encode()
    comment = info.get("comment") or b""
    said = comment.encode() if isinstance(comment, str) else bytes(comment)
    packet = xmp.with_facts(packet or None, comments.facts([said], len(said)))
    resources = info.get("photoshop")
    dpi = info.get("dpi")
    return Blocks(
        info.get("icc_profile") or None,
        exif.removeprefix(b"Exif\0\0") if exif else None,
        packet or None,
        resources.get(_IPTC) if isinstance(resources, dict) else None,
        resolution=(float(dpi[0]), float(dpi[1]))
        if dpi and all(0 < float(one) < 1e6 for one in dpi)
        else None,
    )
