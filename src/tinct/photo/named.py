"""A colour as people write it: CSS's names, and hexadecimal digits."""

from __future__ import annotations

import re

__all__ = ["WRITTEN", "named"]

WRITTEN = "a CSS name such as navy, #RGB, #RRGGBB or AARRGGBB"
"""What is understood, for sentences; the # may be left out, alpha is ignored."""
_DIGITS = re.compile(r"#?(?:[0-9a-fA-F]{2})?([0-9a-fA-F]{6})")
_SHORT = re.compile(r"#?([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")


def named(text: str) -> str | None:
    """A colour as ``#RRGGBB``, upper case; None if `text` is not one of `WRITTEN`."""
    from PIL.ImageColor import colormap

    text = text.strip()
    if known := colormap.get(text.lower()):
        text = known if isinstance(known, str) else "#" + bytes(known[:3]).hex()
    if short := _SHORT.fullmatch(text):
        text = "".join(digit * 2 for digit in short.groups())
    match = _DIGITS.fullmatch(text)
    return "#" + match[1].upper() if match else None
