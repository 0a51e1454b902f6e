"""``tinct hair styles``: the operator's own library of hairstyles."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.cli.backends import AsJson
from tinct.errors import ParameterError, TinctError

if TYPE_CHECKING:
    from tinct.models.hairstyles import Style

__all__ = ["app"]

app = typer.Typer(help="The operator's own library of hairstyles, from photos.", no_args_is_help=True)


@app.command()
def add(
    folder: Annotated[
        Path, typer.Argument(help="A photo, or a folder of photos; each becomes a style of its name.")
    ],
    as_json: AsJson = False,
) -> None:
    """Add photos of people, whose hair may then be put on others; say only what those who are shown agree to.

    Words of a file's name declare what the style is: female, male; shaved, short, bob, shoulder, long; straight, wavy,
    curly; bangs; bun. A photo that does not suit is told with its reason, and left out.
    """
    from tinct.effects.hair.adding import added

    found = _photos(folder)
    rows, refused = [], 0
    for path in found:
        name = _name_of(path)
        try:
            rows.append(_row(added(name, path)))
        except TinctError as error:
            refused += 1
            typer.echo(f"tinct: {path.name}: {error}", err=True)
        else:
            if not as_json:
                typer.echo(_line(rows[-1]))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    if refused:
        raise typer.Exit(1)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show all styles of the library, and what is declared of each."""
    from tinct.models import hairstyles

    rows = [_row(style) for style in hairstyles.styles()]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(_line(row))
    if not rows:
        typer.echo("no styles yet; add some: tinct hair styles add FOLDER")


@app.command()
def remove(name: Annotated[list[str], typer.Argument(help="Styles; see: tinct hair styles list")]) -> None:
    """Forget styles, with their photos."""
    from tinct.models import hairstyles

    for one in name:
        hairstyles.remove(one)


def _photos(folder: Path) -> list[Path]:
    from tinct.photo.formats import of_path

    if os.path.isfile(folder):
        return [folder]
    inside = sorted(folder.iterdir()) if os.path.isdir(folder) else []
    found = [path for path in inside if path.is_file() and of_path(path) is not None]
    if not found:
        raise ParameterError("folder", str(folder), "a photo, or a folder that holds some")
    return found


def _name_of(path: Path) -> str:
    """The file's name as a style's: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:63] or "style"


def _row(style: Style) -> dict[str, Any]:
    return style.model_dump()


def _line(row: dict[str, Any]) -> str:
    extra = [word for word in ("bangs", "up") if row[word]]
    return f"{row['name']:32} {row['group']:7} {', '.join([row['length'], row['wave'], *extra])}"
