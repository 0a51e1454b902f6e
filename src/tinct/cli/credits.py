"""``tinct credits``: what accounts may spend, and what they spent it on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tinct.cli.backends import AsJson, Data, with_backend

if TYPE_CHECKING:
    from tinct.accounts.credits import Balance, Entry
    from tinct.backend import Backend

__all__ = ["app"]

app = typer.Typer(help="Grant credits, and show balances and history.", no_args_is_help=True)

AccountId = Annotated[str, typer.Argument(help="Id of the account; see: tinct keys list.")]


@app.command()
def grant(
    account: AccountId,
    amount: Annotated[int, typer.Argument(help="How many.", min=1)],
    kind: Annotated[
        str, typer.Option(help="What they come from, such as subscription, bought or gift.")
    ] = "grant",
    days: Annotated[
        float | None, typer.Option(help="Days after which what is left lapses; without this it never does.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(help="When what is left lapses, in UTC; instead of --days.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give credits to an account. Those that lapse first are spent first."""
    if days is not None and expires is not None:
        raise typer.BadParameter("give --days or --expires, not both")
    end = (
        expires.replace(tzinfo=UTC) if expires else datetime.now(UTC) + timedelta(days=days) if days else None
    )
    if (days is not None and days <= 0) or (end is not None and end <= datetime.now(UTC)):
        raise typer.BadParameter("credits that have lapsed already are of no use; give a later time")

    async def action(backend: Backend) -> tuple[int, Balance]:
        number = await backend.credits.grant(account, amount, kind=kind, expires_at=end)
        return number, await backend.credits.balance(account)

    number, balance = with_backend(data, action)
    if as_json:
        typer.echo(json.dumps({"grant": number} | _balance(balance)))
    else:
        typer.echo(f"Grant {number}: {amount} credits for {account}; available now: {balance.available}")


@app.command()
def show(account: AccountId, data: Data = None, as_json: AsJson = False) -> None:
    """Show what an account can spend, in the order in which it will be spent."""

    async def action(backend: Backend) -> Balance:
        await backend.accounts.get(account)
        return await backend.credits.balance(account)

    balance = with_backend(data, action)
    if as_json:
        typer.echo(json.dumps(_balance(balance)))
        return
    total = "unlimited" if balance.unlimited else f"{balance.available} available, {balance.held} held"
    typer.echo(f"{account}: {total}")
    for each in balance.grants:
        end = f"until {each.expires_at:%Y-%m-%d %H:%M}" if each.expires_at else "for ever"
        typer.echo(
            f"{each.id:>8}  {each.kind:14}  {each.available:>8} of {each.amount}, {each.held} held, {end}"
        )


@app.command()
def history(
    account: AccountId,
    limit: Annotated[int, typer.Option(help="Most entries.", min=1, max=10_000)] = 50,
    before: Annotated[
        int | None, typer.Option(help="Only entries before this one, for the next page.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to an account's credits, newest first: one entry for each move of each job."""

    async def action(backend: Backend) -> tuple[Entry, ...]:
        await backend.accounts.get(account)
        return await backend.credits.history(account, limit=limit, before=before)

    entries = with_backend(data, action)
    if as_json:
        typer.echo(json.dumps([_entry(entry) for entry in entries]))
        return
    for entry in entries:
        change = f"{entry.available:+} available, {entry.held:+} held"
        what = f"{entry.note} {entry.job_id or ''}"
        typer.echo(f"{entry.id:>8}  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.kind:8}  {change:28}  {what}")


def _balance(balance: Balance) -> dict[str, object]:
    return {
        "unlimited": balance.unlimited,
        "available": balance.available,
        "held": balance.held,
        "grants": [
            {
                "id": each.id,
                "kind": each.kind,
                "amount": each.amount,
                "available": each.available,
                "held": each.held,
                "granted_at": each.granted_at.isoformat(),
                "expires_at": each.expires_at.isoformat() if each.expires_at else None,
            }
            for each in balance.grants
        ],
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "job": entry.job_id,
        "note": entry.note,
        "available": entry.available,
        "held": entry.held,
        "grants": [
            {"id": part.grant_id, "available": part.available, "held": part.held} for part in entry.parts
        ],
        "at": entry.at.isoformat(),
    }
