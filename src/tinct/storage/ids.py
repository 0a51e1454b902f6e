"""Ids of everything that is stored."""

from __future__ import annotations

import secrets
import time
from typing import Final

__all__ = ["new_id"]

_ALPHABET: Final = (
    "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: sorts like the number, no look-alikes
)


def new_id(prefix: str) -> str:
    """A new id such as ``job_01k2…``: sorts by time (48 bits of milliseconds), 80 random bits, URL-safe."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    digits = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(digits))}"
