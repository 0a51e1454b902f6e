"""Every documented kind of BMP opens, with the pixels that were stored."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from photo_files import matrix_icc, scene

from tinct.errors import BrokenPhotoError, UnsupportedPhotoError
from tinct.photo import decode
from tinct.photo.encode import encode
from tinct.photo.icc import profile_to_srgb

CASES = Path(__file__).parent / "cases"
PICTURE = scene(13, 22)


def bmp(
    rows: bytes, bits: int, *, size: int = 40, packing: int = 0, masks: tuple[int, ...] = (), palette: bytes = b"",
    down: bool = False, colors: int = 0, space: bytes = b"", width: int = 22, height: int = 13,
) -> bytes:  # fmt: skip
    """A BMP of any header around stored rows."""
    if size == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        tall = -height if down else height
        head = struct.pack(
            "<IiiHHIIiiII", size, width, tall, 1, bits, packing, len(rows), 11811, 11811, colors, 0
        )
        head = head[:size]
    packed = struct.pack(f"<{len(masks)}I", *masks)
    if size > 40:
        head = (head + packed + (b"" if size <= 56 else space)).ljust(size, b"\0")
    else:
        head += packed
    at = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(rows), 0, 0, at) + head + palette + rows


def packed_rows(words: np.ndarray) -> bytes:
    """Rows from the lowest up, padded to four bytes."""
    rows = [row.tobytes() for row in words[::-1]]
    return b"".join(row + bytes(-len(row) % 4) for row in rows)


def fields(masks: tuple[int, int, int], dtype: str) -> np.ndarray:
    words = np.zeros(PICTURE.shape[:2], np.uint64)
    for channel, mask in enumerate(masks):
        shift = (mask & -mask).bit_length() - 1
        top = mask >> shift
        words |= np.rint(PICTURE[..., channel] * (top / 255)).astype(np.uint64) << np.uint64(shift)
    return words.astype(dtype)


@pytest.mark.parametrize(
    ("masks", "bits"),
    [
        ((0x7C00, 0x03E0, 0x001F), 16),
        ((0xF800, 0x07E0, 0x001F), 16),
        ((0x0F00, 0x00F0, 0x000F), 16),
        ((0x001F, 0x07E0, 0xF800), 16),
        ((0xFF0000, 0x00FF00, 0x0000FF), 32),
        ((0x0000FF, 0x00FF00, 0xFF0000), 32),
        ((0xFF000000, 0x00FF0000, 0x0000FF00), 32),
        ((0x3FF00000, 0x000FFC00, 0x000003FF), 32),
        ((0xFFFFF000, 0x00000F00, 0x000000FF), 32),
    ],
)
@pytest.mark.parametrize("size", [40, 52, 56, 108, 124])
def test_bit_fields_of_any_place_and_width_are_read(masks, bits: int, size: int) -> None:
    rows = packed_rows(fields(masks, f"<u{bits // 8}"))
    given = (*masks, 0) if size >= 56 else masks
    photo = decode.open(bmp(rows, bits, size=size, packing=3, masks=given, space=b"BGRs"))
    assert photo.alpha is None
    levels = [min(255, m >> ((m & -m).bit_length() - 1)) for m in masks]
    wanted = np.stack(
        [np.rint(np.rint(PICTURE[..., i] / 255 * n) * 255 / n) for i, n in enumerate(levels)], -1
    )
    assert np.abs(photo.pixels - wanted).max() <= 1
    assert photo.resolution == (300.0, 300.0)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_plain_pixels_of_each_depth_are_read_either_way_up(bits: int, down: bool) -> None:
    words = fields((0x7C00, 0x03E0, 0x001F), "<u2") if bits == 16 else fields((0xFF0000, 0xFF00, 0xFF), "<u4")
    if bits == 24:
        words = np.ascontiguousarray(PICTURE[..., ::-1]).reshape(13, -1)
    photo = decode.open(bmp(packed_rows(words[::-1] if down else words), bits, down=down))
    assert photo.alpha is None
    assert np.abs(photo.pixels.astype(int) - PICTURE).max() <= (5 if bits == 16 else 0)


@pytest.mark.parametrize("size", [12, 16, 40, 64, 108, 124])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_of_each_depth_are_read(bits: int, size: int) -> None:
    rng = np.random.default_rng(bits)
    colors = rng.integers(0, 256, (2**bits, 3), dtype=np.uint8)
    indices = rng.integers(0, 2**bits, (13, 22), dtype=np.uint8)
    spread = np.zeros((13, -(-22 * bits // 8) * 8 // bits), np.uint8)
    spread[:, :22] = indices
    parts = spread.reshape(13, -1, 8 // bits)
    rows = (parts << np.arange(8 - bits, -1, -bits, dtype=np.uint8)).sum(2).astype(np.uint8)
    step = 3 if size == 12 else 4
    table = np.zeros((2**bits, step), np.uint8)
    table[:, :3] = colors[:, ::-1]
    photo = decode.open(
        bmp(packed_rows(rows), bits, size=size, palette=table.tobytes(), space=b"\0" * 16 + b"BGRs")
    )
    assert np.array_equal(photo.pixels, colors[indices])


def test_opacity_that_is_nought_everywhere_is_no_opacity() -> None:
    photo = decode.open(CASES / "bmp32_v5_alpha0.bmp")
    assert photo.alpha is None
    assert photo.pixels[0, 0].tolist() == [60, 200, 90]


@pytest.mark.parametrize(("size", "packing"), [(56, 3), (108, 3), (124, 3), (40, 6), (124, 0)])
def test_opacity_under_a_mask_is_kept(size: int, packing: int) -> None:
    words = fields((0xFF0000, 0xFF00, 0xFF), "<u4") | (PICTURE[..., 0].astype("<u4") << 24)
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    photo = decode.open(bmp(packed_rows(words), 32, size=size, packing=packing, masks=masks, space=b"BGRs"))
    assert np.array_equal(photo.pixels, PICTURE)
    assert np.array_equal(photo.alpha, PICTURE[..., 0])


def test_the_fourth_byte_of_plain_pixels_means_nothing() -> None:
    words = fields((0xFF0000, 0xFF00, 0xFF), "<u4") | (PICTURE[..., 0].astype("<u4") << 24)
    photo = decode.open(bmp(packed_rows(words), 32))
    assert photo.alpha is None
    assert np.array_equal(photo.pixels, PICTURE)


GRAYS = bytes(v for i in range(256) for v in (i, i, i, 0))


def test_runs_literals_and_jumps_of_8_bits_are_read() -> None:
    rows = (
        bytes((5, 7, 0, 3, 1, 2, 3, 0, 0, 0))  # five of 7, then 1 2 3, end of row
        + bytes((0, 2, 2, 1, 4, 9, 0, 1))  # two right and one up, four of 9, end
    )
    photo = decode.open(bmp(rows, 8, packing=1, palette=GRAYS, width=9, height=4))
    wanted = np.zeros((4, 9), np.uint8)
    wanted[3, :8] = [7, 7, 7, 7, 7, 1, 2, 3]
    wanted[1, 2:6] = 9
    assert photo.gray
    assert np.array_equal(photo.pixels[..., 0], wanted)


def test_runs_of_4_bits_are_read() -> None:
    rows = bytes((5, 0x12, 0, 3, 0x34, 0x50, 0, 0, 0, 1))
    photo = decode.open(bmp(rows, 4, packing=2, palette=GRAYS[:64], width=9, height=2))
    assert photo.pixels[1, :, 0].tolist() == [1, 2, 1, 2, 1, 3, 4, 5, 0]


def test_a_profile_inside_and_calibrated_colours_are_honoured() -> None:
    rows = packed_rows(np.ascontiguousarray(np.full((13, 22, 3), (40, 40, 200), np.uint8)).reshape(13, -1))
    icc = matrix_icc()
    head = struct.pack("<4I", 0, 0, 0, 0) + b"DEBM" + bytes(48) + struct.pack("<4I", 4, 124, len(icc), 0)
    data = bmp(rows, 24, size=124, space=head, palette=icc)
    shown = np.clip(profile_to_srgb(decode.open(data).pixels[:1, :1], decode.open(data).icc), 0, 1) * 255
    assert np.abs(shown - (218, 0, 26)).max() <= 2
    adobe = ((0.57667, 0.29734, 0.02703), (0.18556, 0.62736, 0.07069), (0.18823, 0.07529, 0.99134))
    ends = struct.pack("<9I", *(round(v * 2**30) for end in adobe for v in end))
    head = bytes(16) + bytes(4) + ends + struct.pack("<3I", *[round(2.2 * 65536)] * 3)
    photo = decode.open(bmp(rows, 24, size=108, space=head))
    shown = np.clip(profile_to_srgb(photo.pixels[:1, :1], photo.icc), 0, 1) * 255
    assert np.abs(shown - (233, 35, 35)).max() <= 2
    assert decode.open(encode(photo, "png")).icc is not None


def test_reserved_bytes_that_are_not_nought_do_no_harm() -> None:
    rows = packed_rows(np.ascontiguousarray(PICTURE[..., ::-1]).reshape(13, -1))
    data = bmp(rows, 24)
    assert np.array_equal(decode.open(data[:6] + b"abcd" + data[10:]).pixels, PICTURE)
    assert np.array_equal(decode.open(data + b"more").pixels, PICTURE)
    padded = data[:-2]  # the last row without its padding
    assert np.array_equal(decode.open(padded).pixels, PICTURE)


def test_missing_pixels_stay_an_error() -> None:
    rows = packed_rows(np.ascontiguousarray(PICTURE[..., ::-1]).reshape(13, -1))
    for data in (bmp(rows, 24)[:-9], bmp(rows, 24)[:40], bmp(bytes((5, 7, 0)), 8, packing=1, palette=GRAYS)):
        with pytest.raises(BrokenPhotoError):
            decode.open(data)


@pytest.mark.parametrize(("packing", "says"), [(4, "JPEG"), (5, "PNG")])
def test_other_formats_inside_are_refused_by_name(packing: int, says: str) -> None:
    with pytest.raises(UnsupportedPhotoError, match=says):
        decode.open(bmp(b"x" * 99, 24, packing=packing))
