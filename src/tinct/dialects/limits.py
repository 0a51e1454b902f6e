"""How much a request may bring, and how often who may call: a wire format's own choice, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from tinct.accounts.limits import Window
from tinct.settings import Settings

__all__ = ["CallLimits", "plain", "usual"]


def _none(connection: HTTPConnection) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """The limits of a wire format; None where there is none of a kind."""

    body_bytes: Callable[[HTTPConnection], int]
    """Most bytes of a request's body, counted while it arrives."""
    account: Window | None = None
    """Calls of one account, by whatever key."""
    key: Window | None = None
    """Calls with one key."""
    token: Window | None = None
    """Calls with one access token."""
    address: Window | None = None
    """All calls from one address; counted before anything else is looked at."""
    anonymous: Window | None = None
    """Calls from one address that need no key."""
    refused: Window | None = None
    """Calls from one address whose key or link was not a good one."""
    exempt: Callable[[HTTPConnection], bool] = _none
    """Calls that count nowhere."""
    headers: bool = False
    """Whether replies tell what is left, as ``RateLimit`` and ``RateLimit-Policy``."""


def usual(
    settings: Settings, body_bytes: Callable[[HTTPConnection], int], *, headers: bool = False
) -> CallLimits:
    """The server's own limits, for wire formats that ask for no others; counted over all of them together."""
    minute = 60.0
    return CallLimits(
        body_bytes=body_bytes,
        account=Window(settings.requests_per_minute, minute, pool="all"),
        anonymous=Window(settings.anonymous_per_minute, minute, pool="all"),
        refused=Window(settings.refusals_per_minute, minute, pool="all"),
        headers=headers,
    )


def plain(settings: Settings) -> CallLimits:
    """The same for applications that take no files."""
    return usual(settings, lambda connection: settings.max_body_bytes)
