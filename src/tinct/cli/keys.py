"""``tinct keys``: who may use a server. Works while it runs, and before it ever did."""

from __future__ import annotations

import json
import re
import secrets
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tinct.cli.backends import AsJson, Data, with_backend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tinct.accounts.credits import Balance
    from tinct.accounts.keys import Account, Credential, NewAccount
    from tinct.backend import Backend

__all__ = ["app"]

app = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)


def _scopes(given: list[str] | None) -> list[str] | None:
    """What a COS key may do, if each scope has the form that is understood; a mistyped one would allow nothing."""
    for scope in given or ():
        if not re.fullmatch(r"cos:(\*|[a-z0-9-]+):(\*|(ci:)?[A-Z][A-Za-z]+)", scope):
            raise typer.BadParameter(
                f"{scope!r} is not cos:BUCKET:ACTION, such as cos:photos-1250000000:GetObject or cos:*:*"
            )
    return given


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who it is for.")],
    data: Data = None,
    credits: Annotated[
        int | None, typer.Option(help="Credits it may spend; without this it may spend any number.", min=0)
    ] = None,
    cos_scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What its COS key may do, cos:BUCKET:ACTION, * for all; may be given again.",
            callback=_scopes,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account with an API key and a COS key, and print them: they are shown only now."""
    secret_id, secret_key = "AKID" + _random(), _random()

    async def action(backend: Backend) -> NewAccount:
        made = await backend.accounts.create(name, credits=credits)
        scopes = tuple(cos_scope or ())
        await backend.accounts.add_secret(
            made.account.id, "cos", secret_id, secret_key.encode(), name=name, scopes=scopes
        )
        return made

    made = with_backend(data, action, make=True)
    if as_json:
        cos = {"secret_id": secret_id, "secret_key": secret_key}
        typer.echo(json.dumps(_credentials(made) | {"cos": cos}))
    else:
        typer.echo(f"Account {made.account.id} ({made.account.name})")
        typer.echo(f"API key, shown only now: {made.api_key}")
        typer.echo(f"COS SecretId: {secret_id}")
        typer.echo(f"COS SecretKey, shown only now: {secret_key}")


@app.command()
def temporary(
    secret_id: Annotated[str, typer.Argument(help="SecretId of the COS key that it stands for.")],
    seconds: Annotated[int, typer.Option(help="How long it lives.", min=60, max=36 * 3600)] = 1800,
    cos_scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; as for create.", callback=_scopes)
    ] = None,
    data: Data = None,
) -> None:
    """Make a temporary COS key, and print it as JSON: tmp_secret_id, tmp_secret_key, token, expires_at."""
    from datetime import timedelta

    tmp_id, tmp_key, token = "AKTP" + _random(), _random(), _random(64)
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)

    async def action(backend: Backend) -> None:
        account, _ = await backend.accounts.secret("cos", secret_id)
        await backend.accounts.add_secret(
            account.id,
            "cos.sts",
            tmp_id,
            f"{tmp_key}\n{token}".encode(),
            scopes=tuple(cos_scope or account.scopes),
            expires_at=expires_at,
        )

    with_backend(data, action)
    made = {"tmp_secret_id": tmp_id, "tmp_secret_key": tmp_key, "token": token}
    typer.echo(json.dumps(made | {"expires_at": expires_at.isoformat()}))


@app.command("list")
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """Show all accounts with their balances; with --json their keys too, without what is secret of them."""

    async def action(backend: Backend) -> list[dict[str, object]]:
        return [
            _shown(
                account,
                await backend.credits.balance(account.id),
                await backend.accounts.credentials(account.id),
            )
            for account in await backend.accounts.list()
        ]

    accounts = with_backend(data, action)
    if as_json:
        typer.echo(json.dumps(accounts))
        return
    for account in accounts:
        state = "revoked" if account["revoked_at"] else "live"
        balance = "unlimited" if account["unlimited"] else f"{account['available']} ({account['held']} held)"
        day = str(account["created_at"])[:10]
        typer.echo(f"{account['id']}  {day}  {state:7}  {balance:>20}  {account['name']}")


@app.command()
def rotate(
    account: Annotated[str, typer.Argument(help="Id of the account.")],
    key: Annotated[
        str | None,
        typer.Option(help="Which of its API keys: how it begins, or its id; needed where it has several."),
    ] = None,
    grace_s: Annotated[
        float, typer.Option(help="Seconds for which the old key still works.", min=0)
    ] = 86_400,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a new API key in place of one, which still works for a while; the new one is shown only now."""

    async def action(backend: Backend) -> str:
        now = datetime.now(UTC)
        found = [
            each
            for each in await backend.accounts.credentials(account)
            if each.kind == "api_key"
            and each.revoked_at is None
            and (each.expires_at is None or each.expires_at > now)
            and (key is None or key == each.id or key.startswith(each.public_id) or each.public_id == key)
        ]
        if len(found) != 1:
            raise typer.BadParameter(
                f"{len(found)} live API keys fit; name one with --key, see: tinct keys list --json"
            )
        return await backend.accounts.rotate(found[0].id, grace_s=grace_s)

    api_key = with_backend(data, action)
    typer.echo(
        json.dumps({"api_key": api_key, "old_works_s": grace_s})
        if as_json
        else f"API key, shown only now: {api_key}"
    )


@app.command()
def revoke(account: Annotated[str, typer.Argument(help="Id of the account.")], data: Data = None) -> None:
    """Refuse everything of an account from now on."""
    if not with_backend(data, lambda backend: backend.accounts.revoke(account)):
        typer.echo(f"There is no live account {account}; see: tinct keys list", err=True)
        raise typer.Exit(1)
    typer.echo(f"Revoked {account}")


def _random(length: int = 32) -> str:
    """Letters and digits, as the vendor's keys have them."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def _credentials(made: NewAccount) -> dict[str, object]:
    """What the clients of each wire format need."""
    return {
        "id": made.account.id,
        "api_key": made.api_key,
        "ailab": {"api_key": made.api_key},
    }


def _shown(account: Account, balance: Balance, credentials: Sequence[Credential]) -> dict[str, object]:
    return {
        "id": account.id,
        "name": account.name,
        "unlimited": account.unlimited,
        "available": balance.available,
        "held": balance.held,
        "created_at": account.created_at.isoformat(),
        "revoked_at": _time(account.revoked_at),
        "keys": [
            {
                "id": each.id,
                "kind": each.kind,
                "begins": each.public_id,
                "name": each.name,
                "scopes": list(each.scopes),
                "expires_at": _time(each.expires_at),
                "revoked_at": _time(each.revoked_at),
                "last_used_at": _time(each.last_used_at),
            }
            for each in credentials
        ],
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
