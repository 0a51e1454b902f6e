"""``tinct enhance`` also says beforehand how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinct.cli.effects import EffectCommand
from tinct.cli.lines import WORTH_SAYING_S, duration

__all__ = ["Command"]


class Command(EffectCommand):
    """Slow work is tried on a small part of the photo first."""

    def foretell(self, path: Path, photos: Mapping[str, Any]) -> str | None:
        """From a trial on a small part of the photo."""
        from tinct.effects.enhance.enhance import plan

        asked = {name: value for name, value in dict(self.params).items() if name not in ("faces", "deblur")}
        before = plan(photos["image"], **asked).estimate
        if before.seconds < WORTH_SAYING_S:
            return None
        return f"{path}: about {duration(before.seconds)} ({before.engine}, tiles: {before.tiles})"
