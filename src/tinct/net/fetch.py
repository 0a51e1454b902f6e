"""Guarded GET: how Tinct reads a photo from a URL that a user gave.

Only checked addresses are connected to (see :mod:`tinct.net.target`), redirects are few and each is checked
like the first URL, time and size are bounded whatever the server says, proxies of the
environment are ignored.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinct.errors import OversizeUrlError, RefusedUrlError, TinctError, UnreachableUrlError
from tinct.net.guarded import TRIED_ADDRESSES, Guarded, silent
from tinct.net.target import Target

if TYPE_CHECKING:
    import httpx  # slow to load, and of no use before the first URL

__all__ = ["Fetched", "Fetcher"]

_HEADERS = {"User-Agent": "tinct", "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
_REDIRECTS = (301, 302, 303, 307, 308)
_READ = 64 * 1024  # bytes asked of the socket at a time


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An answer whose body is still to be read."""

    url: str
    """Where the body comes from, after redirects."""
    chunks: AsyncIterator[bytes]
    """The body, decoded, in pieces; raises `OversizeUrlError` as soon as it is over the cap."""


class Fetcher(Guarded):
    """Fetches URLs; of the settings also ``fetch_total_s`` and ``fetch_redirects`` count."""

    async def read(self, url: str, *, max_bytes: int, redirects: int | None = None) -> bytes:
        """The whole body at `url`; see :meth:`open`."""
        async with self.open(url, max_bytes=max_bytes, redirects=redirects) as fetched:
            return b"".join([chunk async for chunk in fetched.chunks])

    @asynccontextmanager
    async def open(self, url: str, *, max_bytes: int, redirects: int | None = None) -> AsyncIterator[Fetched]:
        """GET `url`; everything inside the ``async with`` counts towards the total time.

        Parameters
        ----------
        max_bytes : int
            Cap on the decoded body, in bytes.
        redirects : int, optional
            How many to follow; by default the settings' ``fetch_redirects``.

        Raises
        ------
        RefusedUrlError
            The URL, or one it redirects to, may not be fetched.
        UnreachableUrlError
            No answer, not 200, too slow, or broken off.
        OversizeUrlError
            The body is larger than `max_bytes`.
        """
        import httpx

        hops = self._settings.fetch_redirects if redirects is None else redirects
        seconds = self._settings.fetch_total_s
        try:
            async with asyncio.timeout(seconds), self._follow(url, hops) as (target, response):
                yield Fetched(
                    url=str(target.url),
                    chunks=_body(response, max_bytes),
                )
        except TimeoutError:
            raise UnreachableUrlError(f"The URL took longer than {seconds:g} seconds to fetch.") from None
        except httpx.HTTPError:
            raise UnreachableUrlError("The answer from the URL broke off or could not be read.") from None

    @asynccontextmanager
    async def _follow(self, url: str, hops: int) -> AsyncIterator[tuple[Target, httpx.Response]]:
        previous: Target | None = None
        for _ in range(hops + 1):
            target = await self._locate(url, previous)
            async with self._transport() as transport:
                response = await self._connect(transport, target)
                try:
                    if response.status_code == 200:
                        yield target, response
                        return
                    url, previous = _location(response), target
                finally:
                    await response.aclose()
        raise RefusedUrlError(f"The URL redirects more than {hops} times, which is not followed.")

    async def _connect(self, transport: httpx.AsyncBaseTransport, target: Target) -> httpx.Response:
        import httpx

        timeout = httpx.Timeout(self._settings.fetch_total_s, connect=self._settings.fetch_connect_s)
        for address in target.addresses[:TRIED_ADDRESSES]:
            try:
                return await transport.handle_async_request(target.request(address, _HEADERS, timeout))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
            except httpx.HTTPError:
                break
        raise silent(target)


def _location(response: httpx.Response) -> str:
    location = response.headers.get("location")
    if response.status_code not in _REDIRECTS or not location:
        raise UnreachableUrlError(
            f"The URL answered {response.status_code}; it must answer 200 with the file."
        )
    return str(location)


async def _body(response: httpx.Response, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body, never holding or inflating more than the cap and one read."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _oversize(max_bytes)
    inflate = _decoder(response.headers.get("content-encoding", "identity").strip().lower())
    got = 0
    async for raw in response.aiter_raw(_READ):
        chunk = inflate(raw, max_bytes - got + 1)
        got += len(chunk)
        if got > max_bytes:
            raise _oversize(max_bytes)
        if chunk:
            yield chunk


def _decoder(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function of (raw bytes, most bytes to give back)."""
    if encoding in ("", "identity"):
        return lambda raw, most: raw
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UnreachableUrlError("The answer is compressed in a way that is not read; serve it as it is.")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib header, whichever is there

    def inflate(raw: bytes, most: int) -> bytes:
        try:
            return inflater.decompress(raw, most)
        except zlib.error:
            raise UnreachableUrlError("The answer's compression is broken.") from None

    return inflate


def _oversize(max_bytes: int) -> TinctError:
    return OversizeUrlError(
        f"The file at the URL is larger than {max_bytes} bytes, the most that is fetched."
    )
