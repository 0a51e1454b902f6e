"""What the commands share that look into a server's data, beside it or before it ever ran."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from tinct.backend import Backend

__all__ = ["AsJson", "Data", "with_backend"]

_T = TypeVar("_T")

Data = Annotated[Path | None, typer.Option(help="Data folder of the server.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def with_backend(data: Path | None, action: Callable[[Backend], Awaitable[_T]], *, make: bool = False) -> _T:
    """What `action` finds out from the server's services.

    Parameters
    ----------
    data : Path or None
        Data folder; the settings' where none is given.
    make : bool
        Make the server's data where there is none yet.

    Raises
    ------
    StorageError
        There is no server data there, and none is to be made.
    """
    import asyncio

    from tinct.backend import open_backend
    from tinct.cli.options import settings_from
    from tinct.errors import StorageError
    from tinct.storage.place import check_made

    settings = settings_from(data=data)
    try:
        check_made(settings, files=False)
    except StorageError:
        if not make:
            raise
        if settings.database_url is None:
            typer.echo(
                f"No server has run in {settings.data} yet; its data begins there now. "
                "For a server with another folder say --data FOLDER.",
                err=True,
            )

    async def run() -> _T:
        async with open_backend(settings) as backend:
            return await action(backend)

    return asyncio.run(run())
