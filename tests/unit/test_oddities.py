"""Files that break a rule without losing a pixel open, with every pixel; what lacks pixels stays an error."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from photo_files import as_bytes, chunk, jpeg, png_file, scene, with_jpeg_segment
from PIL import Image

from tinct.errors import BrokenPhotoError, PhotoError, UnsupportedPhotoError
from tinct.photo import decode

CASES = Path(__file__).parent / "cases"
PICTURE = scene()
JPEG, PROGRESSIVE = jpeg(), jpeg(progressive=True)
PIXELS = decode.open(JPEG).pixels


def with_scan_bytes(data: bytes, values: bytes) -> bytes:
    at = data.index(b"\xff\xda") + 4
    end = at + 1 + 2 * data[at]
    return data[:end] + values + data[end + 3 :]


def with_height_behind(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + b"\0\0" + data[at + 2 : -2] + b"\xff\xdc\0\4" + data[at : at + 2] + b"\xff\xd9"


JPEGS = {
    "odd scan parameters": with_scan_bytes(JPEG, b"\0\0\0"),
    "other scan parameters": with_scan_bytes(JPEG, b"\1\x20\x21"),
    "no end mark": JPEG[:-2],
    "half an end mark": JPEG[:-1],
    "JFIF 2.1": JPEG[:11] + b"\2" + JPEG[12:],
    "JFIF 0.0": JPEG[:11] + b"\0\0" + JPEG[13:],
    "Adobe transform 7": with_jpeg_segment(JPEG, 0xEE, b"Adobe\0\x64\0\0\0\0\7"),
    "fill bytes": JPEG[:2] + b"\xff\xff\xff" + JPEG[2:],
    "stray bytes before the end": JPEG[:-2] + b"\x12\x34" + JPEG[-2:],
    "bytes behind the end": JPEG + b"abc" * 99,
    "height behind the scan": with_height_behind(JPEG),
    "several at once": with_scan_bytes(JPEG[:11] + b"\2" + JPEG[12:-2], b"\0\0\0"),
    "a bad profile": with_jpeg_segment(JPEG, 0xE2, b"ICC_PROFILE\0\1\3abc"),
}


@pytest.mark.parametrize("what", JPEGS)
def test_a_jpeg_that_breaks_a_rule_opens_with_every_pixel(what: str) -> None:
    assert np.array_equal(decode.open(JPEGS[what]).pixels, PIXELS)


def test_the_jpeg_with_odd_scan_parameters_opens() -> None:
    assert (decode.open(CASES / "sos_params.jpg").width, decode.open(CASES / "sos_params.jpg").height) == (
        96,
        64,
    )


def test_a_progressive_jpeg_without_its_end_mark_opens() -> None:
    assert np.array_equal(decode.open(PROGRESSIVE[:-2]).pixels, decode.open(PROGRESSIVE).pixels)


@pytest.mark.parametrize("whole", [JPEG, PROGRESSIVE, jpeg(scene(120, 150), subsampling=2, quality=60)])
def test_a_jpeg_that_lacks_a_single_byte_of_pixels_is_broken(whole: bytes) -> None:
    for cut in (*range(3, 40), *range(40, len(whole), 211)):
        with pytest.raises(PhotoError):
            decode.open(whole[:-cut])


def test_a_progressive_jpeg_that_lacks_whole_scans_is_broken() -> None:
    starts = [at for at in range(len(PROGRESSIVE)) if PROGRESSIVE[at : at + 2] == b"\xff\xda"]
    for at in starts[1:]:
        with pytest.raises(BrokenPhotoError):
            decode.open(PROGRESSIVE[:at])


# -- GIF --------------------------------------------------------------------------------------------

GIF = as_bytes(Image.fromarray(PICTURE).quantize(64), "GIF")
DESCRIPTOR = 13 + (3 << ((GIF[10] & 7) + 1))
GIF_PIXELS = decode.open(GIF).pixels


def on_screen(width: int, height: int, left: int = 0, top: int = 0) -> bytes:
    place = struct.pack("<HH", left, top)
    head = GIF[:6] + struct.pack("<HH", width, height) + GIF[10 : DESCRIPTOR + 1]
    return head + place + GIF[DESCRIPTOR + 5 :]


def test_what_a_frame_does_not_cover_is_transparent() -> None:
    photo = decode.open(on_screen(90, 80, 9, 8))
    assert photo.alpha is not None
    assert (photo.width, photo.height) == (90, 80)
    wanted = np.zeros((80, 90), np.uint8)
    wanted[8:45, 9:62] = 255
    assert np.array_equal(photo.alpha, wanted)
    assert np.array_equal(photo.pixels[8:45, 9:62], GIF_PIXELS)
    case = decode.open(CASES / "gif_partial.gif")
    assert case.alpha is not None
    assert case.alpha[0, 0] == 0
    assert case.alpha.max() == 255


def test_a_partial_frame_of_webp_is_transparent_around_it() -> None:
    still = as_bytes(Image.fromarray(PICTURE), "WEBP", lossless=True)[12:]
    place = b"".join(v.to_bytes(3, "little") for v in (2, 4, 52, 36, 100)) + b"\0"  # offsets count in pairs
    frame = struct.pack("<4sI", b"ANMF", 16 + len(still)) + place + still
    size = (99).to_bytes(3, "little") + (79).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    body += b"ANIM" + struct.pack("<IIH", 6, 0xFFFFFFFF, 0) + frame
    photo = decode.open(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    assert photo.alpha is not None
    assert photo.alpha[0, 0] == 0
    assert np.array_equal(photo.pixels[8:45, 4:57], PICTURE)


@pytest.mark.parametrize("size", [(0, 0), (20, 20), (53, 10)])
def test_a_screen_smaller_than_the_picture_grows(size: tuple[int, int]) -> None:
    assert np.array_equal(decode.open(on_screen(*size)).pixels, GIF_PIXELS)


GIFS = {
    "no end mark": GIF[:-1],
    "bytes behind": GIF + b"junk" * 9,
    "nought before the end": GIF[:-1] + b"\0\0;",
    "a comment": GIF[:DESCRIPTOR] + b"\x21\xfe\5hello\0" + GIF[DESCRIPTOR:],
    "an unknown extension": GIF[:DESCRIPTOR] + b"\x21\x77\1a\0" + GIF[DESCRIPTOR:],
    "a background that is no colour": GIF[:11] + b"\xff" + GIF[12:],
}


@pytest.mark.parametrize("what", GIFS)
def test_a_gif_that_breaks_a_rule_opens_with_every_pixel(what: str) -> None:
    assert np.array_equal(decode.open(GIFS[what]).pixels, GIF_PIXELS)


def test_a_truncated_gif_is_broken() -> None:
    for cut in (30, len(GIF) // 2, len(GIF) - 50):
        with pytest.raises(BrokenPhotoError):
            decode.open(GIF[:-cut])


# -- PNG and WebP -----------------------------------------------------------------------------------

PNG = as_bytes(Image.fromarray(PICTURE), "PNG")
RAW = b"".join(b"\0" + row.tobytes() for row in PICTURE)


def inserted(*chunks: bytes) -> bytes:
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def bad(part: bytes) -> bytes:
    return part[:-4] + b"\0\0\0\0"


def small_window(packed: bytes) -> bytes:
    return bytes((0x18, 31 - 0x1800 % 31)) + packed[2:]


PNGS = {
    "no end": PNG[:-12],
    "half an end": PNG[:-5],
    "bytes behind": PNG + b"xx" * 40,
    "a bad checksum of a text": inserted(bad(chunk(b"tEXt", b"a\0b"))),
    "a bad checksum of the end": PNG[:-4] + b"abcd",
    "a bad profile": inserted(chunk(b"iCCP", b"x\0\0garbage")),
    "two gammas": inserted(chunk(b"gAMA", struct.pack(">I", 45455)) * 2),
    "bad small chunks": inserted(
        *(chunk(name, b"\x63") for name in (b"sBIT", b"tIME", b"bKGD", b"pHYs", b"cICP"))
    ),
    "a bad palette beside colours": inserted(chunk(b"PLTE", b"abcd")),
    "bad Exif": inserted(chunk(b"eXIf", b"abc")),
    "a cut text": inserted(chunk(b"iTXt", b"XML:com.adobe.xmp"), chunk(b"zTXt", b"a"), chunk(b"tEXt", b"")),
    "more pixels than rows": png_file(53, 37, 8, 2, zlib.compress(RAW + bytes(500))),
    "bytes behind the stream": png_file(53, 37, 8, 2, zlib.compress(RAW) + b"junk"),
    "a bad checksum of the stream": png_file(53, 37, 8, 2, zlib.compress(RAW)[:-4] + b"abcd"),
    "no checksum of the stream": png_file(53, 37, 8, 2, zlib.compress(RAW)[:-4]),
    "a small window": png_file(53, 37, 8, 2, small_window(zlib.compress(RAW))),
}


@pytest.mark.parametrize("what", PNGS)
def test_a_png_that_breaks_a_rule_opens_with_every_pixel(what: str) -> None:
    assert np.array_equal(decode.open(PNGS[what]).pixels, PICTURE)


@pytest.mark.parametrize(
    "packed", [zlib.compress(RAW[:-1]), zlib.compress(RAW)[:-200], zlib.compress(RAW[:-160]) + b"junk"]
)
def test_a_png_that_lacks_pixels_is_broken(packed: bytes) -> None:
    with pytest.raises(BrokenPhotoError):
        decode.open(png_file(53, 37, 8, 2, packed))


def test_a_png_with_a_bad_checksum_of_its_pixels_or_head_is_broken() -> None:
    at = PNG.index(b"IDAT") - 4
    size = int.from_bytes(PNG[at : at + 4], "big")
    for data in (PNG[: at + 8 + size] + b"abcd" + PNG[at + 12 + size :], PNG[:29] + b"abcd" + PNG[33:]):
        with pytest.raises(BrokenPhotoError):
            decode.open(data)


def test_apples_png_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedPhotoError, match="iOS"):
        decode.open(PNG[:8] + chunk(b"CgBI", b"\x50\0\x20\x06") + PNG[8:])


WEBP = as_bytes(Image.fromarray(PICTURE), "WEBP", lossless=True)


@pytest.mark.parametrize(
    "data",
    [
        WEBP[:4] + struct.pack("<I", len(WEBP) + 100) + WEBP[8:],
        WEBP[:4] + bytes(4) + WEBP[8:],
        WEBP[:4] + struct.pack("<I", len(WEBP) - 20) + WEBP[8:],
        WEBP + b"abc",
        WEBP + bytes(99),
    ],
    ids=["too long", "nought", "too short", "bytes behind", "noughts behind"],
)
def test_a_webp_of_a_wrong_size_opens_with_every_pixel(data: bytes) -> None:
    assert np.array_equal(decode.open(data).pixels, PICTURE)


def test_a_truncated_webp_is_broken() -> None:
    for cut in (3, 40, len(WEBP) - 30):
        with pytest.raises(BrokenPhotoError):
            decode.open(WEBP[:-cut])


# -- TIFF -------------------------------------------------------------------------------------------


def shorts(*values: int) -> tuple[int, int, bytes]:
    return 3, len(values), struct.pack(f"<{len(values)}H", *values)


def longs(*values: int) -> tuple[int, int, bytes]:
    return 4, len(values), struct.pack(f"<{len(values)}I", *values)


def page(fields: dict[int, tuple[int, int, bytes]], at: int, pixels_at: int, following: int) -> bytes:
    """A directory at an offset, its longer values behind it."""
    table, tail = struct.pack("<H", len(fields)), b""
    for tag, (kind, count, value) in sorted(fields.items()):
        value = struct.pack("<I", pixels_at) if tag == 273 else value
        if len(value) > 4:
            value, tail = struct.pack("<I", at + 6 + 12 * len(fields) + len(tail)), tail + value
        table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return table + struct.pack("<I", following) + tail


def layout(
    picture: np.ndarray, **changes: tuple[int, int, bytes] | None
) -> dict[int, tuple[int, int, bytes]]:
    height, width = picture.shape[:2]
    fields = {
        256: shorts(width), 257: shorts(height), 258: shorts(8, 8, 8), 259: shorts(1), 262: shorts(2),
        273: longs(0), 277: shorts(3), 278: shorts(height), 279: longs(picture.nbytes),
    }  # fmt: skip
    for name, value in changes.items():
        fields.pop(int(name[1:]), None)
        if value is not None:
            fields[int(name[1:])] = value
    return fields


def tiff(following: int = 0, **changes: tuple[int, int, bytes] | None) -> bytes:
    pixels = PICTURE.tobytes()
    directory = page(layout(PICTURE, **changes), 8 + len(pixels), 8, following)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + directory


TIFFS = {
    "a page at nowhere": tiff(0x7FFFFFFF),
    "a page inside the pixels": tiff(1000),
    "a page that is itself": tiff(8 + PICTURE.nbytes),
    "no counts": tiff(t279=None),
    "counts too large": tiff(t279=longs(PICTURE.nbytes + 50)),
    "one depth for all": tiff(t258=shorts(8)),
    "no rows a strip": tiff(t278=None),
    "no photometric": tiff(t262=None),
    "orientation nought": tiff(t274=shorts(0)),
    "an unknown type": tiff(t700=(99, 4, b"abcd")),
    "a bad resolution": tiff(t282=(5, 1, b"\xff\xff\xff\x7f")),
    "bytes behind": tiff() + b"abc",
}


@pytest.mark.parametrize("what", TIFFS)
def test_a_tiff_that_breaks_a_rule_opens_with_every_pixel(what: str) -> None:
    assert np.array_equal(decode.open(TIFFS[what]).pixels, PICTURE)


def pages(*pictures: tuple[np.ndarray, dict[str, tuple[int, int, bytes]]]) -> bytes:
    """A TIFF of several pages."""
    out = b"II*\0" + bytes(4)
    links = [4]
    for picture, changes in pictures:
        pixels_at = len(out)
        out += picture.tobytes()
        out += b"\0" * (len(out) & 1)
        at = len(out)
        fields = layout(picture, **changes)
        out = out[: links[-1]] + struct.pack("<I", at) + out[links[-1] + 4 :]
        out += page(fields, at, pixels_at, 0)
        links.append(at + 2 + 12 * len(fields))
    return out


SMALL = np.ascontiguousarray(PICTURE[::4, ::4])


def test_a_reduced_copy_before_the_picture_is_passed_over() -> None:
    data = pages((SMALL, {"t254": longs(1)}), (PICTURE, {}))
    assert np.array_equal(decode.open(data).pixels, PICTURE)
    assert np.array_equal(decode.open(pages((PICTURE, {}), (SMALL, {"t254": longs(1)}))).pixels, PICTURE)


RAWS = {
    "DNG by its version": tiff(t50706=(1, 4, b"\1\4\0\0")),
    "a reduced copy with pages below": tiff(t254=longs(1), t330=longs(0)),
    "a colour filter array": tiff(t262=shorts(32803)),
    "linear raw": tiff(t262=shorts(34892)),
    "a filter pattern": tiff(t33422=(1, 4, b"\0\1\1\2")),
    "a pattern's size": tiff(t33421=shorts(2, 2)),
    "raw on the second page": pages((SMALL, {"t254": longs(1)}), (PICTURE, {"t262": shorts(32803)})),
    "CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(99),
    "IIQ": b"II*\0\x10\0\0\0IIII" + bytes(99),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(99),
    "RW2": b"IIU\0" + bytes(99),
    "ORF": b"IIRO" + bytes(99),
    "X3F": b"FOVb" + bytes(99),
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99),
}


@pytest.mark.parametrize("what", RAWS)
def test_a_raw_file_is_refused_by_name_whatever_it_is_called(what: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    path.write_bytes(RAWS[what])
    with pytest.raises(UnsupportedPhotoError, match="a camera's raw file"):
        decode.open(path)


def test_the_dng_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedPhotoError, match="a camera's raw file"):
        decode.open(CASES / "dng_like.dng")


def test_reduced_copies_below_a_picture_make_no_raw_file() -> None:
    assert np.array_equal(decode.open(tiff(t330=longs(0))).pixels, PICTURE)


@pytest.mark.parametrize(("number", "name"), [(34925, "LZMA"), (50000, "Zstandard")])
def test_a_compression_that_is_not_read_is_refused_by_name(number: int, name: str) -> None:
    with pytest.raises(UnsupportedPhotoError, match=name):
        decode.open(tiff(t259=shorts(number)))


def test_a_tiff_that_lacks_pixels_is_broken() -> None:
    with pytest.raises(BrokenPhotoError):
        decode.open(tiff(t279=longs(PICTURE.nbytes), t273=longs(0))[: PICTURE.nbytes])
