"""Guarded POST: how Tinct tells somebody at a URL that a user gave.

The address is checked anew at every call, as for fetching (see :mod:`tinct.net.target`); redirects are not followed,
proxies of the environment are ignored, the message and the time are bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from tinct.errors import FetchError, OversizeUrlError, UnreachableUrlError
from tinct.net.fetch import open_transport
from tinct.net.target import Resolve, Target, locate, resolve_by_system
from tinct.settings import Settings

__all__ = ["Answer", "Deliverer"]

_HEADERS = {"User-Agent": "tinct", "Accept-Encoding": "identity"}
_READ = 16 * 1024  # bytes asked of the socket at a time
_TRIED_ADDRESSES = 2


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a receiver said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    """As far as it was asked for; never to be trusted."""
    whole: bool = True
    """False where the body was longer than what was asked for."""


class Deliverer:
    """Posts messages within the limits of `settings`.

    Parameters
    ----------
    settings : Settings
        ``fetch_connect_s``, ``callback_bytes``, ``allow_private_hosts``.
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

    async def check(self, url: str) -> str:
        """The host of a URL that may be posted to now; nothing is sent.

        Raises
        ------
        RefusedUrlError, UnreachableUrlError
            It may not, or its host is not found.
        """
        return (await self._locate(url)).host

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        total_s: float,
        read_bytes: int = 0,
        most_bytes: int | None = None,
    ) -> Answer:
        """Post `body` once.

        Parameters
        ----------
        body : bytes
            Sent as it is.
        headers : mapping of str to str
            Sent with it; Host and length come from here.
        total_s : float
            Seconds for everything: name, connection, message and as much of the reply as is read.
        read_bytes : int
            How much of the reply's body to read.
        most_bytes : int, optional
            Of `body`; the settings' ``callback_bytes`` by default.

        Returns
        -------
        Answer
            Whatever its status; redirects too.

        Raises
        ------
        RefusedUrlError
            The URL may not be posted to (any more).
        OversizeUrlError
            The message is too long.
        UnreachableUrlError
            There was no answer in time, or it broke off.
        """
        most = self._settings.callback_bytes if most_bytes is None else most_bytes
        if len(body) > most:
            raise OversizeUrlError(f"The message has {len(body)} bytes; allowed: {most}.")
        try:
            async with asyncio.timeout(total_s):
                target = await self._locate(url)
                async with self._transport() as transport:
                    return await self._exchange(transport, target, body, headers, total_s, read_bytes)
        except TimeoutError:
            raise UnreachableUrlError(f"There was no whole answer within {total_s:g} seconds.") from None
        except httpx.HTTPError:
            raise UnreachableUrlError("The answer broke off or could not be read.") from None

    async def _locate(self, url: str) -> Target:
        try:
            async with asyncio.timeout(self._settings.fetch_connect_s):
                return await locate(
                    url, allowed_hosts=self._settings.allow_private_hosts, resolve=self._resolve
                )
        except TimeoutError:
            raise UnreachableUrlError("The host's name took too long to resolve; try again.") from None

    async def _exchange(
        self,
        transport: httpx.AsyncBaseTransport,
        target: Target,
        body: bytes,
        headers: Mapping[str, str],
        total_s: float,
        read_bytes: int,
    ) -> Answer:
        timeout = httpx.Timeout(total_s, connect=min(self._settings.fetch_connect_s, total_s))
        for address in target.addresses[:_TRIED_ADDRESSES]:
            request = target.request(address, {**_HEADERS, **headers}, timeout, body=body)
            try:
                response = await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):  # nothing was sent: the next one may be tried
                continue
            try:
                return await _read(response, read_bytes)
            finally:
                await response.aclose()
        raise _silent(target)


async def _read(response: httpx.Response, most: int) -> Answer:
    got, whole = bytearray(), True
    if most:
        async for chunk in response.aiter_raw(_READ):
            got += chunk
            if len(got) > most:
                whole = False
                break
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(got[:most]),
        whole=whole,
    )


def _silent(target: Target) -> FetchError:
    return UnreachableUrlError(f"The host {target.host} did not answer; check the URL.")
