"""``tinct palette``: the dominant colours of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinct.cli import batch, inputs
from tinct.cli.common import AS_JSON, PHOTOS, RECURSIVE

__all__ = ["palette"]

_WIDTH = 40  # character cells of the drawn strip


def palette(
    photos: list[str] = PHOTOS,
    recursive: bool = RECURSIVE,
    count: Annotated[int, typer.Option(help="Most colours to show.", min=1, max=32)] = 6,
    json: bool = AS_JSON,
) -> None:
    """Print and draw the dominant colours of photos."""
    import tinct

    def work(path: Path) -> batch.Done:
        colors = tinct.dominant_colors(inputs.opened(path), count)
        listed = [
            {"color": c.hex, "share": round(c.share, 4), "lab": [round(v, 2) for v in c.lab]} for c in colors
        ]
        return batch.Done({"colors": listed}, [lambda: _draw(str(path), [(c.hex, c.share) for c in colors])])

    batch.run(batch.collect(photos, recursive=recursive), work, as_json=json, abreast=True)


def _draw(title: str, colors: list[tuple[str, float]]) -> None:
    """A strip in proportion to the shares, then a line per colour."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    strip = Text()
    for color, share in colors:
        strip.append(" " * max(1, round(share * _WIDTH)), style=f"on {color}")
    console.print(title, markup=False)
    if console.color_system is not None:
        console.print(strip)
    for color, share in colors:
        console.print(Text("██ ", style=color) + Text(f"{color}  {share:6.1%}"))
