"""Where a request comes from, when trusted proxies stand before the server."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers

__all__ = ["client_address", "is_trusted"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(peer: str, headers: Headers, *, trusted: frozenset[str], header: str) -> str:
    """The address of the client: the last hop that is not a trusted proxy.

    Each proxy adds at the right end whom it spoke to, so that the list is read from there; what stands left of
    the first hop that is not trusted may have been written by anybody.

    Parameters
    ----------
    peer : str
        Who is connected.
    headers : Headers
    trusted : frozenset of str
        Addresses and networks of proxies.
    header : str
        ``x-forwarded-for`` or ``forwarded`` (RFC 7239): where the proxies say it.
    """
    networks, found = _networks(trusted), peer
    hops = _hops(headers.getlist(header), forwarded=header == "forwarded") if networks else []
    for hop in reversed(hops):
        if not _within(found, networks):
            break
        address = _address(hop)
        if address is None:  # hidden, or nonsense: the proxy that said so is all we know
            break
        found = str(address)
    return found


def is_trusted(peer: str, trusted: frozenset[str]) -> bool:
    """Whether who is connected is one of the trusted proxies."""
    return bool(trusted) and _within(peer, _networks(trusted))


def _hops(lines: Sequence[str], *, forwarded: bool) -> list[str]:
    hops = [hop.strip() for line in lines for hop in line.split(",")]
    if not forwarded:
        return hops
    fields = [dict(_field(part) for part in hop.split(";")) for hop in hops]
    return [each.get("for", "") for each in fields]


def _field(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _address(text: str) -> Address | None:
    """An address that may bear a port, and brackets if it is of IPv6."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _within(text: str, networks: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)


@functools.lru_cache(maxsize=8)
def _networks(trusted: frozenset[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in sorted(trusted))
