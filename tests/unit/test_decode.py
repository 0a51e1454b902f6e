from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from photo_files import (
    ADOBE_XY,
    as_bytes,
    chunk,
    exif_block,
    jpeg,
    matrix_icc,
    png_file,
    scene,
    with_jpeg_segment,
)
from PIL import Image, ImageCms, ImageOps

from tinct.photo import decode
from tinct.photo.photo import Photo

UPRIGHT = scene()


def stored_for(orientation: int, upright: np.ndarray) -> np.ndarray:
    """The pixels to store so that a reader that obeys the orientation sees `upright`."""
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: np.swapaxes(upright, 0, 1),
        6: np.rot90(upright, 1),
        7: np.swapaxes(upright[::-1, ::-1], 0, 1),
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(turned[orientation])


def with_exif(image: Image.Image, kind: str, orientation: int, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return as_bytes(image, kind, exif=exif, **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_all_eight_orientations_come_out_upright(kind: str, orientation: int) -> None:
    image = Image.fromarray(stored_for(orientation, UPRIGHT))
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}.get(kind, {})
    data = with_exif(image, kind, orientation, **options)
    photo = decode.open(data)
    if kind == "JPEG":
        seen = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        assert np.array_equal(photo.pixels, seen)
    else:
        assert np.array_equal(photo.pixels, UPRIGHT)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_opacity_and_16_bits_turn_with_the_picture(orientation: int) -> None:
    rgba = np.dstack([scene(), scene()[..., 0]])
    photo = decode.open(with_exif(Image.fromarray(stored_for(orientation, rgba)), "PNG", orientation))
    assert np.array_equal(photo.pixels, rgba[..., :3])
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, rgba[..., 3])
    gray = scene(dtype="uint16")[..., 0]
    photo = decode.open(with_exif(Image.fromarray(stored_for(orientation, gray)), "PNG", orientation))
    assert photo.gray
    assert photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels, np.repeat(gray[..., None], 3, 2))


def test_strips_of_a_tall_turned_photo_meet_without_a_seam() -> None:
    tall = np.random.default_rng(0).integers(0, 256, (3001, 700, 3), dtype=np.uint8)
    for orientation in (3, 6, 7):
        data = with_exif(Image.fromarray(stored_for(orientation, tall)), "PNG", orientation, compress_level=0)
        assert np.array_equal(decode.open(data).pixels, tall)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 2}, {"subsampling": 1}, {"quality": 30}]
)
def test_jpeg_pixels_are_exactly_those_of_libjpeg(options: dict[str, object]) -> None:
    data = jpeg(scene(203, 301), **options)
    assert np.array_equal(decode.open(data).pixels, np.asarray(Image.open(io.BytesIO(data))))


def test_gray_jpeg_is_marked_gray_and_repeated() -> None:
    data = as_bytes(Image.fromarray(UPRIGHT).convert("L"), "JPEG")
    photo = decode.open(data)
    assert photo.gray
    assert np.array_equal(photo.pixels[..., 1], np.asarray(Image.open(io.BytesIO(data))))


def test_cmyk_jpeg_becomes_srgb() -> None:
    ink = np.zeros((16, 64, 4), np.uint8)  # C M Y K, 255 is full ink
    ink[:, 16:32, 3] = 255
    ink[:, 32:48, 1:3] = 255
    ink[:, 48:, 0] = 255
    photo = decode.open(as_bytes(Image.fromarray(ink, "CMYK"), "JPEG", quality=100))
    white, black, red, cyan = (photo.pixels[8, x].astype(int) for x in (8, 24, 40, 56))
    assert white.min() >= 250
    assert black.max() <= 70
    assert red[0] > 180 > 90 > red[2]
    assert cyan[2] > 180 > 90 > cyan[0]
    assert photo.icc is None


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_small_gray_png_depths_span_black_to_white(bits: int) -> None:
    levels = np.random.default_rng(1).integers(0, 2**bits, (9, 8 // bits * 3))
    rows = []
    for row in levels:
        packed = row.reshape(3, 8 // bits)
        weights = 2 ** (bits * np.arange(8 // bits)[::-1])
        rows.append(b"\0" + bytes((packed * weights).sum(1).astype(np.uint8)))
    data = png_file(levels.shape[1], 9, bits, 0, zlib.compress(b"".join(rows)))
    expected = (levels * (255 // (2**bits - 1))).astype(np.uint8)
    assert np.array_equal(decode.open(data).pixels[..., 0], expected)


def test_a_palette_png_keeps_its_transparency() -> None:
    palette = Image.fromarray(UPRIGHT).quantize(7)
    data = as_bytes(palette, "PNG", transparency=bytes([0, 128, 255, 255, 255, 255, 255]))
    photo = decode.open(data)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert photo.alpha is not None
    assert np.array_equal(photo.pixels, expected[..., :3])
    assert np.array_equal(photo.alpha, expected[..., 3])
    assert set(np.unique(photo.alpha)) == {0, 128, 255}


def test_an_interlaced_png_equals_the_plain_one() -> None:
    import pyvips

    image = pyvips.Image.new_from_array(UPRIGHT).copy(interpretation="srgb")
    photo = decode.open(image.pngsave_buffer(interlace=True))
    assert np.array_equal(photo.pixels, UPRIGHT)


def test_16_bit_png_and_tiff_keep_every_level() -> None:
    import pyvips

    deep = scene(dtype="uint16")
    image = pyvips.Image.new_from_array(deep).copy(interpretation="rgb16")
    files = [image.pngsave_buffer()]
    files += [
        image.tiffsave_buffer(compression=c, tile=t) for c in ("none", "lzw", "deflate") for t in (0, 1)
    ]
    for data in files:
        photo = decode.open(data)
        assert photo.depth == 16
        assert np.array_equal(photo.pixels, deep)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_tiff_kinds_equal_what_was_stored(mode: str, compression: str | None) -> None:
    image = Image.fromarray(UPRIGHT).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(UPRIGHT[..., 0]))
    photo = decode.open(as_bytes(image, "TIFF", compression=compression))
    assert np.array_equal(photo.pixels, np.asarray(image.convert("RGB")))
    if mode in ("RGBA", "LA"):
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, UPRIGHT[..., 0])


def test_associated_alpha_of_a_tiff_is_divided_out() -> None:
    rgba = np.full((20, 20, 4), 128, np.uint8)
    rgba[..., :3] = (100, 50, 25)  # 200, 100, 50 under an opacity of one half
    data = bytearray(as_bytes(Image.fromarray(rgba), "TIFF"))
    field = struct.pack("<HHIHH", 338, 3, 1, 2, 0)
    at = data.index(field)
    data[at : at + 12] = struct.pack("<HHIHH", 338, 3, 1, 1, 0)
    photo = decode.open(bytes(data))
    assert np.abs(photo.pixels[3, 3].astype(int) - (199, 100, 50)).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_bmp_and_gif_equal_what_was_stored(mode: str) -> None:
    image = Image.fromarray(UPRIGHT).convert(mode)
    assert np.array_equal(decode.open(as_bytes(image, "BMP")).pixels, np.asarray(image.convert("RGB")))
    if mode != "RGB":
        assert np.array_equal(decode.open(as_bytes(image, "GIF")).pixels, np.asarray(image.convert("RGB")))


def test_lossless_webp_with_alpha_is_exact() -> None:
    rgba = np.dstack([UPRIGHT, UPRIGHT[..., 2]])
    photo = decode.open(as_bytes(Image.fromarray(rgba), "WEBP", lossless=True, exact=True))
    assert photo.alpha is not None
    assert np.array_equal(np.dstack([photo.pixels, photo.alpha]), rgba)


def test_a_path_a_string_and_a_file_give_the_same_photo(tmp_path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(as_bytes(Image.fromarray(UPRIGHT), "PNG"))
    with path.open("rb") as file:
        photos = [
            decode.open(path),
            decode.open(str(path)),
            decode.open(file),
            decode.open(path.read_bytes()),
        ]
    assert all(np.array_equal(p.pixels, UPRIGHT) for p in photos)


def test_a_wide_profile_is_kept_and_a_useless_one_dropped() -> None:
    for icc, kept in (
        (matrix_icc(), True),
        (matrix_icc(ADOBE_XY, 2.19921875), True),
        (b"not a profile" * 20, False),
        (matrix_icc(space=b"GRAY"), False),
        (matrix_icc()[:200], False),
    ):
        photo = decode.open(jpeg(icc_profile=icc))
        assert photo.icc == (icc if kept else None)


def test_a_profile_in_several_segments_is_joined_in_order() -> None:
    icc = matrix_icc()
    parts = [icc[:100], icc[100:300], icc[300:]]
    data = jpeg()
    for number in (1, 3, 2):
        data = with_jpeg_segment(data, 0xE2, b"ICC_PROFILE\0" + bytes([number, 3]) + parts[number - 1])
    assert decode.open(data).icc == icc


def test_a_gray_profile_is_applied() -> None:
    gray = np.full((8, 8), 128, np.uint8)
    linear = matrix_icc(space=b"GRAY", curve=1.0)
    photo = decode.open(as_bytes(Image.fromarray(gray), "PNG", icc_profile=linear))
    assert photo.icc is None
    assert int(photo.pixels[0, 0, 0]) == 188  # linear 128/255 on sRGB's curve


def test_16_bit_lab_tiff_becomes_srgb() -> None:
    import pyvips

    lab = np.zeros((10, 30, 3), np.float32)
    lab[..., 0] = 60
    lab[:, 10:20] = (60, 40, 0)
    lab[:, 20:] = (60, 0, -40)
    image = pyvips.Image.new_from_array(lab).copy(interpretation="lab").colourspace("labs")
    photo = decode.open(image.tiffsave_buffer())
    gray, red, blue = (photo.pixels[5, x].astype(int) for x in (5, 15, 25))
    assert np.ptp(gray) <= 3 * 257
    assert red[0] > red[1] + 10000
    assert blue[2] > blue[0] + 10000


def test_8_bit_lab_tiff_becomes_srgb() -> None:
    rgb = Image.fromarray(UPRIGHT)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = ImageCms.applyTransform(rgb, to_lab)
    photo = decode.open(as_bytes(lab, "TIFF"))
    assert np.abs(photo.pixels.astype(int) - UPRIGHT).mean() < 3


@pytest.mark.parametrize("depth", ["8", "10"])
def test_avif_white_stays_white(depth: str) -> None:
    import pyvips

    white = np.full((24, 32, 3), 255 if depth == "8" else 65535, np.uint8 if depth == "8" else np.uint16)
    image = pyvips.Image.new_from_array(white).copy(interpretation="srgb" if depth == "8" else "rgb16")
    photo = decode.open(image.heifsave_buffer(compression="av1", bitdepth=int(depth), Q=95))
    assert photo.format == "avif"
    assert photo.depth == (8 if depth == "8" else 16)
    assert photo.pixels.min() >= np.iinfo(photo.pixels.dtype).max * 0.995


def test_heic_is_read_upright_once() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    picture = scene(64, 96)
    pillow_heif.from_pillow(Image.fromarray(picture)).save(file, quality=100, chroma=444, exif=exif_block(6))
    photo = decode.open(file.getvalue())
    assert photo.format == "heif"
    seen = np.asarray(pillow_heif.open_heif(file.getvalue()))
    assert np.array_equal(photo.pixels, seen)


def test_heic_without_its_extra_says_what_to_install(monkeypatch) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(scene(64, 64))).save(file, quality=50)
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    from tinct.errors import UnsupportedPhotoError

    with pytest.raises(UnsupportedPhotoError, match=r'pip install "tinct\[heic\]"'):
        decode.open(file.getvalue())


def test_png_exif_behind_the_pixels_is_found() -> None:
    data = as_bytes(Image.fromarray(np.ascontiguousarray(np.rot90(UPRIGHT, 1))), "PNG")
    end = data.rindex(b"IEND") - 4
    photo = decode.open(data[:end] + chunk(b"eXIf", exif_block(6)) + data[end:])
    assert np.array_equal(photo.pixels, UPRIGHT)


def test_a_photo_is_upright_data_and_refuses_wrong_arrays() -> None:
    from tinct.errors import ParameterError

    for wrong in (np.zeros((3, 3)), np.zeros((3, 3, 4), np.uint8), np.zeros((0, 3, 3), np.uint8), [[1]]):
        with pytest.raises(ParameterError, match="pixels"):
            Photo(wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="alpha"):
        Photo(UPRIGHT, np.zeros((3, 3), np.uint8))
