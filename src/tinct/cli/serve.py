"""``tinct serve``."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinct.loading import loading

if TYPE_CHECKING:
    from tinct.server.run import Started

__all__ = ["serve"]


def serve(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the database and the files; made if it is not there.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; loopback by default.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0, help="Jobs that run at a time; one per processor by default; 0 leaves them to others."
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Fetch no URL and send no callback; TINCT_OFFLINE for all commands."),
    ] = False,
    open_: Annotated[
        bool,
        typer.Option(
            "--open", help="Open the studio in this machine's browser, signed in by a one-time link."
        ),
    ] = False,
) -> None:
    """Start the server: database, API and worker, in one command.

    Every setting can also come from the environment, as TINCT_DATA, TINCT_HOST, TINCT_PORT and so on.
    """
    import asyncio

    with loading():
        from tinct import logs
        from tinct.cli.options import settings_from
        from tinct.server.run import serve as run

    settings = settings_from(data=data, host=host, port=port, workers=workers, offline=offline or None)
    logs.configure(repeats_per_minute=settings.log_repeats_per_minute)
    asyncio.run(run(settings, _greet, link=open_))


def _greet(started: Started) -> None:
    typer.echo(f"Tinct listens on {started.url}")
    typer.echo(f"Studio: {started.url}/studio/")
    typer.echo(f"API documentation: {started.url}/docs")
    if started.api_key:
        typer.echo(f"API key, shown only now: {started.api_key}")
    else:
        typer.echo("More API keys: tinct keys create --data DIR --name NAME")
    if started.link:
        typer.echo(f"Studio, signed in, once within minutes: {started.link}")
        threading.Thread(target=webbrowser.open, args=(started.link,), daemon=True).start()
