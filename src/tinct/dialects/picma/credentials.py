"""PicMa tokens: sent by the customer with every request, and back to the customer with every callback."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from tinct.accounts.credential import Account
from tinct.accounts.keys import Accounts
from tinct.dialects.credentials import Credentials, Issued
from tinct.errors import KeyRefusedError

__all__ = ["CREDENTIALS", "KIND", "account_of", "public_id", "token_of"]

KIND: Final = "picma"
_PREFIX: Final = "pm_"
_PUBLIC: Final = len(_PREFIX) + 12  # characters by which a token is found
_LONGEST: Final = 200  # characters of anything that may be one


class PicmaTokens(Credentials):
    """Tokens, kept sealed rather than hashed, since callbacks repeat them."""

    kind = KIND

    async def issue(
        self, accounts: Accounts, account_id: str, *, name: str = "", scopes: Sequence[str] = ()
    ) -> Issued:
        """A new token of an account."""
        token = _PREFIX + secrets.token_hex(24)
        await accounts.add_secret(account_id, KIND, public_id(token), token.encode(), name=name)
        return Issued(fields={"token": token}, lines=(f"PicMa token, shown only now: {token}",))


CREDENTIALS: Final = PicmaTokens()
"""Tokens of PicMa's clients."""


def public_id(token: str) -> str:
    """The part of a token by which it is found."""
    return token[:_PUBLIC]


async def account_of(accounts: Accounts, token: str) -> Account:
    """The account whose token this is.

    Raises
    ------
    KeyRefusedError
        It is unknown, revoked or expired.
    """
    if len(token) < _LONGEST:
        account, known = await accounts.secret(KIND, public_id(token))
        if hmac.compare_digest(token.encode("utf-8", "surrogatepass"), known):
            return account
    raise KeyRefusedError("the token is unknown, revoked or expired; ask for a new one")


async def token_of(accounts: Accounts, account_id: str, public: str | None) -> str:
    """The token with which a task was made, or the account's newest where that has ended; empty if there is none."""
    try:
        if public is not None:
            account, token = await accounts.secret(KIND, public)
            if account.id == account_id:
                return token.decode()
    except KeyRefusedError:
        pass
    newest = await accounts.secret_of(account_id, KIND)
    return newest[1].decode() if newest is not None else ""
