"""Which of the two surfaces a request came by, and with which key."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

__all__ = ["Caller", "addressed", "caller", "signed", "vendor_host"]

_NATIVE, _LISTED = "ailabapi-api-key", "x-rapidapi-key"
_PREFIXES = ("/api/image/", "/api/common/", "/api/rapidapi/", "/image/")
_HOSTS = ("www.ailabapi.com", "hd-colour-migration.p.rapidapi.com")
_LISTED_PREFIXES = ("/api/rapidapi/", "/image/")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """How a request presents itself."""

    key: str | None
    """The API key, unverified."""
    listed: bool
    """True for the RapidAPI listing, False for the vendor's own host."""


def caller(path: str, headers: Headers) -> Caller:
    """Decide by the header that is there; without one, by the path."""
    if key := headers.get(_NATIVE):
        return Caller(key=key.strip(), listed=False)
    if key := headers.get(_LISTED):
        return Caller(key=key.strip(), listed=True)
    return Caller(key=None, listed=path.startswith(_LISTED_PREFIXES))


def signed(connection: HTTPConnection) -> bool:
    """Whether a request bears one of the headers that only this API's clients send."""
    return _NATIVE in connection.headers or _LISTED in connection.headers


def addressed(connection: HTTPConnection) -> bool:
    """Whether a request goes to this API's paths."""
    return connection.url.path.startswith(_PREFIXES)


def vendor_host(connection: HTTPConnection) -> bool:
    """Whether a request was meant for the vendor's own host, or for its listing."""
    host = connection.headers.get("host", "").partition(":")[0].lower()
    return host in _HOSTS
