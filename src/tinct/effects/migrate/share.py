"""What became of a swatch: the one word on palettes that callers get without fitting any."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SwatchShare"]


@dataclass(frozen=True, kw_only=True)
class SwatchShare:
    """What became of a swatch."""

    color: str
    """``#RRGGBB``."""
    share: float
    """Of the photo that took it, 0..1."""
