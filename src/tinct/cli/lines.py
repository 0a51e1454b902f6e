"""Lines of text for people: of whatever files are called, and of how long work takes."""

from __future__ import annotations

import re

__all__ = ["WORTH_SAYING_S", "duration", "plain"]

WORTH_SAYING_S = 3.0
"""Seconds from which people are told beforehand how long work takes."""

_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def plain(text: str) -> str:
    r"""The text with control characters as escapes: names of files may hold line breaks (``\n``), or colours."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def duration(seconds: float) -> str:
    """How long work takes, about."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
