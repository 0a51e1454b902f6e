"""``tinct keys``: who may use a server. Works while it runs, and before it ever did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tinct.cli.backends import AsJson, Data, with_backend
from tinct.cli.words import OptionError
from tinct.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from tinct.accounts.credential import Account, Credential
    from tinct.accounts.credits import Balance
    from tinct.backend import Backend
    from tinct.dialects.credentials import Credentials, Issued

__all__ = ["app"]

_BEGINS = 8  # characters that are shown of a public id that is a secret itself
app = typer.Typer(help="Make, list, rotate and revoke keys.", no_args_is_help=True)

For = Annotated[
    list[str] | None,
    typer.Option("--for", help="Wire format whose clients need the key; may be given again. All by default."),
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        "--cos-scope",
        help="What a key may do, such as cos:BUCKET:ACTION, * for all; may be given again.",
    ),
]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who it is for.")],
    data: Data = None,
    credits: Annotated[
        int | None, typer.Option(help="Credits it may spend; without this it may spend any number.", min=0)
    ] = None,
    wanted: For = None,
    scope: Scopes = None,
    as_json: AsJson = False,
) -> None:
    """Make an account with its keys, and print them: they are shown only now."""
    kinds = _kinds(wanted)
    scopes = _scopes(scope, kinds)

    async def action(backend: Backend) -> tuple[Account, dict[str, Issued]]:
        account = await backend.accounts.open(name, credits=credits)
        return account, {
            kind: await keys.issue(backend.accounts, account.id, name=name, scopes=scopes[kind])
            for kind, keys in _distinct(kinds).items()
        }

    account, issued = with_backend(data, action, make=True)
    if not as_json:
        typer.echo(f"Account {account.id} ({account.name})")
    _tell({"id": account.id}, kinds, issued, as_json)


@app.command()
def rotate(
    account: Annotated[str, typer.Argument(help="Id of the account.")],
    key: Annotated[
        str | None,
        typer.Option(help="Which of its keys: how it begins, or its id; needed where it has several."),
    ] = None,
    grace_s: Annotated[
        float, typer.Option(help="Seconds for which the old key still works.", min=0)
    ] = 86_400,
    wanted: Annotated[str, typer.Option("--for", help="Wire format of the key.")] = "native",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key in place of one, which still works for a while; the new one is shown only now."""
    (keys,) = _kinds([wanted]).values()

    async def action(backend: Backend) -> Issued:
        found = [
            each
            for each in await backend.accounts.credentials(account)
            if each.kind == keys.kind
            and each.live
            and (key is None or key == each.id or key.startswith(each.public_id))
        ]
        if len(found) != 1:
            raise typer.BadParameter(
                f"{len(found)} live keys fit; name one with --key, see: tinct keys list --json"
            )
        return await keys.rotate(backend.accounts, account, found[0], grace_s=grace_s)

    issued = with_backend(data, action)
    if as_json:
        typer.echo(json.dumps(dict(issued.fields) | {"old_works_s": grace_s}))
    for line in () if as_json else issued.lines:
        typer.echo(line)


@app.command()
def temporary(
    key: Annotated[str, typer.Argument(help="Public id of the key that it stands for, such as a SecretId.")],
    seconds: Annotated[int, typer.Option(help="How long it lives.", min=60, max=36 * 3600)] = 1800,
    scope: Scopes = None,
    wanted: Annotated[str, typer.Option("--for", help="Wire format of the key.")] = "cos",
    data: Data = None,
) -> None:
    """Make a temporary key, and print it as JSON."""
    kinds = _kinds([wanted])
    scopes = _scopes(scope, kinds)

    async def action(backend: Backend) -> Issued:
        (keys,) = kinds.values()
        return await keys.lend(backend.accounts, key, seconds=seconds, scopes=scopes[keys.kind])

    typer.echo(json.dumps(dict(with_backend(data, action).fields)))


@app.command("list")
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """Show all accounts with their balances; with --json their keys too, without what is secret of them."""

    hidden = {keys.kind for keys in _kinds(None).values() if keys.hidden}

    async def action(backend: Backend) -> list[dict[str, object]]:
        return [
            _shown(
                account,
                await backend.credits.balance(account.id),
                await backend.accounts.credentials(account.id),
                hidden,
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
def revoke(account: Annotated[str, typer.Argument(help="Id of the account.")], data: Data = None) -> None:
    """Refuse everything of an account from now on."""
    if not with_backend(data, lambda backend: backend.accounts.revoke(account)):
        typer.echo(f"There is no live account {account}; see: tinct keys list", err=True)
        raise typer.Exit(1)
    typer.echo(f"Revoked {account}")


def _kinds(wanted: list[str] | None) -> dict[str, Credentials]:
    """The keys of each wire format that is asked for, by the wire format's name."""
    from tinct.dialects.registry import DIALECTS

    offered = {each.name: each.credentials for each in DIALECTS if each.credentials is not None}
    for name in wanted or ():
        if name not in offered:
            raise OptionError("--for", ParameterError("for", name, f"one of {', '.join(sorted(offered))}"))
    return {name: keys for name, keys in offered.items() if not wanted or name in wanted}


def _distinct(kinds: dict[str, Credentials]) -> dict[str, Credentials]:
    """Keys by kind: one that several wire formats share is made once."""
    return {keys.kind: keys for keys in kinds.values()}


def _scopes(given: list[str] | None, kinds: dict[str, Credentials]) -> dict[str, Sequence[str]]:
    """What keys of each kind may do, if each scope has a form that is understood."""
    for scope in given or ():
        if not any(keys.accepts(scope) for keys in kinds.values()):
            forms = " or ".join(sorted({keys.scopes for keys in kinds.values() if keys.scopes}))
            raise typer.BadParameter(f"{scope!r} is not {forms or 'for these keys, which have no scopes'}")
    return {
        kind: [each for each in given or () if keys.accepts(each)] for kind, keys in _distinct(kinds).items()
    }


def _tell(
    about: dict[str, object], kinds: dict[str, Credentials], issued: dict[str, Issued], as_json: bool
) -> None:
    """Print new keys: as JSON by wire format, what all clients of the native API need on top; else line by line."""
    if as_json:
        by_format = {name: dict(issued[keys.kind].fields) for name, keys in kinds.items()}
        typer.echo(json.dumps(about | by_format.get("native", {}) | by_format))
        return
    for each in issued.values():
        for line in each.lines:
            typer.echo(line)


def _shown(
    account: Account, balance: Balance, credentials: Sequence[Credential], hidden: Collection[str]
) -> dict[str, object]:
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
                "begins": each.public_id[:_BEGINS] if each.kind in hidden else each.public_id,
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
