"""Colour spaces declared without a profile are honoured, or refused by name.

Right values were found with littlecms (transicc) from profiles of the declared characteristics.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from photo_files import ADOBE_XY, as_bytes, chunk, icc_file, jpeg, matrix_icc, png_file, with_jpeg_segment
from PIL import Image, ImageCms, TiffImagePlugin
from PIL.TiffImagePlugin import IFDRational

from tinct.errors import UnsupportedPhotoError
from tinct.photo import decode, spaces
from tinct.photo.color import profile_to_srgb
from tinct.photo.encode import encode
from tinct.photo.exif_build import build
from tinct.photo.exif_tiff import append_to_tiff
from tinct.photo.formats import WRITABLE
from tinct.photo.photo import Photo

CASES = Path(__file__).parent / "cases"
RED, GREEN = (200, 40, 40), (60, 200, 90)


def shown(photo: Photo) -> np.ndarray:
    """The first pixel as sRGB of 8 bits."""
    rgb = profile_to_srgb(photo.pixels[:1, :1], photo.icc)[0, 0]
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(int)


def flat(color: tuple[int, int, int] = RED) -> np.ndarray:
    return np.full((32, 48, 3), color, np.uint8)


def near(found: np.ndarray, wanted: tuple[int, int, int], tolerance: int = 1) -> bool:
    return bool(np.abs(found - wanted).max() <= tolerance)


def adobe_exif(space: int = 0xFFFF, index: bytes = b"R03\0") -> bytes:
    tree = {0: [], 0x8769: [(0xA001, 3, 1, struct.pack("<H", space))], 0xA005: [(1, 2, 4, index)]}
    body, start = build("<", tree, 8)
    return b"II*\0" + struct.pack("<I", start) + body


def png(color: tuple[int, int, int], *chunks: bytes) -> bytes:
    return png_file(16, 16, 8, 2, zlib.compress((b"\0" + bytes(color) * 16) * 16), b"".join(chunks))


def chromaticities(xy: tuple[tuple[float, float], ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(v * 1e5) for v in (0.3127, 0.3290, *np.ravel(xy)))))


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 1e5)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("color", "wanted"), [(RED, (233, 35, 35)), (GREEN, (0, 201, 80))])
def test_exif_that_says_adobe_rgb_is_believed(kind: str, color, wanted) -> None:
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(kind, {})
    if kind == "TIFF":
        file = io.BytesIO(as_bytes(Image.fromarray(flat(color)), kind))
        append_to_tiff(file, adobe_exif(), resolution=True)
        data = file.getvalue()
    else:
        data = as_bytes(Image.fromarray(flat(color)), kind, exif=b"Exif\0\0" + adobe_exif(), **options)
    assert near(shown(decode.open(data)), wanted)


def test_the_mark_of_adobe_rgb_as_cameras_write_it_is_believed() -> None:
    photo = decode.open(CASES / "adobergb_r03.jpg")
    assert near(shown(photo), (0, 201, 80), 2)


@pytest.mark.parametrize(
    "block",
    [adobe_exif(1), adobe_exif(0xFFFF, b"R98\0"), adobe_exif(1, b"R98\0")],
    ids=["srgb", "r98", "both"],
)
def test_exif_that_does_not_say_adobe_rgb_changes_nothing(block: bytes) -> None:
    photo = decode.open(with_jpeg_segment(jpeg(flat(), quality=100), 0xE1, b"Exif\0\0" + block))
    assert photo.icc is None
    assert near(shown(photo), RED, 1)


def test_a_profile_goes_before_exif() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = as_bytes(Image.fromarray(flat()), "PNG", icc_profile=icc, exif=b"Exif\0\0" + adobe_exif())
    assert near(shown(decode.open(data)), RED, 0)


@pytest.mark.parametrize("kind", WRITABLE)
def test_the_tag_of_a_result_matches_its_pixels(kind: str) -> None:
    data = with_jpeg_segment(jpeg(flat(), quality=100), 0xE1, b"Exif\0\0" + adobe_exif())
    photo = decode.open(encode(decode.open(data), kind, quality=100))
    assert near(shown(photo), (233, 35, 35), 3)
    srgb = Photo(flat(), exif=decode.open(data).exif)  # as an effect that converts the pixels makes it
    again = decode.open(encode(srgb, kind, quality=100))
    assert near(shown(again), RED, 3)
    assert again.exif is not None
    assert b"R03" not in again.exif


@pytest.mark.parametrize("name", ["p3_nclx.avif"])
def test_code_points_of_avif_are_honoured(name: str) -> None:
    assert near(shown(decode.open(CASES / name)), (218, 0, 26), 3)


def test_code_points_of_heic_are_honoured() -> None:
    pytest.importorskip("pillow_heif")
    assert near(shown(decode.open(CASES / "p3_nclx.heic")), (0, 201, 80), 3)


@pytest.mark.parametrize(("name", "says"), [("pq", "PQ"), ("hlg", "HLG")])
def test_high_dynamic_range_is_refused_by_name(name: str, says: str) -> None:
    with pytest.raises(UnsupportedPhotoError, match=says):
        decode.open(CASES / f"{name}.avif")
    number = {"pq": 16, "hlg": 18}[name]
    with pytest.raises(UnsupportedPhotoError, match=says):
        decode.open(png(RED, chunk(b"cICP", bytes((9, number, 0, 1)))))
    icc = matrix_icc()
    tags = {icc[at : at + 4]: icc[slice(*_where(icc, at))] for at in range(132, 132 + 12 * icc[131], 12)}
    tags[b"cicp"] = b"cicp\0\0\0\0" + bytes((9, number, 0, 1))
    with pytest.raises(UnsupportedPhotoError, match=says):
        decode.open(jpeg(flat(), icc_profile=icc_file(tags)))


def _where(icc: bytes, at: int) -> tuple[int, int]:
    start, size = struct.unpack(">II", icc[at + 4 : at + 12])
    return start, start + size


P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


@pytest.mark.parametrize(
    ("stored", "chunks", "wanted"),
    [
        (RED, [chunk(b"cICP", bytes((12, 13, 0, 1)))], (218, 0, 26)),
        (GREEN, [chunk(b"cICP", bytes((12, 13, 0, 1)))], (0, 203, 73)),
        (RED, [chromaticities(ADOBE_XY), gamma(0.45455)], (233, 35, 35)),
        (GREEN, [chromaticities(ADOBE_XY), gamma(0.45455)], (0, 201, 80)),
        ((12, 147, 26), [gamma(1.0)], (60, 201, 90)),
        (RED, [gamma(1.0), chunk(b"sRGB", b"\0")], RED),
        (RED, [gamma(0.45455)], RED),
        (RED, [gamma(0.45455), chromaticities(SRGB)], RED),
        (RED, [gamma(0.45)], RED),
        (RED, [chunk(b"cICP", bytes((1, 13, 0, 1))), gamma(1.0)], RED),
        (RED, [chunk(b"cICP", bytes((2, 2, 0, 1)))], RED),
        (RED, [chunk(b"gAMA", bytes(4))], RED),
        (RED, [chromaticities(((0, 0), (0, 0), (0, 0)))], RED),
    ],
)
def test_what_a_png_declares_is_honoured(stored, chunks, wanted) -> None:
    photo = decode.open(png(stored, *chunks))
    assert near(shown(photo), wanted)
    back = decode.open(encode(photo, "png"))
    assert near(shown(back), wanted)
    if wanted == stored:
        assert photo.icc is None
        assert np.array_equal(photo.pixels[0, 0], stored)


def test_code_points_go_before_a_profile_in_png() -> None:
    adobe = chunk(b"iCCP", b"x\0\0" + zlib.compress(matrix_icc(ADOBE_XY, 2.2)))
    assert near(shown(decode.open(png(RED, chunk(b"cICP", bytes((1, 13, 0, 1))), adobe))), RED)
    assert near(shown(decode.open(png(RED, adobe, gamma(1.0)))), (233, 35, 35))


def test_gray_with_a_gamma_gets_the_usual_curve() -> None:
    data = png_file(16, 16, 8, 0, zlib.compress((b"\0" + bytes([55] * 16)) * 16), gamma(1.0))
    photo = decode.open(data)
    assert photo.gray
    assert photo.pixels[0, 0].tolist() == [128, 128, 128]  # 55/255 of the light


def test_unknown_code_points_are_refused_by_number() -> None:
    with pytest.raises(UnsupportedPhotoError, match="the numbers 77 and 13"):
        decode.open(png(RED, chunk(b"cICP", bytes((77, 13, 0, 1)))))


@pytest.mark.parametrize("primaries", [1, 5, 6, 9, 11, 12])
@pytest.mark.parametrize("transfer", [1, 4, 8, 13, 17])
def test_made_profiles_agree_with_littlecms(primaries: int, transfer: int) -> None:
    space = spaces.from_code_points(primaries, transfer)
    assert space is not None
    icc = spaces.profile_of(space)
    colors = np.array(
        [[RED, GREEN, (128, 128, 128), (255, 255, 255), (12, 30, 200), (150, 140, 130)]], np.uint8
    )
    ours = np.clip(profile_to_srgb(colors, icc), 0, 1) * 255
    theirs = ImageCms.profileToProfile(
        Image.fromarray(colors),
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert theirs is not None
    assert np.abs(ours - np.asarray(theirs, np.float64)).max() <= 2
    assert np.abs(ours[0, 3] - 255).max() <= 1


@pytest.mark.parametrize(
    ("primaries", "exponent", "wanted"),
    [(ADOBE_XY, None, (233, 35, 35)), (ADOBE_XY, 2.2, (233, 35, 35)), (SRGB, None, RED), (SRGB, 2.2, RED)],
)
def test_what_a_tiff_declares_is_honoured(primaries, exponent, wanted) -> None:
    fields: dict[int, object] = {
        318: (3127, 10000, 3290, 10000),
        319: tuple(n for v in np.ravel(primaries) for n in (round(v * 1000), 1000)),
    }
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, numbers in fields.items():
        pairs = [IFDRational(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
        info[tag] = tuple(pairs)
        info.tagtype[tag] = 5
    if exponent is not None:
        info[301] = tuple(round(65535 * (i / 255) ** exponent) for i in range(256))
        info.tagtype[301] = 3
    photo = decode.open(as_bytes(Image.fromarray(flat()), "TIFF", tiffinfo=info))
    assert near(shown(photo), wanted)


def test_linear_light_in_a_tiff_gets_the_usual_curve() -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[319] = tuple(IFDRational(round(v * 1000), 1000) for v in np.ravel(SRGB))
    info[301] = tuple(257 * i for i in range(256))
    info.tagtype[319], info.tagtype[301] = 5, 3
    photo = decode.open(as_bytes(Image.fromarray(flat((12, 147, 26))), "TIFF", tiffinfo=info))
    assert near(shown(photo), (60, 201, 90), 2)
