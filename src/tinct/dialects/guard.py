"""Who calls, and how often: the first thing that every dialect asks."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from tinct.accounts.keys import Account
from tinct.dialects.dialect import backend_of, settings_of
from tinct.errors import KeyRefusedError

__all__ = ["admit", "counted", "refused"]

_MINUTE_S = 60.0


async def admit(connection: HTTPConnection, api_key: str | None) -> Account:
    """The account behind `api_key`, which may call once more.

    Calls are counted per account; calls without a good key per address. What is left of the account's
    minute goes into ``connection.state.allowance``, for the reply's headers.

    Raises
    ------
    KeyRefusedError
        There is no key, or it is not a good one.
    RateLimitError
        Too many calls in the last minute.
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


async def counted(connection: HTTPConnection, account: Account) -> None:
    """Note whose call this is, and count it. Raises `RateLimitError` as `admit`."""
    limit = settings_of(connection).requests_per_minute
    connection.state.account = account.id
    connection.state.allowance = await backend_of(connection).limits.take(
        f"account:{account.id}", limit, _MINUTE_S
    )


async def refused(connection: HTTPConnection) -> None:
    """Count a call without a good key. Raises `RateLimitError` as `admit`."""
    address = connection.client.host if connection.client else "unknown"
    limit = settings_of(connection).refusals_per_minute
    await backend_of(connection).limits.take(f"refused:{address}", limit, _MINUTE_S)
