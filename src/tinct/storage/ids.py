"""Ids of everything that is stored."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Final

__all__ = ["new_id"]

# Crockford's base 32: sorts like the number, no look-alikes
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_lock = threading.Lock()
_last = 0  # milliseconds of the newest id


def new_id(prefix: str) -> str:
    """A new id such as ``job_01k2…``: sorts by time (48 bits of milliseconds), 80 random bits, URL-safe.

    Ids of one process sort in the order in which they were made, even within a millisecond: each takes a millisecond
    of its own, ahead of the clock if need be.
    """
    global _last
    with _lock:
        _last = max(int(time.time() * 1000), _last + 1)
        number = (_last << 80) | secrets.randbits(80)
    digits = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(digits))}"
