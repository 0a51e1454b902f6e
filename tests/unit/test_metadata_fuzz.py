"""Whatever stands beside the pixels, a photo opens, or is refused in a sentence, and can be written again."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from photo_files import chunk, exif_block, jpeg, png_file, scene, with_jpeg_segment
from test_bmp import bmp, packed_rows
from test_oddities import tiff
from test_rights import HEAD, PLACE, RECORDS, RIGHTS, SHOWN, packet

from tinct.errors import PhotoError
from tinct.photo import decode, iptc, xmp
from tinct.photo.encode import encode

ROUNDS = 400


def opened(data: bytes) -> None:
    try:
        photo = decode.open(data)
    except PhotoError:
        return
    for kind in ("jpeg", "png", "tiff"):
        encode(photo, kind)


def damaged(block: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(block)
    for at in rng.integers(0, len(out), rng.integers(1, 8)):
        out[at] = rng.integers(0, 256)
    return bytes(out[: rng.integers(len(out) // 2, len(out) + 1)])


def test_random_chromaticities_gammas_and_code_points_never_raise() -> None:
    rng = np.random.default_rng(0)
    packed = zlib.compress((b"\0" + bytes((200, 40, 40)) * 4) * 4)
    for _ in range(ROUNDS):
        places = rng.choice([0, 1, 33000, 31270, 100_000, 2**31, 2**32 - 1, *rng.integers(0, 90_000, 6)], 8)
        parts = chunk(b"cHRM", struct.pack(">8I", *(int(v) for v in places)))
        parts += chunk(b"gAMA", struct.pack(">I", int(rng.choice([0, 1, 45455, 100_000, 2**32 - 1]))))
        if rng.random() < 0.3:
            parts += chunk(b"cICP", bytes(int(v) for v in rng.integers(0, 24, 4)))
        opened(png_file(4, 4, 8, 2, packed, parts))


def test_damaged_exif_xmp_and_iptc_never_raise() -> None:
    rng = np.random.default_rng(1)
    whole = packet(PLACE, RIGHTS + SHOWN)
    for _ in range(ROUNDS):
        bad = damaged(whole, rng)
        for change in (xmp.cleaned, xmp.without_place, xmp.slim, xmp.orientation):
            change(bad)
        xmp.with_facts(bad, iptc.facts(damaged(RECORDS, rng)))
    for _ in range(ROUNDS // 8):
        data = with_jpeg_segment(jpeg(), 0xE1, HEAD + damaged(whole, rng))
        data = with_jpeg_segment(data, 0xED, damaged(iptc.to_resources(RECORDS), rng))
        opened(with_jpeg_segment(data, 0xE1, b"Exif\0\0" + damaged(exif_block(6), rng)))


def test_damaged_heads_of_bmp_and_tiff_never_raise() -> None:
    rng = np.random.default_rng(2)
    rows = packed_rows(np.ascontiguousarray(scene(13, 22)[..., ::-1]).reshape(13, -1))
    plain = bmp(rows, 24, size=108, space=bytes(16) + bytes(4) + bytes(range(48)))
    other = tiff(t319=(5, 6, bytes(48)), t318=(5, 2, bytes(16)))
    for _ in range(ROUNDS):
        out = bytearray(plain)
        for at in rng.integers(2, 130, 3):
            out[at] = rng.choice([0, 1, 2, 3, 255, rng.integers(0, 256)])
        opened(bytes(out))
        out = bytearray(other)
        for at in rng.integers(len(other) - 200, len(other), 3):
            out[at] = rng.integers(0, 256)
        opened(bytes(out))
