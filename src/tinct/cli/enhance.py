"""``tinct enhance`` also says beforehand how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinct.cli.effects import EffectCommand

__all__ = ["Command"]

_WORTH_SAYING = 3.0  # seconds


class Command(EffectCommand):
    """Slow work is tried on a small part of the photo first."""

    def foretell(self, path: Path, photos: Mapping[str, Any]) -> str | None:
        """From a trial on a small part of the photo."""
        from tinct.effects.enhance.enhance import plan

        asked = {name: value for name, value in dict(self.params).items() if name not in ("faces", "deblur")}
        before = plan(photos["image"], **asked).estimate
        if before.seconds < _WORTH_SAYING:
            return None
        return f"{path}: about {_duration(before.seconds)} ({before.engine}, tiles: {before.tiles})"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
