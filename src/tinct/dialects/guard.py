"""Who calls, and how often: the first thing that every dialect asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import HTTPConnection

from tinct.accounts.credential import Account
from tinct.accounts.limits import Allowance, Window
from tinct.dialects.dialect import backend_of, dialect_of, settings_of
from tinct.dialects.limits import CallLimits
from tinct.errors import KeyRefusedError, RateLimitError

__all__ = ["admit", "anonymous", "arrived", "counted", "rate_headers", "refused"]

_UNKNOWN: Final = "unknown"


async def arrived(connection: HTTPConnection) -> None:
    """Count a call by its address, before anything else. Raises `RateLimitError` as `admit`."""
    await _take(connection, "address", _limits(connection).address, _address(connection))


async def admit(connection: HTTPConnection, api_key: str | None) -> Account:
    """The account behind `api_key`, which may call once more.

    What is left of its windows goes into ``connection.state.allowances``, for the reply's headers.

    Raises
    ------
    KeyRefusedError
        There is no key, or it is not a good one.
    RateLimitError
        Too many calls in one of the wire format's windows.
    """
    try:
        if not api_key:
            raise KeyRefusedError("the API key is missing; send it as the API's documentation says")
        account = await backend_of(connection).accounts.authenticate(api_key)
    except KeyRefusedError:
        await refused(connection)
        raise
    await counted(connection, account)
    return account


async def counted(connection: HTTPConnection, account: Account, *, token: str | None = None) -> None:
    """Note whose call this is, and count it.

    Parameters
    ----------
    token : str, optional
        What names the access token that it came with; the token's own id, never the token.

    Raises
    ------
    RateLimitError
        As `admit`.
    """
    connection.state.account = account.id
    limits = _limits(connection)
    await _take(connection, "account", limits.account, account.id)
    await _take(connection, "key", limits.key, account.credential_id or "")
    if token is not None:
        await _take(connection, "token", limits.token, token)


async def anonymous(connection: HTTPConnection) -> None:
    """Count a call that needs no key. Raises `RateLimitError` as `admit`."""
    await _take(connection, "anonymous", _limits(connection).anonymous, _address(connection))


async def refused(connection: HTTPConnection) -> None:
    """Count a call without a good key or link. Raises `RateLimitError` as `admit`."""
    await _take(connection, "refused", _limits(connection).refused, _address(connection))


def rate_headers(connection: HTTPConnection) -> Mapping[str, str]:
    """The fields of the IETF draft on rate limits (draft-ietf-httpapi-ratelimit-headers-09), and the older ones.

    Empty where the wire format sends none, or nothing was counted. The older fields tell of the tightest window.
    """
    allowances: Mapping[str, Allowance] = connection.scope["state"].get("allowances", {})
    if not allowances or not _limits(connection).headers:
        return {}
    tightest = min(allowances.values(), key=lambda allowance: allowance.remaining)
    return {
        "RateLimit-Policy": ", ".join(
            f'"{kind}";q={found.window.calls};w={round(found.window.seconds)}'
            for kind, found in allowances.items()
        ),
        "RateLimit": ", ".join(
            f'"{kind}";r={found.remaining};t={max(round(found.reset_s), 0)}'
            for kind, found in allowances.items()
        ),
        "RateLimit-Limit": str(tightest.window.calls),
        "RateLimit-Remaining": str(tightest.remaining),
        "RateLimit-Reset": str(max(round(tightest.reset_s), 0)),
    }


async def _take(connection: HTTPConnection, kind: str, window: Window | None, who: str) -> None:
    if window is None or _limits(connection).exempt(connection):
        return
    allowances: dict[str, Allowance] = connection.scope["state"].setdefault("allowances", {})
    key = f"{window.pool or dialect_of(connection).name}:{kind}:{who}"
    try:
        allowances[kind] = await backend_of(connection).limits.take(key, window)
    except RateLimitError as error:
        allowances[kind] = Allowance(window=window, remaining=0, reset_s=error.retry_after_s or 0)
        raise


def _limits(connection: HTTPConnection) -> CallLimits:
    return dialect_of(connection).limits(settings_of(connection))


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else _UNKNOWN
