"""``tinct keys``: who may use a server. Works while it runs, and before it ever did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from tinct.accounts.keys import Account, NewAccount
    from tinct.jobs.backend import Backend

    _T = TypeVar("_T")

__all__ = ["app"]

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="Data folder of the server.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who it is for.")],
    data: Data = None,
    credits: Annotated[
        int | None, typer.Option(help="Credits it may spend; without this it may spend any number.", min=0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account with an API key, and print the key: it is shown only now."""
    made = _with_backend(data, lambda backend: backend.accounts.create(name, credits=credits))
    if as_json:
        typer.echo(json.dumps(_credentials(made)))
    else:
        typer.echo(f"Account {made.account.id} ({made.account.name})")
        typer.echo(f"API key, shown only now: {made.api_key}")


@app.command("list")
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """Show all accounts, without their keys."""
    accounts = _with_backend(data, lambda backend: backend.accounts.list())
    if as_json:
        typer.echo(json.dumps([_shown(account) for account in accounts]))
        return
    for account in accounts:
        state = "revoked" if account.revoked_at else "unlimited" if account.unlimited else "credits"
        typer.echo(f"{account.id}  {account.created_at:%Y-%m-%d}  {state:9}  {account.name}")


@app.command()
def revoke(account: Annotated[str, typer.Argument(help="Id of the account.")], data: Data = None) -> None:
    """Refuse everything of an account from now on."""
    if not _with_backend(data, lambda backend: backend.accounts.revoke(account)):
        typer.echo(f"There is no live account {account}; see: tinct keys list", err=True)
        raise typer.Exit(1)
    typer.echo(f"Revoked {account}")


def _credentials(made: NewAccount) -> dict[str, object]:
    """What the clients of each wire format need."""
    return {
        "id": made.account.id,
        "api_key": made.api_key,
        "ailab": {"api_key": made.api_key},
    }


def _shown(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "name": account.name,
        "unlimited": account.unlimited,
        "created_at": account.created_at.isoformat(),
        "revoked_at": account.revoked_at.isoformat() if account.revoked_at else None,
    }


def _with_backend(data: Path | None, action: Callable[[Backend], Awaitable[_T]]) -> _T:
    import asyncio

    from tinct.cli.options import settings_from
    from tinct.jobs.backend import open_backend

    settings = settings_from(data=data)

    async def run() -> _T:
        async with open_backend(settings) as backend:
            return await action(backend)

    return asyncio.run(run())
