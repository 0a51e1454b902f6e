"""Browser sessions: a key is shown once and a cookie stands for it; one-time links open one without any key.

A browser sends cookies on its own, also when another site asks it to. So whatever changes something must also carry the
session's CSRF token, which only a page of this server can read (OWASP, "Cross-Site Request Forgery Prevention", the
HMAC-based token pattern).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tinct.accounts.credential import Account
from tinct.accounts.keys import Accounts
from tinct.accounts.tokens import Tokens
from tinct.errors import CrossSiteError, KeyRefusedError
from tinct.settings import Settings
from tinct.storage.keyring import Keyring

__all__ = ["Session", "Sessions"]

_SESSION: Final = "browser.session"
_LINK: Final = "browser.link"
_CSRF: Final = "csrf tokens"


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as it was opened; its text is never shown again."""

    text: str
    """What the cookie holds."""
    csrf: str
    """What every request that changes something has to carry beside it."""
    expires_at: datetime


class Sessions:
    """Opens, accepts and ends the sessions of browsers."""

    def __init__(self, tokens: Tokens, accounts: Accounts, keyring: Keyring, settings: Settings) -> None:
        self._tokens, self._accounts = tokens, accounts
        self._keyring, self._settings = keyring, settings

    async def open(self, account: Account) -> Session:
        """A session of an account; it ends with the key that `account` came with."""
        token = await self._tokens.issue(
            account.id,
            _SESSION,
            seconds=self._settings.session_s,
            parent_id=account.credential_id,
            scopes=account.scopes,
        )
        return Session(text=token.text, csrf=self.csrf(token.text), expires_at=token.expires_at)

    async def account(self, text: str) -> Account:
        """Whose session it is.

        Raises
        ------
        KeyRefusedError
            It is unknown or has ended.
        """
        try:
            return await self._tokens.account(_SESSION, text)
        except KeyRefusedError:
            raise KeyRefusedError("the session has ended; sign in with an API key again") from None

    def csrf(self, text: str) -> str:
        """The CSRF token of a session."""
        return self._keyring.digests(_CSRF, text.encode("utf-8", "surrogatepass"))[0].hex()

    def check(self, text: str, csrf: str | None) -> None:
        """Hold a request's CSRF token against its session's.

        Raises
        ------
        CrossSiteError
            There is none, or it belongs to another session.
        """
        try:
            digest = bytes.fromhex(csrf or "")
        except ValueError:
            digest = b""
        if not self._keyring.accepts(_CSRF, text.encode("utf-8", "surrogatepass"), digest):
            raise CrossSiteError

    async def end(self, text: str) -> None:
        """Refuse a session from now on."""
        await self._tokens.revoke(_SESSION, text)

    async def link(self, account_id: str) -> str:
        """A code that opens one session of an account, once, within minutes."""
        token = await self._tokens.issue(account_id, _LINK, seconds=self._settings.session_link_s)
        return token.text

    async def redeem(self, code: str) -> Account:
        """The account of a code, which is worth nothing from now on.

        Raises
        ------
        KeyRefusedError
            It is unknown, too old, or was used before.
        """
        try:
            account = await self._tokens.account(_LINK, code)
        except KeyRefusedError:
            raise _spent() from None
        if not await self._tokens.revoke(_LINK, code):  # another request was faster
            raise _spent()
        return await self._accounts.get(account.id)


def _spent() -> KeyRefusedError:
    return KeyRefusedError(
        "the link was used before or is too old; start `tinct serve --open` again, or sign in with an API key"
    )
