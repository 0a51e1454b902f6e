from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from photo_files import matrix_icc, scene
from PIL import Image

from tinct import atomic
from tinct.errors import OutputError, ParameterError, UnsupportedPhotoError
from tinct.photo import decode
from tinct.photo.encode import encode, save
from tinct.photo.formats import WRITABLE, get, of_path
from tinct.photo.photo import Photo

SMOOTH = Photo(scene(96, 128))
LOSSLESS = ("png", "tiff")


@pytest.mark.parametrize("kind", WRITABLE)
def test_every_format_comes_back_close_and_lossless_ones_exactly(kind: str) -> None:
    back = decode.open(encode(SMOOTH, kind))
    assert back.format == kind
    error = np.abs(back.pixels.astype(int) - SMOOTH.pixels)
    assert error.mean() < 2.5
    if kind in LOSSLESS:
        assert error.max() == 0


@pytest.mark.parametrize("kind", WRITABLE)
def test_sixteen_bits_stay_where_the_format_can_and_round_where_not(kind: str) -> None:
    deep = Photo(scene(96, 128, "uint16"))
    back = decode.open(encode(deep, kind, quality=100))
    assert back.depth == (8 if kind in ("jpeg", "webp") else 16)
    scale = 1 if back.depth == 16 else 257
    assert np.abs(back.pixels.astype(float) * scale - deep.pixels).mean() < 2.5 * 257
    if kind in LOSSLESS:
        assert np.array_equal(back.pixels, deep.pixels)


def test_rounding_to_8_bits_takes_the_nearest_level() -> None:
    levels = np.linspace(0, 65535, 4096).astype(np.uint16)
    deep = Photo(np.repeat(np.repeat(levels[None, :, None], 8, 0), 3, 2))
    back = decode.open(encode(deep, "jpeg", quality=100))
    assert np.abs(back.pixels[4].astype(float)[:, 0] - levels / 257).max() <= 1.6


@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_opacity_comes_back_or_is_laid_on_white(kind: str, dtype: str) -> None:
    pixels = scene(96, 128, dtype)
    top = np.iinfo(pixels.dtype).max
    alpha = np.full((96, 128), top, pixels.dtype)
    alpha[:, :64] = 0
    back = decode.open(encode(Photo(pixels, alpha), kind))
    if kind == "jpeg":
        assert back.alpha is None
        assert back.pixels[:, :56].min() >= 250
    else:
        assert back.alpha is not None
        full = np.iinfo(back.pixels.dtype).max
        assert np.abs(back.alpha.astype(float) / full - alpha / top).max() < 0.02


@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("metadata", ["all", "no-gps", "none"])
def test_the_profile_is_embedded_whatever_else_is_kept(kind: str, metadata: str) -> None:
    icc = matrix_icc()
    data = encode(Photo(SMOOTH.pixels, icc=icc), kind, metadata=metadata)
    assert decode.open(data).icc == icc


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff"])
def test_a_gray_photo_that_stays_gray_has_one_channel(kind: str) -> None:
    gray = np.repeat(scene()[..., :1], 3, 2)
    photo = Photo(gray, gray=True)
    assert Image.open(io.BytesIO(encode(photo, kind))).mode == "L"
    assert Image.open(io.BytesIO(encode(photo.with_pixels(scene()), kind))).mode == "RGB"


def chroma_of(data: bytes) -> tuple[int, int]:
    import re

    from tinct.photo.headers import jpeg_segments

    frame = next(body for marker, body in jpeg_segments(data) if marker in (0xC0, 0xC2))
    assert re  # the first component's sampling factors
    return frame[7] >> 4, frame[7] & 15


def test_jpeg_chroma_is_full_from_quality_90_on() -> None:
    assert chroma_of(encode(SMOOTH, "jpeg", quality=90)) == (1, 1)
    assert chroma_of(encode(SMOOTH, "jpeg", quality=89)) == (2, 2)
    assert len(encode(SMOOTH, "jpeg", quality=30)) < len(encode(SMOOTH, "jpeg", quality=95))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"format": "bmp"}, "format"),
        ({"format": "jpg2"}, "format"),
        ({"format": "jpeg", "quality": 0}, "quality"),
        ({"format": "jpeg", "quality": 101}, "quality"),
        ({"format": "jpeg", "quality": 90.5}, "quality"),
        ({"format": "jpeg", "quality": True}, "quality"),
        ({"format": "jpeg", "metadata": "gps"}, "metadata"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_written(
    wrong: dict[str, object], field: str, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=f"^{field}: got .*; allowed: "):
        encode(SMOOTH, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=f"^{field}: "):
        save(SMOOTH, tmp_path / "a.jpg", **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_photo_too_long_for_a_format_is_refused() -> None:
    long = Photo(np.zeros((1, 16384, 3), np.uint8))
    with pytest.raises(
        OutputError, match=r"16384 x 1; allowed in webp: sides up to 16383 pixels; choose png or tiff"
    ):
        encode(long, "webp")
    assert decode.open(encode(long, "png")).width == 16384


@pytest.mark.parametrize("kind", WRITABLE)
def test_one_pixel_goes_through_every_format(kind: str) -> None:
    back = decode.open(encode(Photo(np.full((1, 1, 3), 200, np.uint8)), kind))
    assert back.pixels.shape == (1, 1, 3)
    assert np.abs(back.pixels.astype(int) - 200).max() <= 2


def test_names_choose_formats() -> None:
    for ending in (".JPG", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".mpo"):
        assert of_path(f"x{ending}") is get("jpeg")
    meant = {".png": "png", ".tif": "tiff", ".heic": "heif", ".hif": "heif", ".avif": "avif", ".dib": "bmp"}
    assert {ending: of_path(f"x{ending}").name for ending in meant} == meant
    assert of_path("x.txt") is None
    assert of_path("jpg") is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff", ".avif", ".heic"])
def test_a_saved_file_holds_the_same_bytes_as_encode_gives(suffix: str, tmp_path: Path) -> None:
    path = SMOOTH.save(tmp_path / f"photo{suffix}")
    row = of_path(path)
    assert row is not None
    assert np.array_equal(decode.open(path).pixels, decode.open(encode(SMOOTH, row.name)).pixels)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_saving_replaces_only_when_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"^a\.png: is there already"):
        SMOOTH.save(path, overwrite=False)
    assert path.read_bytes() == b"mine"
    SMOOTH.save(path)
    assert decode.open(path).width == 128
    SMOOTH.save(tmp_path / "b.png", overwrite=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    path = SMOOTH.save(tmp_path / "a.png")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_a_place_that_is_not_there_is_an_output_error_without_paths(tmp_path: Path) -> None:
    for place in (tmp_path / "none" / "a.jpg", tmp_path / "file.txt" / "a.jpg"):
        (tmp_path / "file.txt").write_text("x")
        with pytest.raises(OutputError, match=r"^a\.jpg: cannot be written") as caught:
            SMOOTH.save(place)
        assert str(tmp_path) not in str(caught.value)
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(OutputError):
        SMOOTH.save(tmp_path / "folder.jpg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.txt", "folder.jpg"]


def test_an_unknown_ending_is_a_parameter_error(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="path"):
        SMOOTH.save(tmp_path / "a.xyz")
    assert decode.open(SMOOTH.save(tmp_path / "a.xyz", format="png")).format == "png"


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "webp", "avif"])
def test_a_full_disk_is_an_output_error_and_leaves_nothing(
    kind: str, tmp_path: Path, monkeypatch, capfd
) -> None:
    class Full(io.FileIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fdopen", lambda handle, mode: Full(handle, "w+"))
    with pytest.raises(OutputError, match="no space left on device"):
        save(SMOOTH, tmp_path / "a.x", format=kind)
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr().err == ""


def test_heic_without_its_extra_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(UnsupportedPhotoError, match=r'pip install "tinct\[heic\]"'):
        encode(SMOOTH, "heif")


def test_pixels_that_are_a_view_are_written_as_they_look() -> None:
    view = scene(60, 80)[::-1, ::2]
    assert np.array_equal(decode.open(encode(Photo(view), "png")).pixels, view)
