"""Clients that say nothing, say it slowly, do not listen, or are too many."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio
import uvicorn

import running
from tinct.server.connections import Connections, descriptors
from tinct.server.run import http_config
from tinct.settings import Settings

pytestmark = pytest.mark.asyncio

PATIENCE_S = 20.0
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: x\r\n"
BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
BIG = 64 * 2**20  # bytes; more than sockets keep for a reader


class Site:
    """A server in this process, and what its application saw."""

    def __init__(self) -> None:
        self.left = 0
        """Requests whose client went before its body was there."""
        self.port = 0
        self.held = asyncio.Event()
        self.guard: Connections
        self.writers: list[asyncio.StreamWriter] = []

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] == "/held":
            await self.held.wait()
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left += 1
                return
            size += len(message["body"])
            more = message["more_body"]
        reply = b"x" * 65_536 if scope["path"] == "/big" else str(size).encode()
        count = BIG // len(reply) if scope["path"] == "/big" else 1
        length = str(len(reply) * count).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for left in reversed(range(count)):
            await send({"type": "http.response.body", "body": reply, "more_body": left > 0})

    async def open(
        self, text: bytes = b"", source: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        self.writers.append(writer)
        writer.write(text)
        return reader, writer

    @property
    def most(self) -> int:
        """Connections that one address may have here."""
        return min(self.guard.most, self.guard.settings.connections_per_address)

    @property
    def count(self) -> int:
        """Connections that are open."""
        return len(self.guard._open)


@pytest_asyncio.fixture
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """A parameter holds other settings."""
    changes = {"header_s": 0.4, "body_idle_s": 0.4} | getattr(request, "param", {})
    made = Site()
    config = http_config(made, Settings(**changes))
    made.guard = config.http.guard  # type: ignore[union-attr]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made.port = listener.getsockname()[1]
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield made
        made.held.set()
        for writer in made.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        server.force_exit = server.should_exit = True
        await serving


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that still comes until the connection is closed."""
    with contextlib.suppress(ConnectionResetError):
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    return b""


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(site: Site) -> None:
    reader, _ = await site.open()
    assert await rest(reader) == b""
    assert site.count == 0


@pytest.mark.parametrize("site", [{"header_s": 60}], indirect=True)
async def test_a_connection_that_comes_while_the_server_stops_does_not_keep_it(site: Site) -> None:
    reader, _ = await site.open(HEAD)
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    site.guard.stopped_at = asyncio.get_running_loop().time()
    late, _ = await site.open()
    assert await rest(late) == b""
    await rest(reader)
    assert site.count == 0


@pytest.mark.parametrize("site", [{"header_s": 60}], indirect=True)
async def test_a_request_on_a_kept_connection_is_answered_while_the_server_stops(site: Site) -> None:
    reader, writer = await site.open(HEAD)
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(0.1)
    for connection in list(site.guard._open):
        connection.shutdown()
    writer.write(HEAD)
    answer = await rest(reader)
    assert b"200 OK" in answer
    assert b"connection: close" in answer.lower()
    assert site.count == 0


@pytest.mark.parametrize("dripping", [False, True])
async def test_a_head_has_to_be_whole_in_time_however_it_comes(site: Site, dripping: bool) -> None:
    reader, writer = await site.open(HALF)

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

    dropping = asyncio.create_task(drip() if dripping else asyncio.sleep(0))
    told = await rest(reader)
    dropping.cancel()
    assert told.startswith(b"HTTP/1.1 408 ") or (dripping and not told)  # what still comes may reset it
    await until(lambda: site.count == 0)


async def test_half_a_head_after_a_request_that_was_served_is_not_kept_either(site: Site) -> None:
    reader, _ = await site.open(HEAD + HALF)
    told = await rest(reader)
    assert told.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in told


@pytest.mark.parametrize("dripping", [False, True])
async def test_a_body_that_stands_still_is_given_up_and_its_application_is_told(
    site: Site, dripping: bool
) -> None:
    reader, writer = await site.open(BODY + b"some")

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

    dropping = asyncio.create_task(drip() if dripping else asyncio.sleep(0))
    told = await rest(reader)
    dropping.cancel()
    assert told.startswith(b"HTTP/1.1 408 ") or (dripping and not told)
    await until(lambda: site.left == 1 and site.count == 0)


@pytest.mark.parametrize("site", [{"body_idle_s": 1.0}], indirect=True)
async def test_a_slow_body_that_moves_is_taken_whole(site: Site) -> None:
    reader, writer = await site.open(BODY)
    for _ in range(20):
        writer.write(bytes(50_000))
        await asyncio.sleep(0.15)
    told = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n1000000"), PATIENCE_S)
    assert told.startswith(b"HTTP/1.1 200 ")


async def test_a_reply_that_nobody_reads_is_given_up(site: Site) -> None:
    before = psutil.Process().num_fds()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", site.port))
        client.sendall(HEAD.replace(b"/ ", b"/big ", 1))
        await until(lambda: site.count == 1)
        await until(lambda: site.count == 0)
    await until(lambda: psutil.Process().num_fds() <= before)


async def test_a_reply_that_is_read_slowly_comes_whole(site: Site) -> None:
    reader, _ = await site.open(HEAD.replace(b"/ ", b"/big ", 1))
    size = 0
    async with asyncio.timeout(120):
        while size < BIG:
            chunk = await reader.read(2**22)
            assert chunk
            size += len(chunk)
            await asyncio.sleep(0.02)


async def test_an_application_may_take_longer_than_any_of_these_times(site: Site) -> None:
    reader, _ = await site.open(HEAD.replace(b"/ ", b"/held ", 1))
    await asyncio.sleep(1.5)
    site.held.set()
    assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 200 ")


async def test_a_connection_is_kept_for_the_next_request(site: Site) -> None:
    reader, writer = await site.open(HEAD)
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n0"), PATIENCE_S)).startswith(b"HTTP/1.1 200 ")
    await asyncio.sleep(1.5)
    writer.write(HEAD)
    assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "site",
    [{"header_s": 60, "connections_per_address": 5}, {"header_s": 60, "max_connections": 16}],
    indirect=True,
)
@pytest.mark.parametrize("text", [b"", HALF, HEAD])
async def test_whoever_comes_takes_the_place_of_the_oldest_that_waits(site: Site, text: bytes) -> None:
    held = [await site.open(text) for _ in range(40)]
    reader, _ = await site.open(HEAD)
    assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 200 ")
    assert site.count <= site.most
    assert len([one for one, _ in held if not one.at_eof()]) >= 1
    await rest(held[0][0])


@pytest.mark.parametrize("site", [{"connections_per_address": 5}, {"max_connections": 16}], indirect=True)
async def test_no_request_that_is_being_served_is_dropped_for_another(site: Site) -> None:
    held = [await site.open(HEAD.replace(b"/ ", b"/held ", 1)) for _ in range(site.most)]
    await until(lambda: site.count == site.most)
    reader, _ = await site.open(HEAD)
    told = await rest(reader)
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1" in told
    site.held.set()
    for reader, _ in held:
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("site", [{"header_s": 60, "connections_per_address": 2}], indirect=True)
async def test_one_address_does_not_take_what_is_another_ones(site: Site) -> None:
    first, _ = await site.open(source="127.0.0.2")
    for _ in range(10):
        await site.open(source="127.0.0.3")
    await until(lambda: site.count == 3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.read(), 0.3)


@pytest.mark.parametrize(
    "site", [{"header_s": 60, "connections_per_address": 2, "trusted_proxies": "127.0.0.2"}], indirect=True
)
async def test_a_trusted_proxy_has_as_many_as_all(site: Site) -> None:
    for _ in range(10):
        await site.open(source="127.0.0.2")
        await site.open(source="127.0.0.3")
    await until(lambda: site.count == 12)


async def test_limits_of_open_files_are_raised_and_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: asked.append(limits))
    settings = Settings(max_connections=1000, database_connections=12)
    for soft, hard, raised, expected in (
        (256, 256, [(256, 256)], 256 - 108),
        (256, 4096, [(1108, 4096)], 1000),
        (256, resource.RLIM_INFINITY, [(1108, resource.RLIM_INFINITY)], 1000),
        (4096, 4096, [], 1000),
        (64, 64, [(64, 64)], 16),
    ):
        asked.clear()
        monkeypatch.setattr(resource, "getrlimit", lambda what, limits=(soft, hard): limits)
        assert descriptors(settings) == expected
        assert asked == raised


async def test_a_site_of_ipv6_counts_as_one() -> None:
    guard = Connections(Settings(connections_per_address=1), 10)
    assert guard is not None
    from tinct.server.connections import _owner

    assert _owner("2001:db8::1") == _owner("2001:db8::ffff:1") != _owner("2001:db8:0:1::1")
    assert _owner("::ffff:192.0.2.1") == _owner("192.0.2.1") != _owner("192.0.2.2")


async def test_three_hundred_silent_connections_leave_a_server_of_few_descriptors_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", *running.COMMAND]
    monkeypatch.setattr(running, "COMMAND", few)
    server = running.Server(tmp_path / "data", header_s="600", max_connections="5000")
    sockets = []
    try:
        host, _, port = server.url.removeprefix("http://").partition(":")
        for number in range(300):
            connection = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
            sockets.append(connection)
            with contextlib.suppress(ConnectionError):
                connection.sendall((b"", HALF, BODY)[number % 3])
        for _ in range(20):
            assert httpx.get(f"{server.url}/health", timeout=PATIENCE_S).status_code == 200
            assert httpx.get(f"{server.url}/ready", timeout=PATIENCE_S).status_code == 200
        assert psutil.Process(server.process.pid).num_fds() < 256
        assert len(server.logged().splitlines()) < 500
    finally:
        for connection in sockets:
            connection.close()
        server.stop()
