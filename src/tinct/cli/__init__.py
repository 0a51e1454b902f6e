"""The command ``tinct``."""

from __future__ import annotations

import sys

import typer

from tinct import extras
from tinct.cli import (
    background,
    colorize,
    correct,
    credits,
    enhance,
    erase,
    faces,
    keys,
    light,
    migrate,
    models,
    moderate,
    palette,
    serve,
    worker,
)
from tinct.errors import ParameterError, TinctError

__all__ = ["app", "main"]

app = typer.Typer(help="Photo colour: as a library, a command line and a server.", no_args_is_help=True)
app.command()(migrate.migrate)
app.command()(colorize.colorize)
app.command()(background.background)
app.command()(correct.correct)
app.command()(enhance.enhance)
app.command()(erase.erase)
app.command()(faces.faces)
app.command()(light.light)
app.command()(moderate.moderate)
app.command()(palette.palette)
app.command()(serve.serve)
app.command()(worker.worker)
app.add_typer(credits.app, name="credits")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command line; an error of Tinct is one sentence, and exit status 2 for a wrong option, else 1."""
    try:
        app()
    except TinctError as error:
        typer.echo(f"tinct: {error}", err=True)
        sys.exit(2 if isinstance(error, ParameterError) else 1)
    except ModuleNotFoundError:
        if not extras.lacking(extras.SERVER):
            raise
        typer.echo(
            f"tinct: this command belongs to the server, which is not installed; run: {extras.command(extras.SERVER)}",
            err=True,
        )
        sys.exit(2)
