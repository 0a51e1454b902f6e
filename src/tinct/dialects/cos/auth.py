"""Who signed a request, and what its key may do."""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request

from tinct.accounts.credential import Account
from tinct.accounts.keys import Accounts
from tinct.dialects.cos import signature as signing
from tinct.dialects.cos.addressing import Place
from tinct.dialects.cos.coverage import TOKENS, unsigned
from tinct.dialects.cos.credentials import CREDENTIALS, KIND, TEMPORARY, allows
from tinct.dialects.cos.errors import CosError
from tinct.dialects.cos.headers import iso_second
from tinct.errors import KeyRefusedError

__all__ = ["ANONYMOUS", "Caller", "authenticate"]

_EARLY_S: Final = 900  # clocks differ; Node's SDK begins its window one second ago


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls."""

    account: Account | None
    """None: nobody signed."""

    def may(self, action: str, bucket: str) -> bool:
        """Whether its key has the right to an action, such as ``GetObject``, in a bucket.

        A key without scopes may do everything.
        """
        return self.account is not None and allows(self.account.scopes, action, bucket)


ANONYMOUS: Final = Caller(account=None)


async def authenticate(
    request: Request, place: Place, query: signing.Pairs, accounts: Accounts, *, strict: bool
) -> Caller:
    """Check the signature of a request, and that it covers what the request does; `strict` as in `unsigned`.

    Returns
    -------
    Caller
        `ANONYMOUS` if there is no signature at all; what that may do is the bucket's affair.

    Raises
    ------
    CosError
        AccessDenied, InvalidAccessKeyId, RequestTimeTooSkewed, ExpiredToken or SignatureDoesNotMatch.
    """
    text = request.headers.get("authorization", "").strip()
    if text:
        claim = signing.from_header(text)
    elif any(name == "q-signature" for name, _ in query):
        claim = signing.from_query(query)
    else:
        return ANONYMOUS
    if claim is None:
        raise CosError("AccessDenied", "The signature cannot be read.")
    _check_time(claim, time.time())
    account, secret = await _secret(claim.key_id, _token(request, query), accounts)
    headers = [(name.decode("latin-1"), value) for name, value in request.headers.raw]
    formatted = ""
    for variant in _hosts(headers, place.host):
        formatted = signing.format_string(claim, request.method, place.path, query, variant)
        if hmac.compare_digest(signing.signature(claim, secret, formatted), claim.signature):
            service = place.bucket is None
            if name := unsigned(claim, query, headers, presigned=not text, strict=strict, service=service):
                raise CosError(
                    "AccessDenied", f"The signature does not cover {name}; sign it, and send it once."
                )
            return Caller(account=account)
    raise CosError(
        "SignatureDoesNotMatch",
        details={"StringToSign": signing.string_to_sign(claim, formatted), "FormatString": formatted},
    )


def _check_time(claim: signing.Claim, now: float) -> None:
    if claim.sign_time[0] > now + _EARLY_S or claim.key_time[0] > now + _EARLY_S:
        raise CosError("RequestTimeTooSkewed")
    if now > claim.sign_time[1] or now > claim.key_time[1]:
        raise CosError(
            "AccessDenied", "Request has expired", details={"ServerTime": iso_second(datetime.now(UTC))}
        )


def _token(request: Request, query: signing.Pairs) -> str:
    """The token that goes with a temporary key; empty if there is none."""
    for name in TOKENS:
        if name in request.headers:
            return request.headers[name]
    return next((value for name, value in query if name in TOKENS), "")


async def _secret(key_id: str, token: str, accounts: Accounts) -> tuple[Account, bytes]:
    """The account and secret of a key; a temporary one needs its token too."""
    try:
        return await accounts.secret(KIND, key_id)
    except KeyRefusedError:
        pass
    try:
        account, sealed = await accounts.secret(TEMPORARY, key_id)
    except KeyRefusedError:
        expired = await accounts.expired(TEMPORARY, key_id)
        raise CosError("ExpiredToken" if expired else "InvalidAccessKeyId") from None
    secret, expected = CREDENTIALS.opened(sealed)
    if not hmac.compare_digest(expected, token.encode("utf-8", "surrogateescape")):
        raise CosError("AccessDenied", "The security token is missing or belongs to another key.")
    return account, secret


def _hosts(headers: Sequence[tuple[str, bytes]], host: str) -> list[list[tuple[str, bytes]]]:
    """The headers with each form of the host that clients sign: Node's SDK signs the port, Python's does not.

    It is the host that decided the bucket: a proxy's target comes before the ``Host`` header.
    """
    whole = host.partition("/")[0].encode("latin-1", "replace")
    others = [(name, value) for name, value in headers if name != "host"]
    return [[("host", form), *others] for form in dict.fromkeys((whole, whole.rpartition(b":")[0] or whole))]
