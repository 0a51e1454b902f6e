"""Which IP addresses a user's URL may lead to: the public internet and nothing else.

The table is our own: ``ipaddress``'s ``is_private`` and ``is_global`` each miss some of these networks
(100.64/10, 6to4, IPv4 inside IPv6), and what they answer changes between Python versions.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

__all__ = ["is_public"]

_REFUSED_V4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier NAT, and some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's virtual host address
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

_UNICAST_V6 = ip_network("2000::/3")  # all that has been given out; the rest is local, mapped or unassigned
_REFUSED_V6 = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
_TRANSLATED_V6 = (
    ip_network("::ffff:0:0/96"),  # IPv4-mapped
    ip_network("64:ff9b::/96"),  # NAT64: how an IPv6-only machine reaches IPv4
)
_ISATAP = 0x5EFE


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether `address` is an ordinary host on the public internet.

    An IPv4 address inside an IPv6 one is judged as the IPv4 address where that form is in use today
    (IPv4-mapped, NAT64) and refused where it is not (IPv4-compatible, 6to4, Teredo, ISATAP).

    Raises
    ------
    ValueError
        `address` is not an IP address.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _REFUSED_V4)
    if ip.scope_id is not None:
        return False
    if any(ip in network for network in _TRANSLATED_V6):
        return is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
    if (int(ip) >> 32) & 0xFDFFFFFF == _ISATAP:  # 0000:5efe or 0200:5efe before the IPv4 address
        return False
    return ip in _UNICAST_V6 and not any(ip in network for network in _REFUSED_V6)
