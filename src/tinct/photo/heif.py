"""HEIC in both directions, by pillow-heif, an extra because its wheel holds a GPL encoder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np

from tinct.errors import OutputError
from tinct.photo import icc as profiles
from tinct.photo.metadata import Blocks, check_blocks
from tinct.photo.metadata import avif as boxes
from tinct.photo.picture import Decoded, Picture
from tinct.photo.probe import Header, broken, check
from tinct.settings import Settings

__all__ = ["decode", "encode"]


def decode(data: bytes, header: Header, limits: Settings) -> Decoded:
    """The primary picture of a HEIC file; its decoder applies the file's rotation.

    Raises
    ------
    BrokenPhotoError, PhotoLimitError
        As `tinct.photo.decode.open`.
    """
    import pillow_heif as library

    try:
        image = library.open_heif(data, convert_hdr_to_8bit=False)
        width, height = image.size
    except Exception:  # the binding raises several kinds for the same damage
        raise broken("heif") from None
    check(Header("heif", width, height, header.channels, header.depth), limits)
    try:
        array = np.asarray(image)  # (H, W, 3 or 4) or (H, W)
    except Exception:
        raise broken("heif") from None
    bits = image.info.get("bit_depth", 8)
    if array.dtype == np.uint16 and 8 < bits < 16:
        # Its low bits are zero; repeat the high ones there, so that white is white
        array = array | (array >> bits)
    exif = image.info.get("exif")
    blocks = replace(
        boxes(data, limits.max_metadata_bytes),
        icc=image.info.get("icc_profile") or None,
        exif=exif.removeprefix(b"Exif\0\0") if exif else None,
        xmp=image.info.get("xmp") or None,
    )
    check_blocks(blocks, limits)
    gray = array.ndim == 2
    if gray:
        pixels, alpha = np.repeat(array[..., None], 3, axis=2), None
    else:
        pixels = np.ascontiguousarray(array[..., :3])
        alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    icc = blocks.icc if blocks.icc is not None and profiles.usable(blocks.icc) else None
    return Decoded(pixels, alpha, gray=gray, icc=icc, blocks=blocks)


def encode(photo: Picture, file: BinaryIO, quality: int, blocks: Blocks) -> None:
    """Write a photo as HEIC; 16-bit photos keep 10 bits.

    Raises
    ------
    OutputError
        The encoder refuses the photo.
    """
    import pillow_heif as library

    pixels = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    mode = ("RGB" if photo.alpha is None else "RGBA") + (";16" if photo.depth == 16 else "")
    # 3 x faster, same size
    wanted: dict[str, Any] = {"quality": quality, "enc_params": {"preset": "ultrafast"}}
    if quality >= 90:
        wanted["chroma"] = 444
    beside = {
        "icc_profile": photo.icc,
        "exif": blocks.exif and b"Exif\0\0" + blocks.exif,
        "xmp": blocks.xmp,
    }
    wanted.update((name, block) for name, block in beside.items() if block)
    try:
        library.encode(mode, (photo.width, photo.height), np.ascontiguousarray(pixels).data, file, **wanted)
    except OSError:
        raise
    except Exception:  # the binding raises several kinds
        raise OutputError("the photo could not be encoded as heif; choose another format") from None
