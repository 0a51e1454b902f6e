"""Who calls, and how often: the first thing that every dialect asks."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from tinct.accounts.keys import Account
from tinct.dialects.dialect import backend_of, settings_of
from tinct.errors import KeyRefusedError

__all__ = ["admit"]

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
    backend, settings = backend_of(connection), settings_of(connection)
    try:
        if not api_key:
            raise KeyRefusedError("the API key is missing; send it as the API's documentation says")
        account = await backend.accounts.authenticate(api_key)
    except KeyRefusedError:
        address = connection.client.host if connection.client else "unknown"
        await backend.limits.take(f"refused:{address}", settings.refusals_per_minute, _MINUTE_S)
        raise
    connection.state.account = account.id
    connection.state.allowance = await backend.limits.take(
        f"account:{account.id}", settings.requests_per_minute, _MINUTE_S
    )
    return account
