"""Tencent's ``q-sign-algorithm=sha1``: pure functions that say what a request's signature has to be.

The string that is signed holds the method, the decoded path, and those parameters and headers that the signature itself
lists; everything else of a request may change on its way.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

__all__ = [
    "Claim",
    "Pairs",
    "encoded_name",
    "format_string",
    "from_header",
    "from_query",
    "pairs",
    "signature",
    "string_to_sign",
]

Pairs = tuple[tuple[str, str], ...]
"""Names and values of a query, decoded, in the order of the request."""

_FIELDS: Final = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)
_SECONDS: Final = "(0|[1-9][0-9]{0,11})"  # one spelling of each number: the text itself is signed
_WINDOW = re.compile(f"{_SECONDS};{_SECONDS}")
_DIGEST = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a request says about its own signature."""

    key_id: str
    sign_time: tuple[int, int]
    """Seconds since 1970 between which the request is valid."""
    key_time: tuple[int, int]
    """The same for the signing key."""
    headers: tuple[str, ...]
    """Names of signed headers, lower case."""
    params: tuple[str, ...]
    """Names of signed parameters, encoded, lower case."""
    signature: str
    """40 hexadecimal digits."""


def pairs(query: str) -> Pairs:
    """Names and values of a query string; ``+`` is a blank, and a bare name has an empty value."""
    found = []
    for item in query.split("&"):
        if item:
            name, _, value = item.partition("=")
            found.append((unquote_plus(name), unquote_plus(value)))
    return tuple(found)


def from_header(text: str) -> Claim | None:
    """The claim of an ``Authorization`` header; None where it has another form."""
    fields = dict(item.partition("=")[::2] for item in text.strip().split("&"))
    return _claim({name: unquote(value) for name, value in fields.items()})


def from_query(query: Pairs) -> Claim | None:
    """The claim of a presigned URL; None where it has another form."""
    return _claim({name: value for name, value in reversed(query) if name in _FIELDS})


def _claim(fields: Mapping[str, str]) -> Claim | None:
    if any(name not in fields for name in _FIELDS) or fields["q-sign-algorithm"] != "sha1":
        return None
    sign_time, key_time = (_WINDOW.fullmatch(fields[name]) for name in ("q-sign-time", "q-key-time"))
    if (
        sign_time is None
        or key_time is None
        or not fields["q-ak"]
        or not _DIGEST.fullmatch(fields["q-signature"])
    ):
        return None
    return Claim(
        key_id=fields["q-ak"],
        sign_time=(int(sign_time[1]), int(sign_time[2])),
        key_time=(int(key_time[1]), int(key_time[2])),
        headers=_names(fields["q-header-list"]),
        params=_names(fields["q-url-param-list"]),
        signature=fields["q-signature"],
    )


def _names(text: str) -> tuple[str, ...]:
    """The names of a list, encoded and in lower case; some clients encode the whole list once more."""
    if ";" not in text and "%3b" in text.lower():
        text = unquote(text)
    return tuple(encoded_name(unquote(name)) for name in text.split(";") if name)


def encoded_name(name: str) -> str:
    """The name of a parameter or header as signatures list it."""
    return _encoded(name).lower()


def _encoded(value: str | bytes) -> str:
    """By RFC 3986, slashes too."""
    return quote(value, safe="-_.~")


def _listed(values: Sequence[tuple[str, str | bytes]], names: tuple[str, ...]) -> str:
    """Those values that are listed, the first of each name, as the signed text has them; never the signature itself."""
    found: dict[str, str] = {}
    for name, value in values:
        key = encoded_name(name)
        if key in names and key not in found and key not in _FIELDS:
            found[key] = _encoded(value)
    return "&".join(f"{name}={found[name]}" for name in sorted(found))


def format_string(
    claim: Claim, method: str, path: str, query: Pairs, headers: Sequence[tuple[str, bytes]]
) -> str:
    """The text that stands for the request.

    Parameters
    ----------
    claim : Claim
    method : str
        In any case.
    path : str
        Percent-decoded, with its leading slash.
    query : Pairs
        All parameters.
    headers : sequence of (str, bytes)
        All headers, with their raw values.
    """
    params, signed = _listed(query, claim.params), _listed(headers, claim.headers)
    return f"{method.lower()}\n{path}\n{params}\n{signed}\n"


def string_to_sign(claim: Claim, formatted: str) -> str:
    """The text that is signed, from `format_string`."""
    begin, end = claim.sign_time
    digest = hashlib.sha1(formatted.encode("utf-8", "surrogateescape")).hexdigest()
    return f"sha1\n{begin};{end}\n{digest}\n"


def signature(claim: Claim, secret: bytes, formatted: str) -> str:
    """What the claim's signature has to be: 40 hexadecimal digits."""
    begin, end = claim.key_time
    key = hmac.new(secret, f"{begin};{end}".encode(), hashlib.sha1).hexdigest()
    return hmac.new(key.encode(), string_to_sign(claim, formatted).encode(), hashlib.sha1).hexdigest()
