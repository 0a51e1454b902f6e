"""Which bytes of an object are wanted, and whether at all: ``Range`` and ``If-*``, as RFC 9110 has them.

Pure functions over header texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

__all__ = ["Verdict", "span", "verdict"]

_RANGE: Final = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII | re.IGNORECASE)


class Verdict(Enum):
    """What conditions lead to."""

    GO = "go"
    """Do what was asked."""
    UNCHANGED = "unchanged"
    """The caller has it already: 304 for a read."""
    FAILED = "failed"
    """412."""


def verdict(headers: Mapping[str, str], etag: str, modified_at: datetime, *, prefix: str = "") -> Verdict:
    """Judge ``If-Match``, ``If-Unmodified-Since``, ``If-None-Match`` and ``If-Modified-Since``, in this order.

    Parameters
    ----------
    headers : mapping of str to str
        By lower-case name.
    etag : str
        Of the object, without quotes.
    modified_at : datetime
        Of the object; conditions know whole seconds.
    prefix : str
        Before each header's name: ``x-cos-copy-source-`` for the source of a copy.
    """
    modified_at = modified_at.replace(microsecond=0)
    wanted = headers.get(f"{prefix}if-match")
    if wanted is not None:
        if not _names(wanted, etag):
            return Verdict.FAILED
    elif (since := _date(headers.get(f"{prefix}if-unmodified-since"))) and modified_at > since:
        return Verdict.FAILED
    unwanted = headers.get(f"{prefix}if-none-match")
    if unwanted is not None:
        if _names(unwanted, etag):
            return Verdict.UNCHANGED
    elif (since := _date(headers.get(f"{prefix}if-modified-since"))) and modified_at <= since:
        return Verdict.UNCHANGED
    return Verdict.GO


def span(text: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end of a range in something of `size` bytes.

    Returns
    -------
    tuple of int and int, or None
        Not before each other where no byte can be served. None for the whole: nothing is asked, or something that is
        not one range of bytes.
    """
    found = _RANGE.fullmatch((text or "").strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many bytes
        count = min(int(found[2]), size)
        return (size - count, size) if count else (size, size)
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return None
    return first, min(int(found[2]) + 1, size) if found[2] else size


def _names(tags: str, etag: str) -> bool:
    """Whether a list of entity tags, quoted or not, weak or not, names this one."""
    each = (tag.strip().removeprefix("W/").strip('"') for tag in tags.split(","))
    return any(tag in ("*", etag) for tag in each)


def _date(text: str | None) -> datetime | None:
    """An HTTP date; None for what is not one, which RFC 9110 has us ignore."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
