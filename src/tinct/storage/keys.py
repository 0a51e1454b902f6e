"""Which names a stored object may have. Checked before any disk or bucket is touched."""

from __future__ import annotations

import re
from typing import Final

from tinct.errors import BlobKeyError

__all__ = ["check_key", "safe_name"]

_LONGEST_KEY: Final = 1024  # bytes, as in S3
_LONGEST_NAME: Final = 120  # characters of a download name
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f\\]")


def check_key(key: str) -> str:
    """Give back `key` if it is a plain relative path that is safe on every disk and in every bucket.

    Raises
    ------
    BlobKeyError
        Empty or too long, an absolute path, an empty, dotted or device segment, a backslash or a control character.
    """
    if not key or len(key.encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
        raise BlobKeyError(f"a storage key has 1 to {_LONGEST_KEY} bytes; this one has {len(key)} characters")
    if _FORBIDDEN.search(key) or any("\ud800" <= letter <= "\udfff" for letter in key):
        raise BlobKeyError("a storage key holds no backslash, control character or half of a character pair")
    for segment in key.split("/"):
        if (
            not segment
            or segment.startswith(".")
            or segment.endswith((".", " "))
            or _DEVICES.fullmatch(segment)
        ):
            raise BlobKeyError(
                "each part of a storage key is a plain name: not empty, no leading or trailing dot"
            )
    return key


def safe_name(name: str | None, fallback: str) -> str:
    """A download name that is safe in a header, an archive and on a disk.

    Parameters
    ----------
    name : str or None
        What the caller called the file; folders in it are dropped.
    fallback : str
        Used when nothing is left.
    """
    last = re.split(r"[/\\]", name or "")[-1]
    kept = re.sub(r"[^\w.\- ()]", "_", last).strip(" .")[:_LONGEST_NAME].strip(" .")
    return f"_{kept}" if _DEVICES.fullmatch(kept) else kept or fallback
