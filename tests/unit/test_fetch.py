"""Guarded GET: what is connected to, what is followed, what is cut."""

import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tinct.errors import FetchError, OversizeUrlError, RefusedUrlError, UnreachableUrlError
from tinct.net.fetch import Fetcher
from tinct.settings import Settings

Reply = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


class Loopback:
    """A real HTTP server on loopback that remembers the requests it got."""

    def __init__(self, reply: Reply | bytes, tls: ssl.SSLContext | None = None) -> None:
        self.reply, self.tls, self.requests = reply, tls, []
        self.serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Loopback":
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/photo.jpg"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(request)
            if isinstance(self.reply, bytes):
                writer.write(self.reply)
            else:
                await self.reply(request, writer)
            await writer.drain()


def ok(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", "Content-Type: image/jpeg", "Connection: close", *headers]
    head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*head, "", ""]).encode() + body


def moved(location: str) -> bytes:
    head = ["HTTP/1.1 302 Found", f"Location: {location}", "Content-Length: 0", "Connection: close", "", ""]
    return "\r\n".join(head).encode()


def settings(*allowed: str, **changes: object) -> Settings:
    return Settings(allow_private_hosts=frozenset(allowed), **changes)


def run(coroutine: Awaitable[None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 20))


async def read(fetcher: Fetcher, url: str, max_bytes: int = 100_000, **options: int) -> bytes:
    return await fetcher.read(url, max_bytes=max_bytes, **options)


def answering(*answers: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver that gives each answer once, then the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return [left.pop(0) if len(left) > 1 else left[0]]

    return resolve


def test_an_allowed_private_host_is_fetched_on_any_port() -> None:
    async def go() -> None:
        async with Loopback(ok(b"pixels")) as server:
            assert await read(Fetcher(settings("127.0.0.1")), server.url) == b"pixels"
            assert await read(Fetcher(settings(f"127.0.0.1:{server.port}")), server.url) == b"pixels"

    run(go())


def test_a_private_host_that_is_not_allowed_is_never_connected_to() -> None:
    async def go() -> None:
        async with Loopback(ok(b"pixels")) as server:
            for allowed in ([], ["127.0.0.2"], [f"127.0.0.1:{server.port + 1}"], ["localhost"]):
                with pytest.raises(RefusedUrlError):
                    await read(Fetcher(settings(*allowed)), server.url)
            assert server.requests == []

    run(go())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://localhost./", "http://LOCALHOST/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[::]/", "http://0/", "http://0.0.0.0/", "http://2130706433/",
        "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://017700000001/", "http://127.1/",
        "http://127.0.0.1./", "http://127%2e0%2e0%2e1/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/",
        "http://169.254.169.254/latest/meta-data/", "http://user@1.1.1.1/", "http://user:pw@1.1.1.1/",
        "http://1.1.1.1:22/", "http://1.1.1.1:8080/", "https://1.1.1.1:8443/",
        "ftp://1.1.1.1/", "file:///etc/passwd", "gopher://1.1.1.1/", "data:image/png;base64,AAAA",
        "//1.1.1.1/x", "1.1.1.1/x", "", " ", "http://", "http:///x", "http://[::1", "http://a b/",
        "http://1.1.1.1:99999/",
        "http://1.1.1.1/\r\nX: y", "http://1.1.1.1/\x00", "http://1.1.1.1/" + "a" * 9000, "http://1.1.1.256/",
        "http://[fe80::1%25lo]/", "http://%31%32%37.0.0.1/", "http://example.com\\@127.0.0.1/",
    ],
)  # fmt: skip
def test_a_url_that_leads_elsewhere_is_refused_without_a_connection(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: connected.append(address))
    with pytest.raises(FetchError) as caught:
        run(read(Fetcher(settings()), url))
    assert isinstance(caught.value, RefusedUrlError) or "not found" in str(caught.value)
    assert connected == []


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "10.0.0.7"]

    with pytest.raises(RefusedUrlError, match="public internet"):
        run(read(Fetcher(settings(), resolve=both), "http://photos.example/a.jpg"))


def test_a_resolver_that_changes_its_answer_reaches_no_loopback() -> None:
    """DNS rebinding: public at the check, loopback afterwards; the checked address is connected to."""
    connected: list[str] = []

    def transport() -> httpx.MockTransport:
        def reply(request: httpx.Request) -> httpx.Response:
            connected.append(request.url.host)
            assert request.headers["host"] == "photos.example"
            assert request.extensions["sni_hostname"] == "photos.example"
            return httpx.Response(200, stream=httpx.ByteStream(b"pixels"))

        return httpx.MockTransport(reply)

    fetcher = Fetcher(settings(), resolve=answering("93.184.215.14", "127.0.0.1"), transport=transport)
    assert asyncio.run(read(fetcher, "https://photos.example/a.jpg")) == b"pixels"
    assert connected == ["93.184.215.14"]
    with pytest.raises(RefusedUrlError):
        run(read(fetcher, "https://photos.example/a.jpg"))
    assert connected == ["93.184.215.14"]


def _redirecting(location: str, seen: list[str]) -> Callable[[], httpx.MockTransport]:
    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(302, headers={"location": location})

    return lambda: httpx.MockTransport(reply)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/", "//127.0.0.1/", "http://1.1.1.1:22/",
        "file:///etc/passwd", "http://user@1.1.1.1/", "https://2130706433/", "http://photos.example/plain",
    ],
)  # fmt: skip
def test_a_redirect_is_checked_like_the_first_url(location: str) -> None:
    seen: list[str] = []
    fetcher = Fetcher(settings(), resolve=answering("93.184.215.14"), transport=_redirecting(location, seen))
    with pytest.raises(RefusedUrlError):
        run(read(fetcher, "https://photos.example/a.jpg"))
    assert len(seen) == 1


def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async def hop(request: str, writer: asyncio.StreamWriter) -> None:
        left = int(request.split(" ")[1].strip("/"))
        writer.write(ok(b"there") if left == 0 else moved(f"/{left - 1}"))

    async def go() -> None:
        async with Loopback(hop) as server:
            base = f"http://127.0.0.1:{server.port}"
            fetcher = Fetcher(settings("127.0.0.1"))
            assert await read(fetcher, f"{base}/3") == b"there"
            with pytest.raises(RefusedUrlError, match="more than 3 times"):
                await read(fetcher, f"{base}/4")
            with pytest.raises(RefusedUrlError, match="more than 0 times"):
                await read(fetcher, f"{base}/1", redirects=0)

    run(go())


def test_an_allowed_host_cannot_redirect_to_one_that_is_not() -> None:
    async def go() -> None:
        async with (
            Loopback(ok(b"secret")) as inner,
            Loopback(moved(f"http://localhost:{inner.port}/")) as outer,
        ):
            with pytest.raises(RefusedUrlError):
                await read(Fetcher(settings("127.0.0.1")), outer.url)
            assert inner.requests == []

    run(go())


def test_a_declared_size_over_the_cap_is_refused_before_the_body() -> None:
    async def go() -> None:
        async with Loopback(ok(b"", length=5001)) as server:
            with pytest.raises(OversizeUrlError, match="5000 bytes"):
                await read(Fetcher(settings("127.0.0.1")), server.url, 5000)

    run(go())


def test_a_body_that_outgrows_the_cap_is_cut_whatever_its_header_says() -> None:
    async def endless(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"x" * 10_000)
            await writer.drain()

    async def measure(url: str, got: list[int]) -> None:
        async with Fetcher(settings("127.0.0.1")).open(url, max_bytes=200_000) as fetched:
            async for chunk in fetched.chunks:
                got.append(len(chunk))  # noqa: PERF401 - kept up to the exception

    async def go() -> None:
        async with Loopback(endless) as server:
            got: list[int] = []
            with pytest.raises(OversizeUrlError):
                await measure(server.url, got)
            assert 100_000 < sum(got) <= 200_000
        async with Loopback(ok(b"x" * 5000)) as server:
            assert len(await read(Fetcher(settings("127.0.0.1")), server.url, 5000)) == 5000

    run(go())


def test_a_compressed_body_is_not_inflated_past_the_cap() -> None:
    bomb = gzip.compress(bytes(50_000_000))  # 50 MB in 50 kB

    async def go() -> None:
        fetcher = Fetcher(settings("127.0.0.1"))
        async with Loopback(ok(bomb, "Content-Encoding: gzip")) as server:
            with pytest.raises(OversizeUrlError):
                await read(fetcher, server.url, 1_000_000)
            assert "accept-encoding: identity" in server.requests[0].lower()
        async with Loopback(ok(gzip.compress(b"p" * 5000), "Content-Encoding: gzip")) as server:
            assert await read(fetcher, server.url, 5000) == b"p" * 5000
        for body, encoding in ((b"not gzip", "gzip"), (b"pixels", "br")):
            async with Loopback(ok(body, f"Content-Encoding: {encoding}")) as server:
                with pytest.raises(UnreachableUrlError):
                    await read(fetcher, server.url)

    run(go())


def test_a_server_that_drips_is_cut_at_the_total_time() -> None:
    async def drip(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def go() -> None:
        async with Loopback(drip) as server:
            with pytest.raises(UnreachableUrlError, match=r"longer than 0\.3 seconds"):
                await read(Fetcher(settings("127.0.0.1", fetch_total_s=0.3)), server.url)

    run(go())


def test_a_resolver_that_hangs_is_cut_at_the_connect_time() -> None:
    async def hang(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(UnreachableUrlError, match="resolve"):
        run(read(Fetcher(settings(fetch_connect_s=0.1), resolve=hang), "http://photos.example/"))


def test_a_connection_that_hangs_while_it_is_opened_is_cut_at_the_connect_time() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    with contextlib.ExitStack() as sockets:
        full = sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # nobody accepts: once the queue is full, the system answers no more
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        fetcher = Fetcher(settings("photos.example", fetch_connect_s=0.3), resolve=resolve)
        url = f"http://photos.example:{full.getsockname()[1]}/"
        with pytest.raises(UnreachableUrlError):
            run(read(fetcher, url))


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nLocation: /x\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"",
        ok(b"half", length=400),
    ],
)
def test_an_answer_that_is_not_a_whole_200_is_an_error_in_our_own_words(reply: bytes) -> None:
    async def go() -> None:
        async with Loopback(reply) as server:
            with pytest.raises(UnreachableUrlError) as caught:
                await read(Fetcher(settings("127.0.0.1")), server.url)
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
            assert "httpx" not in str(caught.value)

    run(go())


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnreachableUrlError, match="did not answer"):
        run(read(Fetcher(settings("127.0.0.1")), f"http://127.0.0.1:{port}/"))


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def go() -> None:
        async with Loopback(ok(b"pixels")) as server:
            assert await read(Fetcher(settings("127.0.0.1")), server.url) == b"pixels"

    run(go())


def test_no_cookie_or_header_of_one_hop_reaches_the_next() -> None:
    async def hop(request: str, writer: asyncio.StreamWriter) -> None:
        first = request.startswith("GET /photo.jpg")
        writer.write(moved("/2\r\nSet-Cookie: a=b") if first else ok(b"pixels"))

    async def go() -> None:
        async with Loopback(hop) as server:
            await read(Fetcher(settings("127.0.0.1")), server.url)
            assert len(server.requests) == 2
            assert "cookie" not in server.requests[1].lower()

    run(go())


def test_tls_is_checked_against_the_name_and_not_the_address() -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("photos.example").configure_cert(tls)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    def transport() -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(verify=trusting, trust_env=False)

    async def go() -> None:
        async with Loopback(ok(b"pixels"), tls) as server:
            hosts = ("photos.example", "other.example")
            fetcher = Fetcher(settings(*hosts), resolve=answering("127.0.0.1"), transport=transport)
            assert await read(fetcher, f"https://photos.example:{server.port}/") == b"pixels"
            with pytest.raises(UnreachableUrlError):
                await read(fetcher, f"https://other.example:{server.port}/")

    run(go())
