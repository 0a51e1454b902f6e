"""The photo formats: one row each, the only place where a format is told.

Names, endings, media types, how a file is recognised, read and written, and what it can hold: probing, decoding,
encoding, content types, endings in folders and the choices of every interface are derived from these rows. A new
format is one row and the functions that it names.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from tinct.errors import UnsupportedPhotoError
from tinct.photo import bmp_header, headers, iso, tiff
from tinct.photo.headers import Header

__all__ = [
    "FORMATS",
    "READABLE",
    "WRITABLE",
    "Format",
    "get",
    "is_raw",
    "kept",
    "named",
    "of_media_type",
    "of_path",
    "sniff",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One photo format."""

    name: str
    """What Tinct calls it."""
    title: str
    """What people call it."""
    media_types: tuple[str, ...]
    """The first is sent; all are understood."""
    endings: tuple[str, ...]
    """Of file names, lower case, with the dot; new files get the first."""
    magic: Callable[[bytes], bool]
    """Whether a file that begins so (64 bytes are enough) is one."""
    header: Callable[[bytes], Header]
    """Reads size and kind from the container."""
    loader: str
    """``module:function`` that decodes, imported when it is first needed; an operation of libvips without colon."""
    blocks: str | None = None
    """``module:function`` that finds metadata in the container; None where there is none or the loader finds it."""
    writer: str | None = None
    """``module:function`` that encodes; None where the format is only read."""
    depths: tuple[int, ...] = (8,)
    """Bits per channel that are written; a deeper photo gets the last."""
    channels: tuple[int, ...] = (3,)
    """Numbers of channels that are written: 1 gray, 2 gray with opacity, 3 colours, 4 with opacity."""
    longest: int | None = None
    """Pixels of the longest side that can be written."""
    lossy: bool = False
    """Whether the quality chooses what is lost."""
    carries: frozenset[str] = frozenset()
    """What has a place of its own in the container: ``iptc``, ``resolution``; else XMP and Exif carry it."""
    needs: tuple[str, str] | None = None
    """A package that must be installed, and the extra that brings it."""

    @property
    def ending(self) -> str:
        """Ending of new files, with the dot."""
        return self.endings[0]

    @property
    def media_type(self) -> str:
        """What is sent as content type."""
        return self.media_types[0]

    @property
    def writable(self) -> bool:
        """Whether photos can be encoded so, perhaps after an extra is installed."""
        return self.writer is not None

    @property
    def installed(self) -> bool:
        """Whether the package that it needs is there."""
        if self.needs is None:
            return True
        try:
            return importlib.util.find_spec(self.needs[0]) is not None
        except ValueError:  # it was taken out of the loaded modules
            return False

    def check_installed(self) -> None:
        """Refuse work that needs a missing package.

        Raises
        ------
        UnsupportedPhotoError
            The package is missing; says what to install.
        """
        if self.needs is not None and not self.installed:
            raise UnsupportedPhotoError(
                f"{self.title} photos need an extra that is not installed; "
                f'run: pip install "tinct[{self.needs[1]}]"'
            )

    def function(self, place: str) -> Any:
        """The function that a row names."""
        module, _, name = place.partition(":")
        return getattr(importlib.import_module(module), name)


def _starts(*words: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(words)


def _branded(*brands: bytes, without: frozenset[bytes] = frozenset()) -> Callable[[bytes], bool]:
    """An ISO base media file that names one of the brands and none of some others."""

    def matches(head: bytes) -> bool:
        if head[4:8] != b"ftyp":
            return False
        end = min(int.from_bytes(head[:4], "big"), 64)
        found = {head[8:12], *(head[i : i + 4] for i in range(16, end, 4))}
        return bool(found & set(brands)) and not found & without

    return matches


_AVIF = (b"avif", b"avis")

FORMATS: tuple[Format, ...] = (
    Format(
        name="jpeg",
        title="JPEG",
        media_types=("image/jpeg", "image/jpg", "image/pjpeg"),
        endings=(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".pjpeg", ".pjp", ".mpo"),
        magic=_starts(b"\xff\xd8\xff"),
        header=headers.jpeg,
        loader="jpegload_source",
        blocks="tinct.photo.metadata:jpeg",
        writer="tinct.photo.writers:jpeg",
        channels=(1, 3),
        carries=frozenset(("iptc", "resolution")),
        longest=65_500,
        lossy=True,
    ),
    Format(
        name="png",
        title="PNG",
        media_types=("image/png",),
        endings=(".png",),
        magic=_starts(b"\x89PNG\r\n\x1a\n"),
        header=headers.png,
        loader="pngload_source",
        blocks="tinct.photo.metadata:png",
        writer="tinct.photo.writers:png",
        carries=frozenset(("resolution",)),
        depths=(8, 16),
        channels=(1, 2, 3, 4),
    ),
    Format(
        name="webp",
        title="WebP",
        media_types=("image/webp",),
        endings=(".webp",),
        magic=lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        header=headers.webp,
        loader="webpload_source",
        blocks="tinct.photo.metadata:webp",
        writer="tinct.photo.writers:webp",
        channels=(3, 4),
        longest=16_383,
        lossy=True,
    ),
    Format(
        name="tiff",
        title="TIFF",
        media_types=("image/tiff",),
        endings=(".tif", ".tiff"),
        magic=_starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
        header=tiff.header,
        loader="tiffload_source",
        blocks="tinct.photo.metadata:tiff_file",
        writer="tinct.photo.writers:tiff",
        carries=frozenset(("iptc", "resolution")),
        depths=(8, 16),
        channels=(1, 2, 3, 4),
    ),
    Format(
        name="heif",
        title="HEIC",
        media_types=("image/heif", "image/heic"),
        endings=(".heic", ".heif", ".hif"),
        magic=_branded(b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", without=frozenset(_AVIF)),
        header=iso.header,
        loader="tinct.photo.heif:decode",
        blocks="tinct.photo.metadata:avif",
        writer="tinct.photo.heif:encode",
        depths=(8, 10),
        channels=(3, 4),
        longest=16_384,
        lossy=True,
        needs=("pillow_heif", "heic"),
    ),
    Format(
        name="avif",
        title="AVIF",
        media_types=("image/avif",),
        endings=(".avif",),
        magic=_branded(*_AVIF),
        header=iso.header,
        loader="heifload_source",
        blocks="tinct.photo.metadata:avif",
        writer="tinct.photo.writers:avif",
        depths=(8, 10),
        channels=(3, 4),
        longest=16_384,
        lossy=True,
    ),
    Format(
        name="bmp",
        title="BMP",
        media_types=("image/bmp", "image/x-ms-bmp"),
        endings=(".bmp", ".dib"),
        magic=bmp_header.matches,
        header=bmp_header.header,
        loader="tinct.photo.bmp:decode",
    ),
    Format(
        name="gif",
        title="GIF",
        media_types=("image/gif",),
        endings=(".gif",),
        magic=_starts(b"GIF87a", b"GIF89a"),
        header=headers.gif,
        loader="gifload_source",
        blocks="tinct.photo.metadata:gif",
    ),
)

WRITABLE = tuple(row.name for row in FORMATS if row.writable)
"""Names of the formats that photos can be encoded in."""
_TITLES = [row.title for row in FORMATS]
READABLE = f"{', '.join(_TITLES[:-1])} or {_TITLES[-1]}"
"""The formats that are read, for sentences."""

_BY_NAME = {row.name: row for row in FORMATS}
_BY_ENDING = {ending: row for row in FORMATS for ending in row.endings}
_BY_MEDIA_TYPE = {kind: row for row in FORMATS for kind in row.media_types}


def get(name: str) -> Format:
    """The row of a format's name; a KeyError for any other word."""
    return _BY_NAME[name]


@functools.cache
def named(text: str) -> Format | None:
    """The format that a person means by a name or an ending, such as ``jpg``, ``JPEG`` or ``.tif``; or None."""
    word = text.strip().lower().removeprefix(".")
    return _BY_NAME.get(word) or _BY_ENDING.get("." + word)


def of_path(path: str | PurePath) -> Format | None:
    """The format that a file name's ending stands for, or None."""
    return _BY_ENDING.get(PurePath(path).suffix.lower())


def of_media_type(media_type: str) -> Format | None:
    """The format of a content type, or None; parameters behind it do not matter."""
    return _BY_MEDIA_TYPE.get(media_type.partition(";")[0].strip().lower())


_RAW = (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR")


def is_raw(data: bytes) -> bool:
    """Whether the first bytes are those of a camera's raw file that is no TIFF: RAF, RW2, ORF, X3F, MRW, CRW, CR3."""
    head = bytes(data[:64])
    return head.startswith(_RAW) or head[4:12] == b"ftypcrx "


def sniff(data: bytes) -> Format | None:
    """The format that the first bytes announce, or None."""
    head = bytes(data[:64])
    return next((row for row in FORMATS if row.magic(head)), None)


def kept(source: str | None) -> str:
    """The format of a result for which none is asked: its source's where that can be written, else PNG."""
    row = _BY_NAME.get(source or "")
    return row.name if row is not None and row.writable and row.installed else "png"
