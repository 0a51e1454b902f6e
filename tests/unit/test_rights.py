"""What photos say beside their pixels survives in every format, and stays true."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from photo_files import as_bytes, chunk, exif_block, jpeg, scene, with_jpeg_segment
from PIL import Image

from tinct.photo import decode, iptc, xmp
from tinct.photo.encode import encode
from tinct.photo.exif import directories, orientation, resolution
from tinct.photo.exif_build import build
from tinct.photo.exif_edit import sanitized
from tinct.photo.formats import WRITABLE
from tinct.photo.photo import Photo

CASES = Path(__file__).parent / "cases"
HEAD = b"http://ns.adobe.com/xap/1.0/\0"


def packet(attributes: str = "", elements: str = "") -> bytes:
    spaces = {
        "dc": "http://purl.org/dc/elements/1.1/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "GCamera": "http://ns.google.com/photos/1.0/camera/",
        "Container": "http://ns.google.com/photos/1.0/container/",
        "Item": "http://ns.google.com/photos/1.0/container/item/",
        "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
        "xmpNote": "http://ns.adobe.com/xmp/note/",
    }
    names = " ".join(f'xmlns:{name}="{uri}"' for name, uri in spaces.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {names} {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


RIGHTS = '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ann Example</rdf:li></rdf:Alt></dc:rights>'


def dataset(number: int, value: bytes, record: int = 2) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


RECORDS = (
    dataset(90, b"\x1b%G", 1)
    + dataset(80, "Bj\u00f6rk Example".encode())
    + dataset(116, b"(c) Wire Service")
    + dataset(120, b"A red door")
    + dataset(25, b"door")
    + dataset(25, b"red")
    + dataset(90, b"Reykjavik")
    + dataset(101, b"Iceland")
)


def with_records(records: bytes = RECORDS) -> bytes:
    return with_jpeg_segment(jpeg(), 0xED, iptc.to_resources(records))


def said(data: bytes) -> str:
    """All that a file says in XMP or IPTC, as one text."""
    photo = decode.open(data)
    return (photo.xmp or b"").decode() + repr(dict(iptc.facts(photo.iptc)))


@pytest.mark.parametrize("kind", WRITABLE)
def test_xmp_rights_survive_in_every_format(kind: str) -> None:
    data = with_jpeg_segment(jpeg(), 0xE1, HEAD + packet(elements=RIGHTS))
    assert "(c) Ann Example" in said(encode(decode.open(data), kind))
    assert "(c) Ann Example" not in said(encode(decode.open(data), kind, metadata="none"))


@pytest.mark.parametrize("kind", WRITABLE)
def test_iptc_rights_and_captions_survive_in_every_format_without_the_place(kind: str) -> None:
    written = encode(decode.open(with_records()), kind)
    for word in ("(c) Wire Service", "A red door", "Björk Example"):
        assert word in said(written), word
    assert b"Reykjavik" not in written
    assert b"Iceland" not in written
    again = encode(decode.open(written), kind)
    assert "(c) Wire Service" in said(again)
    assert b"Reykjavik" in encode(decode.open(with_records()), "jpeg", metadata="all")


def test_iptc_in_latin_letters_is_understood() -> None:
    data = with_records(dataset(80, "Björk".encode("latin-1")))
    assert "Björk" in said(encode(decode.open(data), "webp"))


def test_what_xmp_says_goes_before_iptc() -> None:
    data = with_jpeg_segment(with_records(), 0xE1, HEAD + packet(elements=RIGHTS))
    written = decode.open(encode(decode.open(data), "png")).xmp
    assert written is not None
    assert b"(c) Ann Example" in written
    assert b"(c) Wire Service" not in written
    assert b"A red door" in written


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
@pytest.mark.parametrize("target", WRITABLE)
def test_texts_of_a_png_survive_in_every_format(kind: str, target: str) -> None:
    body = {
        "tEXt": b"Copyright\0(c) P. Example",
        "zTXt": b"Copyright\0\0" + zlib.compress(b"(c) P. Example"),
        "iTXt": b"Copyright\0\0\0\0\0(c) P. Example",
    }[kind]
    data = as_bytes(Image.fromarray(scene()), "PNG")
    data = data[:33] + chunk(kind.encode(), body) + data[33:]
    assert "(c) P. Example" in said(encode(decode.open(data), target))


def test_iptc_of_tiff_and_png_is_read() -> None:
    for kind in ("tiff", "png"):
        first = encode(decode.open(with_records()), kind)
        assert b"(c) Wire Service" in (decode.open(first).iptc or b"")


PLACE = 'exif:GPSLatitude="64,8.8N" exif:GPSLongitude="21,56W" photoshop:City="Reykjavik" photoshop:Country="Iceland"'
SHOWN = "<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li>Harpa</rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown>"


@pytest.mark.parametrize("kind", WRITABLE)
def test_the_place_goes_out_of_xmp_unless_it_is_asked_for(kind: str) -> None:
    data = with_jpeg_segment(jpeg(), 0xE1, HEAD + packet(PLACE, RIGHTS + SHOWN))
    photo = decode.open(data)
    text = said(encode(photo, kind))
    for word in ("64,8", "21,56", "Reykjavik", "Iceland", "Harpa"):
        assert word not in text, word
        assert word in said(encode(photo, kind, metadata="all")), word
    assert "(c) Ann Example" in text


@pytest.mark.parametrize("kind", WRITABLE)
def test_nothing_promises_data_that_are_not_written(kind: str) -> None:
    claims = 'GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="2000" hdrgm:Version="1.0" xmpNote:HasExtendedXMP="AB"'
    parts = (
        '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Length="2000"/>'
        "</rdf:li></rdf:Seq></Container:Directory>"
    )
    data = with_jpeg_segment(jpeg(), 0xE1, HEAD + packet(claims, RIGHTS + parts))
    text = said(encode(decode.open(data), kind, metadata="all"))
    for word in ("MotionPhoto", "MicroVideo", "hdrgm:Version", "Container:Directory", "2000", "HasExtended"):
        assert word not in text, word
    assert "(c) Ann Example" in text
    known = encode(decode.open(CASES / "motion_gainmap.jpg"), kind, metadata="all")
    assert b"MotionPhoto" not in known
    assert b"GainMap" not in known


@pytest.mark.parametrize("kind", WRITABLE)
def test_a_comment_of_a_jpeg_or_gif_becomes_the_caption_in_every_format(kind: str) -> None:
    words = "(c) Anna Müller, Köln"
    commented = with_jpeg_segment(jpeg(), 0xFE, words.encode() + b"\0")
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "GIF", comment=words.encode("cp1252"))
    for data in (commented, file.getvalue()):
        assert f"{words}</rdf:li>" in said(encode(decode.open(data), kind))


def test_a_comment_goes_behind_captions_and_what_programs_sign_with_is_left_out() -> None:
    own = '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">a bridge</rdf:li></rdf:Alt></dc:description>'
    both = with_jpeg_segment(with_jpeg_segment(jpeg(), 0xFE, b"a road"), 0xE1, HEAD + packet(elements=own))
    assert "a bridge" in said(both)
    assert "a road" not in said(both)
    signed = with_jpeg_segment(jpeg(), 0xFE, b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 90")
    assert decode.open(signed).xmp is None
    assert b"quality = 90" not in encode(decode.open(signed), "jpeg")


def test_comments_of_a_pil_image_become_the_caption() -> None:
    image = Image.open(io.BytesIO(with_jpeg_segment(jpeg(), 0xFE, b"a road")))
    assert b"a road" in (Photo.from_pil(image).xmp or b"")


def test_a_packet_too_long_for_jpeg_keeps_its_rights() -> None:
    long = packet(elements=RIGHTS + "<exif:UserComment>" + "x" * 70_000 + "</exif:UserComment>")
    data = as_bytes(Image.fromarray(scene()), "PNG")
    data = data[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + long) + data[33:]
    assert "x" * 70_000 in said(encode(decode.open(data), "png"))
    assert "(c) Ann Example" in said(encode(decode.open(data), "jpeg"))


@pytest.mark.parametrize(
    "bad",
    [
        b"no xml",
        b"",
        b"<a>" * 50_000 + b"</a>" * 50_000,
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        packet(elements=RIGHTS)[:-80],
        b"\xff\xfe\x00\x01",
    ],
)
def test_a_packet_that_cannot_be_read_is_left_out(bad: bytes) -> None:
    photo = decode.open(with_jpeg_segment(jpeg(), 0xE1, HEAD + bad[:65000]))
    assert photo.xmp is None
    assert xmp.without_place(bad) is None
    assert xmp.orientation(bad) is None


# -- orientation ------------------------------------------------------------------------------------


def png_with(name: bytes, body: bytes) -> bytes:
    data = as_bytes(Image.fromarray(np.ascontiguousarray(np.rot90(scene(), 1))), "PNG")
    return data[:33] + chunk(name, body) + data[33:]


def raw_profile(kind: bytes, content: bytes) -> bytes:
    digits = content.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return (
        b"Raw profile type "
        + kind
        + b"\0\0"
        + zlib.compress(b"\n%s\n%8d\n%s\n" % (kind, len(content), lines))
    )


TURNED = [
    png_with(b"zTXt", raw_profile(b"exif", b"Exif\0\0" + exif_block(6))),
    png_with(b"zTXt", raw_profile(b"APP1", b"Exif\0\0" + exif_block(6))),
    png_with(b"zTXt", raw_profile(b"exif", exif_block(6, order=">"))),
    png_with(b"zTXt", raw_profile(b"xmp", packet('tiff:Orientation="6"'))),
    png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet('tiff:Orientation="6"')),
    png_with(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet('tiff:Orientation="6"'))),
    png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet("", "<tiff:Orientation>6</tiff:Orientation>")),
    png_with(b"eXIf", exif_block(6)),
]


@pytest.mark.parametrize("data", TURNED, ids=range(len(TURNED)))
def test_orientation_counts_wherever_a_png_says_it(data: bytes) -> None:
    assert np.array_equal(decode.open(data).pixels, scene())


def test_orientation_in_xmp_alone_counts_in_jpeg_webp_and_tiff() -> None:
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(scene(), 1)))
    said = packet('tiff:Orientation="6"').replace(b"tiff:", b"t:").replace(b":tiff=", b":t=")
    file = as_bytes(stored, "JPEG", quality=95)
    assert decode.open(with_jpeg_segment(file, 0xE1, HEAD + said)).pixels.shape == scene().shape
    assert decode.open(as_bytes(stored, "WEBP", xmp=said)).pixels.shape == scene().shape
    assert decode.open(as_bytes(stored, "TIFF", tiffinfo={700: said})).pixels.shape == scene().shape


def test_exif_goes_before_xmp() -> None:
    data = with_jpeg_segment(jpeg(), 0xE1, HEAD + packet('tiff:Orientation="6"'))
    data = with_jpeg_segment(data, 0xE1, b"Exif\0\0" + exif_block(1))
    assert decode.open(data).pixels.shape == scene().shape


# -- damaged Exif -----------------------------------------------------------------------------------


def damaged(at: bytes, entry: bytes, order: str = "<") -> bytes:
    """An Exif block, one of whose entries is made bad."""
    block = exif_block(6, order=order)
    where = block.index(at)
    return block[:where] + entry + block[where + len(entry) :]


MAKER = struct.pack("<HH", 0x010F, 2)
BAD = {
    "pointer outside": damaged(MAKER, struct.pack("<HHII", 0x010F, 2, 9, 0x00FFFFFF)),
    "pointer into the head": damaged(MAKER, struct.pack("<HHII", 0x010F, 2, 9, 2)),
    "unknown type": damaged(MAKER, struct.pack("<HHII", 0x010F, 99, 9, 8)),
    "no type": damaged(MAKER, struct.pack("<HHII", 0x010F, 0, 9, 8)),
    "huge count": damaged(MAKER, struct.pack("<HHII", 0x010F, 2, 0xFFFFFFFF, 8)),
    "bad position": damaged(struct.pack("<HH", 0x8825, 4), struct.pack("<HHII", 0x8825, 4, 1, 0x00FFFFFF)),
    "position of no type": damaged(struct.pack("<HH", 0x8825, 4), struct.pack("<HH", 0x8825, 77)),
    "bad date": damaged(struct.pack("<HH", 0x9003, 2), struct.pack("<HHII", 0x9003, 2, 20, 0x00FFFFFF)),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_entry_costs_itself_alone(what: str) -> None:
    block = BAD[what]
    data = jpeg(np.ascontiguousarray(np.rot90(scene(), 1)))
    photo = decode.open(with_jpeg_segment(data, 0xE1, b"Exif\0\0" + block))
    assert photo.pixels.shape == scene().shape
    exif = Image.open(io.BytesIO(encode(photo, "jpeg"))).getexif()
    assert exif.get(0x0112) == 1
    assert dict(exif.get_ifd(0x8825)) == {}
    kept = dict(exif.get_ifd(0x8769))
    assert kept[0xA002] == 53
    assert (0x9003 in kept) == (what != "bad date")
    assert (0x010F in exif) == (what in ("bad position", "position of no type", "bad date"))
    for metadata in ("all", "no-gps"):
        assert (struct.pack("<6I", 48, 1, 51, 1, 30, 1) in encode(photo, "jpeg", metadata=metadata)) == (
            metadata == "all" and "position" not in what
        )


def test_a_pointer_to_no_directory_costs_itself_alone() -> None:
    block = damaged(struct.pack("<HH", 0x8769, 4), struct.pack("<HHII", 0x8769, 4, 1, 0x00FFFFFF))
    clean = sanitized(block)
    assert clean is not None
    found = dict(directories(clean, "<"))
    assert found[0].get(0x010F) is not None
    assert found[0].get(0x8769) is None


def test_a_directory_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    entries = [(0x010E, 2, 4, b"door"), (0x0112, 3, 1, struct.pack("<H", 6)), (0x8298, 2, 4, b"(c)\0")]
    body, start = build("<", {0: entries}, 8)
    block = b"II*\0" + struct.pack("<I", start) + struct.pack("<H", 40) + body[2:]
    assert orientation(block) == 6
    clean = sanitized(block)
    assert clean is not None
    assert b"door" in clean
    assert b"(c)" in clean
    assert [len(found.fields) for _, found in directories(clean, "<")] == [3]


def test_the_bad_entry_of_a_cameras_file_costs_itself_alone() -> None:
    photo = decode.open(CASES / "orient6_badtag.jpg")
    assert (photo.width, photo.height) == (64, 96)
    assert orientation(photo.exif) == 1


# -- resolution -------------------------------------------------------------------------------------


def dpi_of(data: bytes) -> set[tuple[int, int]]:
    """Every resolution that a file names, in whole pixels per inch."""
    found = {tuple(round(v) for v in named) for named in (decode.open(data).resolution,) if named}
    info = {} if data[4:8] == b"ftyp" else Image.open(io.BytesIO(data)).info
    if "dpi" in info and info.get("jfif_unit") != 0:
        found.add(tuple(round(float(v)) for v in info["dpi"]))
    block = resolution(decode.open(data).exif)
    return found | ({tuple(round(v) for v in block)} if block else set())


def source(kind: str) -> bytes:
    image = Image.fromarray(scene())
    if kind == "exif":
        sides = [(tag, 5, 1, struct.pack("<II", 300, 1)) for tag in (0x011A, 0x011B)]
        body, start = build("<", {0: [*sides, (0x0128, 3, 1, struct.pack("<H", 2))]}, 8)
        return with_jpeg_segment(jpeg(), 0xE1, b"Exif\0\0II*\0" + struct.pack("<I", start) + body)
    if kind == "centimetres":
        return jpeg()[:13] + b"\2" + struct.pack(">HH", 118, 118) + jpeg()[18:]
    return as_bytes(image, kind, dpi=(300, 300))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "exif", "centimetres"])
@pytest.mark.parametrize("target", WRITABLE)
def test_resolution_is_carried_through_every_pair_of_formats(kind: str, target: str) -> None:
    photo = decode.open(source(kind))
    assert photo.resolution == pytest.approx((300, 300), abs=0.5)
    assert dpi_of(encode(photo, target)) == {(300, 300)}


@pytest.mark.parametrize("target", WRITABLE)
def test_without_a_resolution_none_is_invented(target: str) -> None:
    photo = decode.open(as_bytes(Image.fromarray(scene()), "PNG", exif=b"Exif\0\0" + exif_block(1)))
    assert photo.resolution is None
    data = encode(photo, target)
    assert dpi_of(data) == set()


@pytest.mark.parametrize("target", WRITABLE)
def test_resolutions_that_contradict_each_other_become_one(target: str) -> None:
    data = source("exif")
    at = data.index(b"JFIF\0") + 7
    data = data[:at] + b"\1" + struct.pack(">HH", 150, 150) + data[at + 5 :]
    assert dpi_of(encode(decode.open(data), target)) == {(150, 150)}


def test_a_turned_photo_swaps_its_two_resolutions() -> None:
    image = Image.fromarray(scene())
    data = as_bytes(image, "PNG", dpi=(300, 150), exif=b"Exif\0\0" + exif_block(6))
    assert decode.open(data).resolution == pytest.approx((150, 300), abs=0.5)


@pytest.mark.parametrize("target", ["jpeg", "png", "tiff"])
def test_resolution_stays_without_metadata(target: str) -> None:
    photo = Photo(scene(), resolution=(300, 300))
    assert dpi_of(encode(photo, target, metadata="none")) == {(300, 300)}
