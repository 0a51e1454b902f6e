"""From a user's URL to an address that may be connected to.

The name is resolved once; every address it has must be public; the connection then goes to one of those
addresses and not to the name again, so that a second, different answer of a resolver changes nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from tinct.errors import RefusedUrlError, UnreachableUrlError
from tinct.net.addresses import is_public

if TYPE_CHECKING:
    import httpx  # slow to load, and of no use before the first URL

__all__ = ["Resolve", "Target", "locate", "resolve_by_system"]

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""From a host name and a port to IP addresses, in the order in which to try them."""

MAX_URL_LENGTH = 8192
_PORTS = {"http": 80, "https": 443}
_NUMERIC_HOST = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL, and the addresses that were checked for it."""

    url: httpx.URL
    """As asked, by name."""
    host: str
    """The name: ASCII, lower case, no trailing dot."""
    addresses: tuple[str, ...]
    """What to connect to, best first; all of them allowed."""

    def request(
        self, address: str, headers: Mapping[str, str], timeout: httpx.Timeout, *, body: bytes | None = None
    ) -> httpx.Request:
        """A GET, or a POST of `body`, that connects to `address` and still names the host in ``Host`` and in TLS."""
        import httpx

        return httpx.Request(
            "GET" if body is None else "POST",
            self.url.copy_with(host=address, fragment=None),
            headers={**headers, "Host": self.url.netloc.decode("ascii")},
            content=body,
            extensions={"sni_hostname": self.host, "timeout": timeout.as_dict()},
        )


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def locate(
    url: str,
    *,
    allowed_hosts: Collection[str] = (),
    resolve: Resolve = resolve_by_system,
    previous: Target | None = None,
) -> Target:
    """Check `url` and resolve its host.

    Parameters
    ----------
    url : str
        Absolute; relative is accepted where `previous` is given.
    allowed_hosts : collection of str
        ``host`` or ``host:port`` that may have any address and any port.
    previous : Target, optional
        Where a redirect came from.

    Raises
    ------
    RefusedUrlError
        Scheme, port, user name, host or address is not allowed.
    UnreachableUrlError
        The host does not resolve.
    """
    parsed = _parse(url, previous)
    host = _host(parsed)
    port = parsed.port or _PORTS[parsed.scheme]
    trusted = not {host, f"{host}:{port}"}.isdisjoint(allowed_hosts)
    if port not in _PORTS.values() and not trusted:
        raise RefusedUrlError(f"Port {port} is not connected to; allowed: 80 and 443.")
    try:
        addresses = [host] if _literal(host) else await resolve(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise UnreachableUrlError(f"The host {host} was not found; check the URL.")
    if not trusted and not all(_is_public(address) for address in addresses):
        raise RefusedUrlError(
            f"The host {host} is not on the public internet, so nothing is sent there or fetched."
        )
    return Target(url=parsed, host=host, addresses=tuple(addresses))


def _parse(url: str, previous: Target | None) -> httpx.URL:
    import httpx

    if len(url) > MAX_URL_LENGTH:
        raise RefusedUrlError(f"The URL has {len(url)} characters; allowed: up to {MAX_URL_LENGTH}.")
    try:
        parsed = previous.url.join(url) if previous else httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise RefusedUrlError("The URL cannot be read; give a whole http:// or https:// address.") from None
    if parsed.scheme not in _PORTS:
        raise RefusedUrlError(f"The scheme {parsed.scheme[:20]!r} is not followed; allowed: http and https.")
    if parsed.userinfo or "@" in parsed.netloc.decode("ascii", "replace"):
        raise RefusedUrlError("A URL with a user name or password in it is not followed; remove them.")
    if previous and previous.url.scheme == "https" and parsed.scheme == "http":
        raise RefusedUrlError("The URL redirects from https to http, which is not followed.")
    return parsed


def _host(url: httpx.URL) -> str:
    host = url.raw_host.decode("ascii", "replace").lower().rstrip(".")
    if not host or "%" in host:
        raise RefusedUrlError(
            "The URL names no host that can be read; give a whole http:// or https:// address."
        )
    if _NUMERIC_HOST.fullmatch(host) and not isinstance(_literal(host), IPv4Address):
        raise RefusedUrlError("The host is a number; write an IPv4 address as four decimal numbers.")
    return host


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_public(address: str) -> bool:
    try:
        return is_public(address)
    except ValueError:
        return False
