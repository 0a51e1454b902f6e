"""Small encoded photos, made by the tests themselves."""

from __future__ import annotations

import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # ICC parametric kind 3
P3_XY = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_XY = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
SRGB_XY = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


def scene(height: int = 37, width: int = 53, dtype: str = "uint8") -> np.ndarray:
    """A smooth colourful picture without any symmetry, (H, W, 3)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    r = 0.1 + 0.8 * x / width
    g = 0.15 + 0.7 * (y / height) ** 1.5
    b = 0.5 + 0.35 * np.sin(x / 9 + y / 7)
    top = np.iinfo(dtype).max
    return np.rint(np.stack([r, g, b], -1) * top).astype(dtype)


def as_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(pixels: np.ndarray | None = None, **options: object) -> bytes:
    options.setdefault("quality", 95)
    options.setdefault("subsampling", 0)
    return as_bytes(Image.fromarray(scene() if pixels is None else pixels), "JPEG", **options)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_file(
    width: int, height: int, depth: int, color: int, packed: bytes, before: bytes = b"", lace: int = 0
) -> bytes:
    """A PNG with any header and any compressed data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, lace))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@functools.cache
def zeros(count: int) -> bytes:
    """So many zero bytes, deflated without holding them."""
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    parts = [packer.compress(block[: count - start]) for start in range(0, count, 1 << 20)]
    return b"".join([*parts, packer.flush()])


def _xyz_tag(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def matrix_icc(
    primaries: tuple[tuple[float, float], ...] = P3_XY,
    curve: tuple[float, ...] | float = SRGB_CURVE,
    space: bytes = b"RGB ",
) -> bytes:
    """An ICC v4 matrix profile from xy primaries under D65, adapted to D50 by Bradford."""
    xy = np.array(primaries)
    columns = np.stack([xy[:, 0] / xy[:, 1], np.ones(3), (1 - xy.sum(1)) / xy[:, 1]])  # (XYZ, RGB)
    white = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
    matrix = columns * np.linalg.solve(columns, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1.0, 0.8249])
    gains = (bradford @ d50) / (bradford @ white)
    matrix = np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ matrix
    if isinstance(curve, float):
        tone = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(curve * 256))
    else:
        tone = (
            b"para\0\0\0\0"
            + struct.pack(">HH", 3, 0)
            + struct.pack(">5i", *(round(v * 65536) for v in curve))
        )
    text = "test".encode("utf-16-be")
    label = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    tags = {b"desc": label, b"cprt": label, b"wtpt": _xyz_tag(d50)}
    if space == b"GRAY":
        tags[b"kTRC"] = tone
    else:
        names = (b"r", b"g", b"b")
        tags |= {name + b"XYZ": _xyz_tag(matrix[:, i]) for i, name in enumerate(names)}
        tags |= {name + b"TRC": tone for name in names}
    return icc_file(tags, space)


def icc_file(tags: dict[bytes, bytes], space: bytes = b"RGB ", pcs: bytes = b"XYZ ") -> bytes:
    """A profile of these tags."""
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x04300000, b"mntr", space, pcs)
    head += (
        struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
        + b"acsp"
        + bytes(28)
        + struct.pack(">3i", 63190, 65536, 54061)
    )
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def exif_block(orientation: int = 6, *, gps: bool = True, thumbnail: bool = True, order: str = "<") -> bytes:
    """An Exif block with maker, orientation, date, size, position and a JPEG thumbnail."""
    small = jpeg(np.full((8, 8, 3), 200, np.uint8)) if thumbnail else b""

    def directory(at: int, entries: list[tuple[int, int, int, bytes]], following: int = 0) -> bytes:
        table, tail = struct.pack(order + "H", len(entries)), b""
        behind = at + 2 + 12 * len(entries) + 4
        for tag, kind, count, content in entries:
            value = content.ljust(4, b"\0")
            if len(content) > 4:
                value = struct.pack(order + "I", behind + len(tail))
                tail += content
            table += struct.pack(order + "HHI", tag, kind, count) + value
        return table + struct.pack(order + "I", following) + tail

    short, long = (lambda v: struct.pack(order + "H", v)), (lambda v: struct.pack(order + "I", v))
    sub = [
        (0x9003, 2, 20, b"2020:02:03 04:05:06\0"),
        (0x927C, 7, 9, b"makernote"),
        (0xA002, 4, 1, long(53)),
        (0xA003, 4, 1, long(37)),
    ]
    position = [
        (1, 2, 2, b"N\0"),
        (2, 5, 3, struct.pack(order + "6I", 48, 1, 51, 1, 30, 1)),
        (3, 2, 2, b"E\0"),
    ]
    first = [(0x010F, 2, 9, b"TinctCam\0"), (0x0112, 3, 1, short(orientation)), (0x8769, 4, 1, long(0))]
    if gps:
        first.append((0x8825, 4, 1, long(0)))
    sub_at = 8 + len(directory(8, first))
    gps_at = sub_at + len(directory(sub_at, sub))
    next_at = gps_at + (len(directory(gps_at, position)) if gps else 0)
    first[2] = (0x8769, 4, 1, long(sub_at))
    if gps:
        first[3] = (0x8825, 4, 1, long(gps_at))
    out = (
        (b"II*\0" if order == "<" else b"MM\0*") + long(8) + directory(8, first, next_at if thumbnail else 0)
    )
    out += directory(sub_at, sub)
    out += directory(gps_at, position) if gps else b""
    if thumbnail:
        entries = [(0x0201, 4, 1, long(0)), (0x0202, 4, 1, long(len(small)))]
        entries[0] = (0x0201, 4, 1, long(next_at + len(directory(next_at, entries))))
        out += directory(next_at, entries) + small
    return out


def with_jpeg_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment behind its start."""
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]
