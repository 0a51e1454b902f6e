"""``tinct callbacks``: who was told of a job's end, and who was not. Works while the server runs, and without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.cli.backends import AsJson, Data, with_backend

if TYPE_CHECKING:
    from tinct.backend import Backend
    from tinct.jobs.callbacks.service import Stored

__all__ = ["app"]

app = typer.Typer(help="List, show and send again what callback addresses are told.", no_args_is_help=True)

For = Annotated[str, typer.Option("--for", help="Wire format whose accounts have an address of their own.")]
Id = Annotated[str, typer.Argument(help="Id of the callback, msg_...")]


@app.command("list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only this account's.")] = None,
    job: Annotated[str | None, typer.Option(help="Only this job's.")] = None,
    state: Annotated[
        str | None, typer.Option(help="Only these: waiting, delivered, failed, stopped or dropped.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=10_000)] = 100,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show callbacks, newest first."""
    from tinct.jobs.callbacks.outbox import State

    if state is not None and state not in list(State):
        raise typer.BadParameter(f"{state!r} is not one of {', '.join(State)}")
    wanted = State(state) if state is not None else None
    found = with_backend(
        data, lambda backend: backend.callbacks.list(account, job_id=job, state=wanted, limit=limit)
    )
    if as_json:
        typer.echo(json.dumps([_shown(one) for one in found]))
        return
    for one in found:
        next_try = f"  next {one.due_at:%Y-%m-%d %H:%M:%S}" if one.due_at else ""
        typer.echo(f"{one.id}  {one.state:9}  {one.tries:2} tries  {one.job_id}  {one.url}{next_try}")


@app.command()
def show(callback: Id, data: Data = None, as_json: AsJson = False) -> None:
    """Show a callback with its message and every try."""
    found = with_backend(data, lambda backend: backend.callbacks.get(callback))
    if as_json:
        typer.echo(json.dumps(_shown(found)))
        return
    for name, value in _shown(found).items():
        if name != "attempts":
            typer.echo(f"{name:10} {value if value is not None else '-'}")
    for attempt in found.attempts:
        status = attempt.status if attempt.status is not None else "-"
        typer.echo(
            f"try {attempt.number:3}    {attempt.started_at:%Y-%m-%d %H:%M:%S}  {status}  {attempt.outcome}"
        )


@app.command()
def replay(callback: Id, data: Data = None) -> None:
    """Send a callback again, from the first try, under the same id. An address that wanted no more gets them again."""
    again = with_backend(data, lambda backend: backend.callbacks.replay(callback))
    typer.echo(f"{again.id} is {again.state}; a worker sends it: tinct callbacks show {again.id}")


@app.command()
def secret(
    account: Annotated[str, typer.Argument(help="Id of the account.")],
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new one; the old one signs too for a day.")
    ] = False,
    data: Data = None,
) -> None:
    """Print the secret by which an account's callbacks are signed."""

    async def action(backend: Backend) -> str:
        await backend.accounts.get(account)
        return await (backend.callbacks.rotate(account) if rotate else backend.callbacks.secret(account))

    typer.echo(with_backend(data, action))


@app.command("set")
def set_(
    account: Annotated[str, typer.Argument(help="Id of the account.")],
    url: Annotated[str, typer.Argument(help="Address that is told of every job's end; empty for none.")],
    wanted: For = "picma",
    data: Data = None,
) -> None:
    """Set the address that an account's jobs are told to unless they name another. It is checked; nothing is sent."""
    with_backend(data, lambda backend: backend.callbacks.set_address(account, wanted, url or None))
    typer.echo(f"{account}: {wanted} tells {url}" if url else f"{account}: {wanted} tells nobody")


@app.command("test")
def send_test(
    url: Annotated[str, typer.Argument(help="Address to send a test to.")],
    account: Annotated[str, typer.Option(help="Account whose token it bears; none without this.")] = "",
    wanted: For = "picma",
    data: Data = None,
) -> None:
    """Send an address one test message as of a job that has ended, and say what it answered."""
    found = with_backend(data, lambda backend: backend.callbacks.test(url, wanted, account))
    if not found.heard:
        typer.echo(f"{found.id}: the answer, HTTP {found.status}, does not mean success", err=True)
        raise typer.Exit(1)
    typer.echo(f"{found.id}: heard, HTTP {found.status}")


def _shown(stored: Stored) -> dict[str, Any]:
    return {
        "id": stored.id,
        "state": stored.state.value,
        "account": stored.account,
        "job": stored.job_id,
        "recipe": stored.recipe,
        "url": stored.url,
        "tries": stored.tries,
        "created_at": stored.created_at.isoformat(),
        "ended_at": stored.ended_at.isoformat() if stored.ended_at else None,
        "due_at": stored.due_at.isoformat() if stored.due_at else None,
        "body": stored.body.decode("utf-8", "replace") if stored.body is not None else None,
        "attempts": [
            {
                "number": attempt.number,
                "started_at": attempt.started_at.isoformat(),
                "ended_at": attempt.ended_at.isoformat() if attempt.ended_at else None,
                "status": attempt.status,
                "outcome": attempt.outcome.value,
            }
            for attempt in stored.attempts
        ],
    }
