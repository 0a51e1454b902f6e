"""Arguments and options that commands share: which photos, where results go, how they are written."""

from __future__ import annotations

from pathlib import Path

import typer

from tinct.cli.parameters import Options
from tinct.photo import formats

__all__ = ["AS_JSON", "JSON", "PHOTOS", "RECURSIVE", "RESULTS"]

PHOTOS = typer.Argument(
    metavar="PHOTO...",
    help="Files, folders or patterns; - is standard input. Of a folder, hidden files and results of its other photos "
    "are left alone.",
)
RECURSIVE = typer.Option(False, "--recursive", "-r", help="Also take photos of folders inside folders.")
AS_JSON = typer.Option(False, "--json", help="Print one JSON document.")


def _formats(incomplete: str) -> list[str]:
    """For completion in the shell."""
    return [name for row in formats.FORMATS if row.writable for name in {row.name, row.ending[1:]}]


RESULTS: Options = {
    "sheet": (
        Path | None,
        typer.Option(None, metavar="FILE", help="A before/after contact sheet; renewed by --skip-existing."),
    ),
    "output": (
        Path | None,
        typer.Option(
            None,
            "--output",
            "-o",
            metavar="FILE|FOLDER|-",
            help="A folder, or a file for a single result; - is standard output. By default each result lies beside "
            "its photo, and that of standard input goes to standard output.",
        ),
    ),
    "format": (
        str | None,
        typer.Option(
            None,
            metavar="NAME",
            help="jpg, png, webp, tiff, heic or avif; else what suits it.",
            autocompletion=_formats,
        ),
    ),
    "quality": (
        str,
        typer.Option("92", metavar="[1 to 100]", help="Of formats that lose detail: jpg, webp, heic, avif."),
    ),
    "keep_gps": (bool, typer.Option(False, "--keep-gps", help="Keep the place in the metadata.")),
    "overwrite": (bool, typer.Option(False, "--overwrite", help="Replace files of the same name.")),
    "skip_existing": (
        bool,
        typer.Option(False, "--skip-existing", help="Leave out photos whose results are there already."),
    ),
}
"""Where results go, and how they are written; the same for every effect that makes photos."""
JSON: Options = {"json": (bool, AS_JSON)}
