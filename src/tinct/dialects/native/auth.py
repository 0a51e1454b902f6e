"""Who calls: a bearer key, or a browser by the cookie of its session."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from tinct.accounts.credential import Account
from tinct.dialects.content import base_of
from tinct.dialects.dialect import backend_of
from tinct.dialects.guard import admit, counted, refused
from tinct.errors import CrossSiteError, KeyRefusedError

__all__ = [
    "COOKIE",
    "CSRF_HEADER",
    "SCHEME",
    "Bearer",
    "Caller",
    "Cookie",
    "check_origin",
    "cookie_of",
    "of_session",
]

COOKIE: Final = "tinct_session"
CSRF_HEADER: Final = "X-CSRF-Token"
SCHEME: Final = "BrowserSession"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(auto_error=False, description="An API key, as `tinct keys create` prints it.")


class _SessionCookie(APIKeyCookie):
    async def __call__(self, request: HTTPConnection) -> str | None:
        return request.cookies.get(cookie_of(request))


def cookie_of(request: HTTPConnection) -> str:
    """Name of the session's cookie: it ends in the port where the address has one.

    Browsers keep cookies by host whatever the port, so two servers of one machine would end each other's sessions.
    """
    try:
        port = urlsplit(base_of(request)).port
    except ValueError:
        port = None
    return f"{COOKIE}_{port}" if port else COOKIE


_cookie = _SessionCookie(
    name=COOKIE,
    scheme_name=SCHEME,
    auto_error=False,
    description=f"A browser's session, from `POST /v1/session`; what changes something also needs `{CSRF_HEADER}`. "
    "Its name ends in `_PORT` where the server's address names a port.",
)

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
"""A route's parameter: the key that came, if one did."""
Cookie = Annotated[str | None, Depends(_cookie)]
"""A route's parameter: the session that came, if one did."""


async def _caller(request: Request, given: Bearer, session: Cookie) -> Account:
    if given is not None or not session:
        return await admit(request, given.credentials if given else None)
    return await of_session(request, session)


async def of_session(request: Request, session: str) -> Account:
    """The account of a session, which may call once more.

    Raises
    ------
    KeyRefusedError
        It has ended.
    CrossSiteError
        The request changes something and lacks the session's CSRF token, or another site's page sent it.
    RateLimitError
        As `admit`.
    """
    sessions = backend_of(request).sessions
    try:
        account = await sessions.account(session)
        if request.method not in _SAFE:
            check_origin(request)
            sessions.check(session, request.headers.get(CSRF_HEADER))
    except (KeyRefusedError, CrossSiteError):
        await refused(request)
        raise
    await counted(request, account)
    return account


def check_origin(request: Request) -> None:
    """Refuse what a browser says comes from another site's page; clients that are no browsers say nothing.

    Raises
    ------
    CrossSiteError
        It does.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSiteError


Caller = Annotated[Account, Depends(_caller)]
"""A route's parameter: the account that calls."""
