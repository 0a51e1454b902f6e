"""What a photo's bytes say beyond the header, without decoding: its size when upright, and whether its end is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinct.errors import TinctError
from tinct.photo import formats
from tinct.photo.headers import Malformed
from tinct.photo.probe import facts

__all__ = ["Glance", "glance", "size_of"]

_MOST_METADATA = 8 * 2**20  # bytes of one block; orientation stands in the first
_HEAD = 2**18  # bytes; thumbnails and profiles before a size are smaller
_TURNED = 5  # orientations from here on swap width and height
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b"\xff\xd9"
_BARE = (0x01, *range(0xD0, 0xD9))  # markers without a length


@dataclass(frozen=True, kw_only=True)
class Glance:
    """A photo as it will be seen."""

    width: int
    """Pixels, after orientation."""
    height: int
    """Pixels, after orientation."""
    whole: bool
    """False where the end of the file is missing. True says nothing of what lies before."""


def glance(data: bytes) -> Glance:
    """Look at an encoded photo.

    Parameters
    ----------
    data : bytes
        The whole of it.

    Raises
    ------
    PhotoError
        Its header cannot be read; see `tinct.photo.probe.facts`.
    """
    header = facts(data)
    width, height = header.width, header.height
    if _orientation(data, header.format) >= _TURNED:
        width, height = height, width
    return Glance(width=width, height=height, whole=_ends(data, header.format))


def _orientation(data: bytes, format: str) -> int:
    row = formats.get(format)
    if row.blocks is None:
        return 1
    try:
        found: int = row.function(row.blocks)(data, _MOST_METADATA).orientation
    except (Malformed, TinctError, ValueError, IndexError):  # decoding tells what is wrong
        return 1
    return found


def _ends(data: bytes, format: str) -> bool:
    if format == "png":
        return b"IEND" in data[-(2**16) :] or b"IEND" in data
    if format == "jpeg":
        scan = _scan(data)
        return scan is None or data.find(_END_OF_IMAGE, scan) >= 0
    return True  # the header of other formats says how long they are


def _scan(data: bytes) -> int | None:
    """Where the first scan begins; None where the segments before it cannot be followed.

    Thumbnails in metadata have an end mark of their own, so that only what follows the first scan counts.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            return at
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def size_of(path: Path) -> int:
    """Pixels of a photo in a file, by its header; 0 where that cannot be read.

    Parameters
    ----------
    path : Path
        Only the beginning of the file is read, as far as headers usually reach.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            try:
                header = facts(head)
            except TinctError:
                header = facts(head + file.read())
    except (OSError, ValueError, TinctError):
        return 0
    return header.width * header.height
