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
    """Of the photo that shows it: what took it, and has its hue (to 26 degrees) and .35 of its chroma or more; 0..1."""
