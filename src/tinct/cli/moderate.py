"""``tinct moderate`` tells by its exit status whether a photo is unsafe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tinct.cli.batch import Done
from tinct.cli.effects import EffectCommand

if TYPE_CHECKING:
    from tinct.effects.effect import Output
    from tinct.photo.photo import Photo

__all__ = ["Command"]

_UNSAFE = 3


class Command(EffectCommand):
    """Exit status 3 if a photo is unsafe, 1 if one could not be read."""

    _unsafe = False

    def report(self, path: Path, photo: Photo, output: Output) -> Done:
        """Remember whether any photo is unsafe."""
        if output.facts["verdict"] == "unsafe":
            self._unsafe = True
        return super().report(path, photo, output)

    def line(self, path: Path, facts: Mapping[str, Any]) -> str:
        """The verdict and its score."""
        return f"{path}: {facts['verdict']} {facts['score']:.3f}"

    def finish(self) -> None:
        """Exit."""
        if self._unsafe:
            raise typer.Exit(_UNSAFE)
