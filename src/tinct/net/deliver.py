"""Guarded POST: how Tinct tells somebody at a URL that a user gave.

The address is checked anew at every call, as for fetching (see :mod:`tinct.net.target`); redirects are not followed,
proxies of the environment are ignored, the message and the time are bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinct.errors import OversizeUrlError, UnreachableUrlError
from tinct.net.guarded import TRIED_ADDRESSES, Guarded, silent
from tinct.net.target import Target

if TYPE_CHECKING:
    import httpx  # slow to load, and of no use before the first message

__all__ = ["Answer", "Deliverer"]

_HEADERS = {"User-Agent": "tinct", "Accept-Encoding": "identity"}
_READ = 16 * 1024  # bytes asked of the socket at a time


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


class Deliverer(Guarded):
    """Posts messages; of the settings also ``callback_bytes`` counts."""

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
        import httpx

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

    async def _exchange(
        self,
        transport: httpx.AsyncBaseTransport,
        target: Target,
        body: bytes,
        headers: Mapping[str, str],
        total_s: float,
        read_bytes: int,
    ) -> Answer:
        import httpx

        timeout = httpx.Timeout(total_s, connect=min(self._settings.fetch_connect_s, total_s))
        for address in target.addresses[:TRIED_ADDRESSES]:
            request = target.request(address, {**_HEADERS, **headers}, timeout, body=body)
            try:
                response = await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):  # nothing was sent: the next one may be tried
                continue
            try:
                return await _read(response, read_bytes)
            finally:
                await response.aclose()
        raise silent(target)


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
