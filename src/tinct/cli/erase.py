"""``tinct erase`` also takes rectangles in place of a mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from tinct.cli.effects import EffectCommand
from tinct.cli.parameters import Options
from tinct.errors import ParameterError

if TYPE_CHECKING:
    from tinct.effects.effect import Output

__all__ = ["Command"]


class Command(EffectCommand):
    """A mask, or rectangles."""

    extra: ClassVar[Options] = {
        "box": (
            list[str] | None,
            typer.Option(
                None, metavar="X,Y,WIDTH,HEIGHT", help="A rectangle to remove, in pixels. May be given again."
            ),
        ),
        "mask": (
            Path | None,
            typer.Option(None, metavar="FILE", help="Grey picture of the photo's size: white is removed."),
        ),
    }
    replaced = frozenset({"mask"})

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Without a mask, the boxes are one; it is drawn for each photo."""
        self._boxes = [_rectangle(text) for text in self.given["box"] or []]
        if (self.given["mask"] is None) == (not self._boxes):
            found = "both" if self._boxes else "neither --mask nor --box"
            raise ParameterError("mask", found, "either --mask FILE or --box x,y,width,height")
        inputs, params = super().read()
        return inputs or {"mask": ""}, params

    def make(self, photos: Mapping[str, Any], progress: Callable[[float], None]) -> Output:
        """With the boxes as a mask of this photo's size."""
        from tinct.imaging.fill.mask import boxes

        if self._boxes:
            photos = {**photos, "mask": boxes(photos["image"], self._boxes)}
        return super().make(photos, progress)


def _rectangle(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ParameterError("box", text, "x,y,width,height as whole numbers") from None
    return x, y, width, height
