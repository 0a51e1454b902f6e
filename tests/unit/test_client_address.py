"""Whose address a request has when proxies stand before the server."""

import pytest
from pydantic import ValidationError
from starlette.datastructures import Headers

from tinct.server.address import client_address
from tinct.settings import Settings

PROXIES = frozenset({"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"})


def address(
    peer: str, *lines: str, header: str = "x-forwarded-for", trusted: frozenset[str] = PROXIES
) -> str:
    headers = Headers(raw=[(header.encode(), line.encode()) for line in lines])
    return client_address(peer, headers, trusted=trusted, header=header)


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        ("10.1.1.1", ("198.51.100.4",), "198.51.100.4"),
        ("10.1.1.1", ("6.6.6.6, 198.51.100.4",), "198.51.100.4"),  # the left one may be a lie
        ("10.1.1.1", ("6.6.6.6, 198.51.100.4, 192.0.2.7",), "198.51.100.4"),
        ("10.1.1.1", ("6.6.6.6", "198.51.100.4, 10.9.9.9"), "198.51.100.4"),  # lines in their order
        ("10.1.1.1", ("198.51.100.4:4711",), "198.51.100.4"),
        ("10.1.1.1", ("[2001:db9::5]:4711",), "2001:db9::5"),
        ("10.1.1.1", ("::ffff:198.51.100.4",), "198.51.100.4"),
        ("10.1.1.1", ("10.2.2.2, 10.3.3.3",), "10.2.2.2"),  # nobody but proxies: the farthest
        ("10.1.1.1", ("6.6.6.6, unknown",), "10.1.1.1"),  # hidden: the proxy that says so
        ("10.1.1.1", ("",), "10.1.1.1"),
        ("10.1.1.1", (), "10.1.1.1"),
        ("203.0.113.9", ("127.0.0.1",), "203.0.113.9"),  # not a proxy of ours
        ("127.0.0.1", ("198.51.100.4",), "127.0.0.1"),  # not even this machine, unless it is named
    ],
)
def test_the_last_hop_that_is_no_trusted_proxy_is_the_client(
    peer: str, lines: tuple[str, ...], expected: str
) -> None:
    assert address(peer, *lines) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("for=198.51.100.4", "198.51.100.4"),
        ('for=6.6.6.6;proto=http, For="198.51.100.4:80";by=10.1.1.1', "198.51.100.4"),
        ('for="[2001:db9::5]:80"', "2001:db9::5"),
        ("for=_hidden", "10.1.1.1"),
        ("proto=https", "10.1.1.1"),
    ],
)
def test_the_standard_header_is_read_where_it_is_the_one_that_proxies_write(line: str, expected: str) -> None:
    assert address("10.1.1.1", line, header="forwarded") == expected


def test_nobody_is_trusted_unless_told() -> None:
    assert address("127.0.0.1", "198.51.100.4", trusted=Settings().trusted_proxies) == "127.0.0.1"


def test_the_header_that_proxies_do_not_write_is_ignored() -> None:
    headers = Headers({"forwarded": "for=6.6.6.6", "x-forwarded-for": "198.51.100.4"})
    found = client_address("10.1.1.1", headers, trusted=PROXIES, header=Settings().forwarded_header)
    assert found == "198.51.100.4"


def test_a_proxy_that_is_no_address_is_refused() -> None:
    assert Settings(trusted_proxies="10.0.0.0/8, ::1").trusted_proxies == {"10.0.0.0/8", "::1"}
    with pytest.raises(ValidationError, match="nginx"):
        Settings(trusted_proxies="nginx")
