"""``tinct webhooks``: who is told of the end of an account's tasks. Works while the server runs, and without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.cli.backends import AsJson, Data, with_backend

if TYPE_CHECKING:
    from tinct.backend import Backend
    from tinct.jobs.callbacks.webhooks import Webhook

__all__ = ["app"]

app = typer.Typer(help="Tell addresses of the end of an account's YouCam tasks.", no_args_is_help=True)

_RECIPE = "youcam"
Account = Annotated[str, typer.Argument(help="Id of the account, acct_...")]
Id = Annotated[str, typer.Argument(help="Id of the address, hook_...")]


@app.command()
def add(
    account: Account,
    url: Annotated[str, typer.Argument(help="https address. It is checked; nothing is sent.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell an address of the end of every later task, and print the secret by which messages are signed."""

    async def action(backend: Backend) -> tuple[Webhook, str]:
        made = await backend.webhooks.add(account, _RECIPE, url)
        return made, await backend.callbacks.secret(account)

    made, secret = with_backend(data, action)
    if as_json:
        typer.echo(json.dumps(_shown(made) | {"secret": secret}))
        return
    typer.echo(f"{made.id} tells {made.url}")
    typer.echo(f"Secret of the account: {secret}")


@app.command("list")
def list_(account: Account, data: Data = None, as_json: AsJson = False) -> None:
    """Show an account's addresses, oldest first."""
    found = with_backend(data, lambda backend: backend.webhooks.list(account, _RECIPE))
    if as_json:
        typer.echo(json.dumps([_shown(one) for one in found]))
        return
    for one in found:
        typer.echo(f"{one.id}  {one.created_at:%Y-%m-%d}  {one.url}")


@app.command()
def remove(account: Account, webhook: Id, data: Data = None) -> None:
    """Tell an address nothing more."""
    found = with_backend(data, lambda backend: backend.webhooks.remove(account, webhook))
    typer.echo(f"{found.id} is removed; {found.url} is told nothing more")


@app.command("test")
def send_test(account: Account, webhook: Id, data: Data = None) -> None:
    """Send an address one signed message as of a task that has ended, and say what it answered."""
    found = with_backend(data, lambda backend: backend.webhooks.test(account, webhook))
    if not found.heard:
        typer.echo(f"{found.id}: the answer, HTTP {found.status}, does not mean success", err=True)
        raise typer.Exit(1)
    typer.echo(f"{found.id}: heard, HTTP {found.status}")


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {"id": webhook.id, "url": webhook.url, "created_at": webhook.created_at.isoformat()}
