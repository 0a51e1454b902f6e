"""What fetching and delivering have in common: how a URL becomes addresses that may be connected to, and by what."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinct.errors import RefusedUrlError, UnreachableUrlError
from tinct.net.target import Resolve, Target, locate, resolve_by_system
from tinct.settings import Settings

if TYPE_CHECKING:
    import httpx  # slow to load, and of no use before the first URL

__all__ = ["TRIED_ADDRESSES", "Guarded", "open_transport", "silent"]

TRIED_ADDRESSES = 2
"""Of one host, before it counts as silent."""


def open_transport() -> httpx.AsyncBaseTransport:
    """One connection's worth of HTTP, with no proxy and no second try."""
    import httpx

    return httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False, retries=0)


@functools.cache
def _tls() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context(trust_env=False)


class Guarded:
    """Reaches URLs within the limits of `settings`.

    Parameters
    ----------
    settings : Settings
        ``offline``, ``fetch_connect_s``, ``allow_private_hosts``, and what the kind of call needs besides.
    resolve, transport : callable, optional
        How names become addresses and how bytes travel; other ones than the system's serve tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        resolve: Resolve = resolve_by_system,
        transport: Callable[[], httpx.AsyncBaseTransport] = open_transport,
    ) -> None:
        self._settings, self._resolve, self._transport = settings, resolve, transport

    async def _locate(self, url: str, previous: Target | None = None) -> Target:
        """Where a URL leads to, checked; `previous` is what redirected to it."""
        if self._settings.offline:
            raise RefusedUrlError("This server is offline and reaches no URL; send the file itself.")
        try:
            async with asyncio.timeout(self._settings.fetch_connect_s):
                return await locate(
                    url,
                    allowed_hosts=self._settings.allow_private_hosts,
                    resolve=self._resolve,
                    previous=previous,
                )
        except TimeoutError:
            raise UnreachableUrlError("The host's name took too long to resolve; try again.") from None


def silent(target: Target) -> UnreachableUrlError:
    """None of its addresses answers."""
    return UnreachableUrlError(f"The host {target.host} did not answer; check the URL.")
