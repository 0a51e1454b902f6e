"""One line of text for people, whatever a file is called."""

from __future__ import annotations

import re

__all__ = ["plain"]

_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def plain(text: str) -> str:
    r"""The text with control characters as escapes: names of files may hold line breaks (``\n``), or colours."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)
