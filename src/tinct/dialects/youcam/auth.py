"""Who calls: key pairs, the sign-in that turns one into an access token, and the bearer of every other call."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import string
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from tinct.accounts.credential import Account, Standing
from tinct.accounts.key_pairs import KeyPairs
from tinct.accounts.keys import Accounts
from tinct.dialects.bodies import json_object
from tinct.dialects.credentials import Credentials, Issued
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.guard import counted, refused
from tinct.dialects.refusals import RefusalError
from tinct.dialects.youcam.errors import invalid
from tinct.errors import KeyRefusedError

__all__ = ["CREDENTIALS", "Caller", "caller", "sign_in"]

_KIND: Final = "youcam"
_TOKEN: Final = "youcam.token"
_BITS: Final = 1024  # clients send one block of 128 bytes
_ALPHABET: Final = string.ascii_letters + string.digits
_KEY: Final = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)
_NOT_SAID: Final = "it is not this client_id and a timestamp, encrypted with its secret"
"""Whatever is wrong: who sends made-up ones must not learn which of them decrypt to something."""
_PLAIN: Final = re.compile(rb"client_id=([A-Za-z0-9]{32})&timestamp=([0-9]{1,16})")
_BEARER: Final = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_OWN_KEY: Final = "tnct_"  # how the server's own API keys begin
_PUBLIC: Final = 16  # characters of a token by which it is found
_STANDING: Final = {
    Standing.UNKNOWN: ("InvalidApiKey", "This API key is not recognized."),
    Standing.EXPIRED: ("ExpiredApiKey", "This API key has expired."),
    Standing.REVOKED: ("InactiveApiKey", "This API key is not active."),
}


class YoucamKeys(Credentials):
    """RSA pairs: clients encrypt with the public half, which is shown once; the private half stays, sealed."""

    kind = _KIND
    hidden = True

    async def issue(
        self, accounts: Accounts, account_id: str, *, name: str = "", scopes: Sequence[str] = ()
    ) -> Issued:
        """A new pair of an account."""
        client_id = "".join(secrets.choice(_ALPHABET) for _ in range(32))
        public = await KeyPairs(accounts).issue(
            account_id, _KIND, client_id, keep="private", bits=_BITS, name=name, scopes=scopes
        )
        secret = base64.b64encode(public).decode()
        return Issued(
            fields={"client_id": client_id, "client_secret": secret},
            lines=(
                f"YouCam API key (client_id), shown only now: {client_id}",
                f"YouCam secret key (client_secret), shown only now: {secret}",
            ),
        )


CREDENTIALS: Final = YoucamKeys()
"""Pairs of YouCam's clients."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, and how that was shown."""

    account: Account
    by_token: bool
    """With an access token; otherwise with a key."""


async def sign_in(request: Request) -> dict[str, Any]:
    """``client/auth``: a pair becomes an access token.

    Raises
    ------
    RefusalError
        A field is missing, or the pair is not a good one.
    """
    body = await json_object(request)
    for name in ("client_id", "id_token"):
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise invalid(name, body.get(name), "a text; send client_id and id_token")
    try:
        account = await _proved(request, body["client_id"].strip(), body["id_token"])
    except RefusalError:
        await refused(request)
        raise
    seconds = settings_of(request).youcam_token_s
    token = await backend_of(request).tokens.issue(
        account.id, _TOKEN, seconds=seconds, parent_id=account.credential_id, scopes=account.scopes
    )
    return {"access_token": token.text, "expires_in": round(seconds)}


async def caller(request: Request, *, newer: bool) -> Caller:
    """The bearer of a call, who may call once more.

    Parameters
    ----------
    newer : bool
        True on paths of v2, which tell reasons of a refusal apart.

    Raises
    ------
    RefusalError
        401, there is none, or it is not a good one.
    RateLimitError
        Too many calls with it.
    """
    text = _bearer(request)
    try:
        found = await _known(request, text)
    except KeyRefusedError:
        await refused(request)
        raise await _refusal(request, text, newer) from None
    await counted(request, found.account, token=found.account.credential_id or found.account.id)
    return found


async def _proved(request: Request, client_id: str, id_token: str) -> Account:
    backend, settings = backend_of(request), settings_of(request)
    standing = await backend.accounts.standing(_KIND, client_id)
    if standing in _STANDING:
        raise RefusalError(401, *_STANDING[standing])
    try:
        account, plain = await backend.key_pairs.decrypt(_KIND, client_id, _decoded(id_token))
    except (KeyRefusedError, binascii.Error, ValueError):
        raise _unproved(_NOT_SAID) from None
    said = _PLAIN.fullmatch(plain)  # the whole of it: wrong padding decrypts to random bytes
    if said is None or said[1].decode() != client_id:
        raise _unproved(_NOT_SAID)
    if abs(time.time() - int(said[2]) / 1000) > settings.youcam_clock_s:
        raise _unproved(f"its timestamp is not within {settings.youcam_clock_s:g} s of this server's clock")
    return account


def _decoded(id_token: str) -> bytes:
    """From base64 of either alphabet, with its padding or without."""
    text = id_token.strip().rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _unproved(why: str) -> RefusalError:
    return RefusalError(401, "InvalidAuthentication", f"The id_token is not accepted: {why}.")


def _bearer(request: Request) -> str:
    found = _BEARER.fullmatch(request.headers.get("authorization", "").strip())
    return found[1] if found else ""


async def _known(request: Request, text: str) -> Caller:
    backend = backend_of(request)
    if text.startswith(_OWN_KEY):
        return Caller(account=await backend.accounts.authenticate(text), by_token=False)
    if _KEY.fullmatch(text) and settings_of(request).youcam_raw_keys:
        return Caller(account=await backend.accounts.bearer(_KIND, text), by_token=False)
    return Caller(account=await backend.tokens.account(_TOKEN, text), by_token=True)


async def _refusal(request: Request, text: str, newer: bool) -> RefusalError:
    expired = RefusalError(401, "InvalidAccessToken", "Unauthorized")
    accounts = backend_of(request).accounts
    if not newer or await accounts.standing(_TOKEN, text[:_PUBLIC]) is not Standing.UNKNOWN:
        return expired
    standing = await accounts.standing(_KIND, text)
    return RefusalError(401, *_STANDING.get(standing, _STANDING[Standing.UNKNOWN]))
