from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from photo_files import as_bytes, chunk, jpeg, png_file, scene, with_jpeg_segment, zeros
from PIL import Image

from tinct.errors import (
    BrokenPhotoError,
    EmptyPhotoError,
    PhotoError,
    PhotoLimitError,
    PhotoMissingError,
    UnsupportedPhotoError,
)
from tinct.photo import decode
from tinct.photo.probe import probe
from tinct.settings import Settings


def resized_jpeg(data: bytes, width: int, height: int) -> bytes:
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [
        ("JPEG", "RGB", ("jpeg", 3, 8, False, "rgb")),
        ("JPEG", "L", ("jpeg", 1, 8, False, "gray")),
        ("JPEG", "CMYK", ("jpeg", 4, 8, False, "cmyk")),
        ("PNG", "RGBA", ("png", 4, 8, True, "rgb")),
        ("PNG", "LA", ("png", 2, 8, True, "gray")),
        ("PNG", "P", ("png", 3, 8, False, "rgb")),
        ("WEBP", "RGB", ("webp", 3, 8, False, "rgb")),
        ("WEBP", "RGBA", ("webp", 4, 8, True, "rgb")),
        ("TIFF", "RGB", ("tiff", 3, 8, False, "rgb")),
        ("TIFF", "CMYK", ("tiff", 4, 8, False, "cmyk")),
        ("BMP", "RGB", ("bmp", 3, 8, False, "rgb")),
        ("GIF", "P", ("gif", 3, 8, False, "rgb")),
        ("AVIF", "RGB", ("avif", 3, 8, False, "rgb")),
    ],
)
def test_header_says_what_the_file_holds(kind: str, mode: str, expected: tuple[object, ...]) -> None:
    picture = Image.fromarray(scene()).convert(mode)
    if mode in ("RGBA", "LA"):
        picture.putalpha(128)
    header = probe(as_bytes(picture, kind))
    assert (header.width, header.height, header.frames) == (53, 37, 1)
    assert (header.format, header.channels, header.depth, header.has_alpha, header.mode) == expected


def test_no_bytes_are_an_empty_photo() -> None:
    with pytest.raises(EmptyPhotoError, match="no bytes"):
        probe(b"")


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%PDF-1.7\n" + bytes(99),
        b"8BPS\0\1" + bytes(99),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"PK\x03\x04" + bytes(99),
        b"<!doctype html>",
        b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50),
        b"\xff",
        bytes(1000),
        b"hello",
    ],
)
def test_other_content_is_refused_with_the_list_of_formats(content: bytes) -> None:
    with pytest.raises(UnsupportedPhotoError, match=r"allowed: JPEG, PNG, WebP"):
        decode.open(content)


def test_the_content_decides_and_not_the_name(tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(jpeg())
    assert decode.open(path).format == "jpeg"
    path = tmp_path / "notes.jpg"
    path.write_text("these are words")
    with pytest.raises(UnsupportedPhotoError):
        decode.open(path)


def test_a_missing_file_is_named_without_its_folder(tmp_path) -> None:
    with pytest.raises(PhotoMissingError, match=r"^none\.jpg: there is no such file") as caught:
        decode.open(tmp_path / "none.jpg")
    assert str(tmp_path) not in str(caught.value)


def test_limits_are_named_with_what_was_found_and_how_to_raise_them() -> None:
    data = jpeg()
    for limits, words in (
        (Settings(max_photo_bytes=100), f"has {len(data):,} bytes; allowed: 100; .*TINCT_MAX_PHOTO_BYTES"),
        (Settings(max_photo_side=50), "53 x 37; allowed: sides up to 50 pixels; .*TINCT_MAX_PHOTO_SIDE"),
        (Settings(max_photo_pixels=1960), "53 x 37 = .* megapixels; allowed: .*TINCT_MAX_PHOTO_PIXELS"),
    ):
        with pytest.raises(PhotoLimitError, match=words):
            decode.open(data, settings=limits)
    assert decode.open(data, settings=Settings(max_photo_pixels=1961)).width == 53


def test_a_file_above_the_byte_limit_is_not_read(tmp_path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(PhotoLimitError, match="1,000,000,000,000 bytes"):
        decode.open(path)
    with path.open("rb") as file, pytest.raises(PhotoLimitError):
        decode.open(file, settings=Settings(max_photo_bytes=1000))


def frames_gif(count: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6)
    return head + (b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x02\x02\x4c\x01\x00") * count + b";"


def frames_webp(count: int) -> bytes:
    frame = b"ANMF" + struct.pack("<I", 24) + bytes(24)
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0, 7, 0, 0, 7, 0, 0]) + frame * count
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pages_tiff(count: int) -> bytes:
    pages = [
        struct.pack("<HHHIIHHIII", 2, 256, 4, 1, 8, 257, 4, 1, 8, 8 + 30 * (i + 1)) for i in range(count)
    ]
    return b"II*\0" + struct.pack("<I", 8) + b"".join(pages)


@pytest.mark.parametrize("content", [frames_gif(100_000), frames_webp(100_000), pages_tiff(100_000)])
def test_frame_bombs_are_refused(content: bytes) -> None:
    with pytest.raises(PhotoLimitError, match="1000 frames or more; allowed: 1 for"):
        decode.open(content)


def test_an_animated_avif_is_refused() -> None:
    first = Image.fromarray(scene(64, 64))
    moving = as_bytes(first, "AVIF", save_all=True, append_images=[Image.fromarray(scene(64, 64)[::-1])])
    with pytest.raises(PhotoLimitError, match="2 frames"):
        decode.open(moving)


def slow_files() -> dict[str, bytes]:
    """Files of some megabytes whose structure would keep a careless reader busy for long."""
    page = struct.pack("<H", 60000) + bytes(12 * 60000)
    pages = b"".join(page + struct.pack("<I", 8 + len(page) * (i + 1) + 4 * (i + 1)) for i in range(5))
    ftyp = struct.pack(">I4s4sI4s", 20, b"ftyp", b"avif", 0, b"avif")
    return {
        "GIF of one-byte blocks": b"GIF89a"
        + struct.pack("<HHBBB", 8, 8, 0, 0, 0)
        + b"\x21\xfe"
        + b"\1\1" * 2_000_000,
        "TIFF of large pages": b"II*\0" + struct.pack("<I", 8) + pages,
        "AVIF of empty boxes": ftyp + struct.pack(">I4s", 8, b"free") * 500_000,
        "PNG of tiny chunks": BOMBS_HEAD + chunk(b"tEXt", b"a\0b") * 200_000,
    }


BOMBS_HEAD = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))


@pytest.mark.parametrize("name", slow_files())
def test_structures_made_to_be_slow_are_given_up_early(name: str) -> None:
    with pytest.raises(BrokenPhotoError):
        probe(slow_files()[name])


def test_an_animation_is_refused_and_its_first_frame_alone_is_read() -> None:
    images = [Image.fromarray(scene()).quantize(8), Image.fromarray(scene()[::-1]).quantize(8)]
    moving = as_bytes(images[0], "GIF", save_all=True, append_images=images[1:])
    with pytest.raises(PhotoLimitError, match="2 frames"):
        decode.open(moving)
    still = decode.open(moving, settings=Settings(max_photo_frames=60))
    assert np.array_equal(still.pixels, np.asarray(images[0].convert("RGB")))


BOMBS = {
    "5 kB JPEG of 64250 x 64250": (resized_jpeg(jpeg(), 64250, 64250), PhotoLimitError),
    "JPEG of 14000 x 14000 with 5 kB": (resized_jpeg(jpeg(), 14000, 14000), BrokenPhotoError),
    "JPEG of 14000 x 14000 padded": (resized_jpeg(jpeg(), 14000, 14000) + bytes(400_000), BrokenPhotoError),
    "PNG of 19000 x 19000": (png_file(19000, 19000, 1, 0, zeros(19000 * 2376)), PhotoLimitError),
    "PNG of 50 gigapixels": (png_file(225000, 225000, 1, 0, zeros(10**6)), PhotoLimitError),
    "PNG with most data missing": (png_file(14000, 14000, 8, 2, zeros(10**6)), BrokenPhotoError),
    "PNG with a profile of 64 MB": (
        png_file(8, 8, 8, 2, zlib.compress(bytes(200)), chunk(b"iCCP", b"k\0\0" + zeros(2**26))),
        PhotoLimitError,
    ),
    "PNG with XMP of 64 MB": (
        png_file(
            8,
            8,
            8,
            2,
            zlib.compress(bytes(200)),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros(2**26)),
        ),
        PhotoLimitError,
    ),
    "TIFF whose pages run in a circle": (
        b"II*\0" + struct.pack("<I", 8) + struct.pack("<HHHIIHHIII", 2, 256, 4, 1, 8, 257, 4, 1, 8, 8),
        BrokenPhotoError,
    ),
    "JPEG of fill bytes": (b"\xff\xd8\xff" + b"\xff" * 10**6, BrokenPhotoError),
    "JPEG of empty segments": (b"\xff\xd8" + b"\xff\xe1\0\2" * 10**6, BrokenPhotoError),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_without_memory(name: str) -> None:
    content, error = BOMBS[name]
    before = resident()
    with pytest.raises(error):
        decode.open(content)
    assert resident() - before < 20 * 2**20


def resident() -> int:
    """Most bytes this process ever had in memory."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_text_bomb_beside_the_pixels_costs_nothing() -> None:
    bomb = chunk(b"zTXt", b"k\0\0" + zeros(2**26))
    before = resident()
    photo = decode.open(png_file(8, 8, 8, 2, zlib.compress(bytes(8 * 25)), bomb))
    assert photo.width == 8
    assert resident() - before < 20 * 2**20


def test_a_profile_of_100_megabytes_is_refused() -> None:
    data = jpeg()
    segment = b"\xff\xe2" + struct.pack(">H", 65535) + b"ICC_PROFILE\0\1\xff" + bytes(65519)
    with pytest.raises(PhotoLimitError, match="colour profile is larger than"):
        decode.open(data[:2] + segment * 1600 + data[2:])


WHOLE = {
    "jpeg": jpeg(scene(120, 150)),
    "progressive jpeg": jpeg(scene(120, 150), progressive=True),
    "png": as_bytes(Image.fromarray(scene(120, 150)), "PNG"),
    "webp": as_bytes(Image.fromarray(scene(120, 150)), "WEBP"),
    "lossless webp": as_bytes(Image.fromarray(scene(120, 150)), "WEBP", lossless=True),
    "tiff": as_bytes(Image.fromarray(scene(120, 150)), "TIFF"),
    "deflated tiff": as_bytes(Image.fromarray(scene(120, 150)), "TIFF", compression="tiff_deflate"),
    "bmp": as_bytes(Image.fromarray(scene(120, 150)), "BMP"),
    "gif": as_bytes(Image.fromarray(scene(120, 150)).quantize(64), "GIF"),
    "avif": as_bytes(Image.fromarray(scene(120, 150)), "AVIF"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_truncated_photo_is_broken_and_never_filled_with_gray(name: str) -> None:
    whole = WHOLE[name]
    assert decode.open(whole).width == 150
    for share in (0.01, 0.1, 0.4, 0.7, 0.9, 0.97):
        with pytest.raises(PhotoError) as caught:
            decode.open(whole[: int(len(whole) * share)])
        assert caught.type in (BrokenPhotoError, UnsupportedPhotoError)


def test_a_jpeg_whose_middle_is_missing_is_broken() -> None:
    whole = WHOLE["jpeg"]
    with pytest.raises(BrokenPhotoError, match="truncated or corrupt; send the whole file"):
        decode.open(whole[: len(whole) // 2] + b"\xff\xd9")


def test_stray_bytes_between_jpeg_segments_do_no_harm() -> None:
    whole = WHOLE["jpeg"]
    at = whole.index(b"\xff\xc0")
    strayed = decode.open(whole[:at] + b"\0\0\0" + whole[at:])
    assert np.array_equal(strayed.pixels, decode.open(whole).pixels)


def test_bytes_behind_the_photo_vanish() -> None:
    from tinct.photo.encode import encode

    for name in ("jpeg", "png"):
        photo = decode.open(WHOLE[name] + b"<script>alert(1)</script>PK\x03\x04")
        assert b"<script>" not in encode(photo, name)


SCRIPT = b"<script>alert(1)</script>"


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("page.html", SCRIPT)
    return file.getvalue()


POLYGLOTS = {
    "GIF with a script in a comment": WHOLE["gif"][:-1]
    + b"\x21\xfe"
    + bytes([len(SCRIPT)])
    + SCRIPT
    + b"\0\x3b",
    "PNG with an archive behind it": WHOLE["png"] + archive(),
    "JPEG with a page in a comment": with_jpeg_segment(WHOLE["jpeg"], 0xFE, SCRIPT),
    "JPEG with a page in a segment of an application": with_jpeg_segment(WHOLE["jpeg"], 0xED, SCRIPT),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_photo_that_is_something_else_too_comes_out_as_a_photo_alone(name: str) -> None:
    from tinct.photo.encode import encode

    photo = decode.open(POLYGLOTS[name])
    for kind in ("jpeg", "png"):
        out = encode(photo, kind, metadata="all")
        assert SCRIPT not in out
        assert b"PK\x03\x04" not in out


def test_a_document_that_holds_a_photo_is_no_photo() -> None:
    with pytest.raises(UnsupportedPhotoError):
        decode.open(b"%PDF-1.7\n1 0 obj<</Filter/DCTDecode>>stream\n" + WHOLE["jpeg"] + b"\nendstream\n%%EOF")


def test_an_avif_that_claims_huge_sides_is_refused_by_its_header() -> None:
    before, whole = resident(), WHOLE["avif"]
    at = whole.index(b"ispe") + 8  # behind the name, version and flags
    with pytest.raises(PhotoLimitError, match="60000 x 60000"):
        decode.open(whole[:at] + struct.pack(">II", 60000, 60000) + whole[at + 8 :])
    assert resident() - before < 20 * 2**20


def test_no_word_of_a_library_reaches_the_caller(capfd, caplog) -> None:
    for data in WHOLE.values():
        with pytest.raises(PhotoError) as caught:
            decode.open(data[: len(data) * 2 // 3])
        assert not any(
            word in str(caught.value).lower() for word in ("vips", "libjpeg", "pillow", "spng", "/")
        )
        assert caught.value.__suppress_context__ or caught.value.__cause__ is None
    out, err = capfd.readouterr()
    assert out == err == ""
    assert not [r for r in caplog.records if r.levelname in ("WARNING", "ERROR")]


def test_a_float_tiff_and_a_wrong_source_are_refused_in_words() -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.float32)).save(file, "TIFF")
    with pytest.raises(UnsupportedPhotoError, match="floating-point"):
        decode.open(file.getvalue())
    from tinct.errors import ParameterError

    with pytest.raises(ParameterError, match="source"):
        decode.open(3)  # type: ignore[arg-type]


def test_an_unreadable_exif_segment_does_not_spoil_the_photo() -> None:
    data = with_jpeg_segment(jpeg(), 0xE1, b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 65535) + bytes(200))
    photo = decode.open(data)
    assert photo.exif is None
    assert photo.pixels.shape == (37, 53, 3)
