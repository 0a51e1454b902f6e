"""The boxes of HEIF and AVIF files (ISO base media), and the header that they amount to."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tinct.photo.headers import Header, Malformed, need

__all__ = ["header"]

_BOX_CAP = 20_000  # boxes looked at; a 200-megapixel HEIC in tiles has some hundred properties
_PARENTS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}
_LEAVES = {b"ispe", b"pixi", b"auxC", b"stsz"}


def _leaves(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The (name, start, end) of the boxes that matter, wherever they lie."""
    waiting = [(0, len(data))]
    for _ in range(_BOX_CAP):
        if not waiting:
            return
        at, end = waiting.pop()
        if at + 8 > end:
            continue
        size, name = struct.unpack(">I4s", need(data, at, 8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", need(data, at + 8, 8))[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            if end == len(data) and not name.isalnum():
                continue  # bytes behind the last box
            raise Malformed
        waiting.append((at + size, end))
        if name in _PARENTS:
            waiting.append((at + head + _PARENTS[name], at + size))
        elif name in _LEAVES:
            yield name, at + head, at + size
    raise Malformed


def header(data: bytes) -> Header:
    """The largest picture that the properties name, and the samples of a sequence as frames."""
    size = int.from_bytes(need(data, 0, 4), "big")
    brands = need(data, 8, min(size, 256) - 8)
    kind = "avif" if b"avif" in brands or b"avis" in brands else "heif"
    sizes, alpha, depth, frames = [], False, 8, 1
    for name, start, end in _leaves(data):
        if name == b"ispe":
            sizes.append(struct.unpack(">II", need(data, start + 4, 8)))
        elif name == b"pixi":
            depth = max(depth, *data[start + 5 : min(end, start + 21)], 8)
        elif name == b"auxC":
            alpha = alpha or b"alpha" in data[start : min(end, start + 64)]
        elif name == b"stsz":
            frames = max(frames, int.from_bytes(need(data, start + 8, 4), "big"))
    if not sizes:
        raise Malformed
    width, height = max(s[0] for s in sizes), max(s[1] for s in sizes)
    return Header(kind, width, height, 4 if alpha else 3, depth, min(frames, 1000), alpha)
