from __future__ import annotations

import io

import numpy as np
import pytest
from photo_files import as_bytes, exif_block, jpeg, scene, with_jpeg_segment
from PIL import Image

from tinct.photo import decode
from tinct.photo.encode import encode
from tinct.photo.exif import orientation
from tinct.photo.exif_edit import sanitized, with_size, without_gps
from tinct.photo.formats import WRITABLE
from tinct.photo.photo import Photo

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"
xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="a negative"/></rdf:RDF></x:xmpmeta>"""


def source(order: str = "<") -> bytes:
    data = jpeg(np.ascontiguousarray(np.rot90(scene(), 1)))
    data = with_jpeg_segment(data, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    return with_jpeg_segment(data, 0xE1, b"Exif\0\0" + exif_block(6, order=order))


def exif_of(data: bytes) -> Image.Exif:
    if data[4:8] == b"ftyp" and b"avif" not in data[:40]:
        pillow_heif = pytest.importorskip("pillow_heif")
        exif = Image.Exif()
        block = pillow_heif.open_heif(data).info["exif"]
        if block:
            exif.load(block)
        return exif
    return Image.open(io.BytesIO(data)).getexif()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", WRITABLE)
def test_exif_is_kept_upright_and_without_a_position(kind: str, order: str) -> None:
    photo = decode.open(source(order))
    assert photo.pixels.shape == scene().shape
    data = encode(photo, kind)
    exif = exif_of(data)
    assert exif[0x010F].rstrip("\0") == "TinctCam"
    assert exif.get(0x0112, 1) == 1
    assert exif.get_ifd(0x8769)[0x9003].rstrip("\0") == "2020:02:03 04:05:06"
    assert dict(exif.get_ifd(0x8825)) == {}
    again = decode.open(data)
    assert again.pixels.shape == scene().shape


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", WRITABLE)
def test_the_position_is_kept_only_when_all_is_asked_for(kind: str, order: str) -> None:
    photo = decode.open(source(order))
    position = exif_of(encode(photo, kind, metadata="all")).get_ifd(0x8825)
    assert position[1].rstrip("\0") == "N"
    assert tuple(float(v) for v in position[2]) == (48, 51, 30)


@pytest.mark.parametrize("kind", WRITABLE)
def test_no_byte_of_position_thumbnail_or_maker_survives_where_it_must_not(kind: str) -> None:
    import struct

    photo = decode.open(source())
    latitude = struct.pack("<6I", 48, 1, 51, 1, 30, 1)
    thumbnail = jpeg(np.full((8, 8, 3), 200, np.uint8))[:60]
    data = encode(photo, kind)
    assert latitude not in data
    assert thumbnail not in data
    assert b"makernote" in data
    bare = encode(photo, kind, metadata="none")
    assert b"TinctCam" not in bare
    assert b"makernote" not in bare
    assert thumbnail not in encode(photo, kind, metadata="all")


@pytest.mark.parametrize("kind", WRITABLE)
def test_xmp_is_kept_without_the_orientation_of_the_stored_pixels(kind: str) -> None:
    photo = decode.open(source())
    for metadata in ("all", "no-gps"):
        again = decode.open(encode(photo, kind, metadata=metadata))
        assert again.xmp is not None
        assert b"a negative" in again.xmp
        assert b"Orientation" not in again.xmp
    assert decode.open(encode(photo, kind, metadata="none")).xmp is None


@pytest.mark.parametrize("kind", WRITABLE)
def test_a_second_round_trip_changes_nothing_in_the_metadata(kind: str) -> None:
    once = decode.open(encode(decode.open(source()), kind, metadata="all"))
    twice = decode.open(encode(once, kind, metadata="all"))
    for block in (once.exif, twice.exif):
        assert block is not None
        assert orientation(block) == 1
    kept = [dict(Image_exif(p.exif).get_ifd(0x8769)) for p in (once, twice)]
    assert kept[0] == kept[1]
    assert once.xmp == twice.xmp


def Image_exif(block: bytes | None) -> Image.Exif:  # noqa: N802
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + (block or b""))
    return exif


def test_the_size_named_in_exif_is_the_written_one() -> None:
    photo = decode.open(source())
    cut = Photo(np.ascontiguousarray(photo.pixels[:20, :30]), exif=photo.exif)
    sub = exif_of(encode(cut, "jpeg")).get_ifd(0x8769)
    assert (sub[0xA002], sub[0xA003]) == (30, 20)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_is_read_and_reset(order: str, value: int) -> None:
    block = exif_block(value, order=order)
    assert orientation(block) == value
    clean = sanitized(block)
    assert clean is not None
    assert orientation(clean) == 1
    assert len(clean) < len(block) - 300  # the thumbnail is gone
    assert without_gps(clean) is not None
    assert with_size(clean, 7, 9) is not None


def test_damaged_exif_never_raises_and_never_grows() -> None:
    block = exif_block(6)
    rng = np.random.default_rng(0)
    for _ in range(3000):
        damaged = bytearray(block[: rng.integers(0, len(block) + 1)])
        for at in rng.integers(0, max(len(damaged), 1), rng.integers(0, 6)):
            if len(damaged):
                damaged[at] = rng.integers(0, 256)
        assert orientation(bytes(damaged)) in (None, *range(1, 9))
        clean = sanitized(bytes(damaged))
        for result in (clean, without_gps(clean), with_size(clean, 3, 4)):
            assert result is None or len(result) <= len(damaged) + 64


def test_exif_too_large_for_a_jpeg_segment_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x010E] = "x" * 70000
    photo = decode.open(as_bytes(Image.fromarray(scene()), "PNG", exif=exif))
    assert photo.exif is not None
    assert decode.open(encode(photo, "jpeg")).exif is None
    assert decode.open(encode(photo, "png")).exif is not None
