"""Damaged files: whatever the bytes, a Photo or one of Tinct's own errors comes out. TINCT_FUZZ sets how many."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from photo_files import as_bytes, exif_block, jpeg, matrix_icc, scene, with_jpeg_segment
from PIL import Image

from tinct.errors import PhotoError
from tinct.photo import decode
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings

MUTANTS = int(os.environ.get("TINCT_FUZZ", "150"))
LIMITS = Settings(max_photo_pixels=2_000_000)

RGBA = Image.fromarray(np.dstack([scene(40, 50), scene(40, 50)[..., 0]]))
PHOTO = Photo(scene(40, 50), icc=matrix_icc(), exif=exif_block(1))


def seeds() -> dict[str, bytes]:
    rgb = RGBA.convert("RGB")
    return {
        "jpeg": with_jpeg_segment(
            jpeg(scene(40, 50), icc_profile=matrix_icc()), 0xE1, b"Exif\0\0" + exif_block(6)
        ),
        "progressive": jpeg(scene(40, 50), progressive=True),
        "cmyk": as_bytes(rgb.convert("CMYK"), "JPEG"),
        "png": encode(PHOTO, "png"),
        "palette": as_bytes(rgb.quantize(9), "PNG", transparency=bytes(range(9))),
        "webp": encode(PHOTO, "webp"),
        "lossless-webp": as_bytes(RGBA, "WEBP", lossless=True),
        "tiff": encode(PHOTO, "tiff"),
        "plain-tiff": as_bytes(RGBA, "TIFF"),
        "lab-tiff": as_bytes(Image.merge("LAB", rgb.split()), "TIFF"),
        "bmp": as_bytes(rgb, "BMP"),
        "gif": as_bytes(rgb.quantize(16), "GIF"),
        "avif": encode(PHOTO, "avif"),
        "heif": heic(),
    }


def heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(RGBA.convert("RGB")).save(file, quality=60)
    return file.getvalue()


SEEDS = seeds()


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """A damaged copy: bytes changed (most near the head), cut, doubled, dropped or swapped in blocks."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        size = len(out)
        reach = size if rng.random() < 0.5 else min(size, 200)
        at = int(rng.integers(0, max(reach, 1)))
        length = int(rng.integers(1, 33))
        match rng.integers(0, 6):
            case 0:
                out[at : at + 1] = bytes([rng.integers(0, 256)])
            case 1:
                out[at : at + 4] = rng.choice(
                    [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01"]
                )
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length]
            case 4:
                out[at : at + length] = rng.bytes(length)
            case 5 if rng.random() < 0.3:
                del out[max(1, int(rng.integers(0, size))) :]
    return bytes(out)


@pytest.mark.parametrize("kind", SEEDS)
def test_damaged_files_end_in_a_photo_or_a_photo_error(kind: str, capfd) -> None:
    assert decode.open(SEEDS[kind]).width > 0
    rng = np.random.default_rng(sum(kind.encode()))
    refused: list[str] = []
    for _ in range(MUTANTS):
        try:
            photo = decode.open(mutate(SEEDS[kind], rng), settings=LIMITS)
            photo.proxy(64)
            encode(photo, "tiff", metadata="all")
            encode(photo, "jpeg")
        except PhotoError as error:
            refused.append(str(error).lower())
    assert refused
    assert not any("vips" in words for words in refused)
    assert capfd.readouterr().err == ""
