"""The free texts of JPEG (COM segments), GIF (comment extensions) and Pillow's images, as captions of XMP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tinct.photo import headers
from tinct.photo.xmp import Facts

__all__ = ["facts", "of_gif", "of_jpeg"]

_ENCODERS = re.compile(
    r"gd-jpeg|JPEG encoder|\bquality\s*[=:]|^Lav[cf]\d|LEAD Technologies|JPEGmini|jpeg-recompress|AppleMark"
    r"|written by Adobe|^(made|created|optimi[sz]ed|compressed) (with|by) ",
    re.IGNORECASE,
)
"""What programs sign with: it is no caption, and is not true of a file that another program writes."""


def facts(comments: Iterable[bytes], allowed: int) -> Facts:
    """Comments as a caption, which a packet takes where it has none; nothing where only programs speak.

    Parameters
    ----------
    comments : iterable of bytes
        In UTF-8, or else in Windows' Latin.
    allowed : int
        Bytes of all; the rest is left out.
    """
    said: list[str] = []
    for comment in comments:
        allowed -= len(comment)
        text = _text(comment)
        if allowed >= 0 and text and text not in said and not _ENCODERS.search(text):
            said.append(text)
    return {("dc", "description"): ("\n".join(said),)} if said else {}


def _text(comment: bytes) -> str:
    plain = comment.strip(b"\0 \r\n\t")
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain.decode("cp1252", "replace")


def of_jpeg(data: bytes) -> Iterator[bytes]:
    """The comments in front of the first scan."""
    return (body for marker, body in headers.jpeg_segments(data) if marker == 0xFE)


def of_gif(data: bytes) -> Iterator[bytes]:
    """The comments of a GIF file, as far as its blocks can be followed."""
    try:
        for lead, label, parts in headers.gif_blocks(data):
            if (lead, label) == (0x21, 0xFE):
                yield b"".join(parts)
    except headers.Malformed:  # the picture may still be whole
        return
