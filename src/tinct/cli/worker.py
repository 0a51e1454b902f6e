"""``tinct worker``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["worker"]


def worker(
    data: Annotated[
        Path | None, typer.Option(help="Data folder of a server on this machine, to work beside it.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Jobs that run at a time; one per processor by default.")
    ] = None,
    for_: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="CAPABILITY",
            help="Take only such jobs: generate, gpu, ordinary, or a capability of your own effects; may be given "
            "again. By default ordinary ones, and what else this machine has the means for.",
        ),
    ] = None,
) -> None:
    """Work on jobs of a server, here or on another machine.

    On another machine, give TINCT_DATABASE_URL, TINCT_BLOB_URL (s3://bucket/prefix) and TINCT_SECRET, as
    the server has them.
    """
    import os
    import sys

    from tinct import extras
    from tinct.cli.options import settings_from
    from tinct.storage.place import blobs_place, check_made, database_place

    settings = settings_from(data=data, workers=workers, work_for=frozenset(for_) if for_ else None)
    if lacking := extras.lacking(extras.SERVER):  # nothing is looked at then; `main` says what to install
        raise ModuleNotFoundError(f"no {', '.join(lacking)}")
    check_made(settings)
    typer.echo(f"Tinct works on jobs of {database_place(settings)}; files are in {blobs_place(settings)}")
    if settings.work_for:
        typer.echo(f"It takes jobs for: {', '.join(sorted(settings.work_for))}")
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "tinct.jobs"], settings.to_environment())
