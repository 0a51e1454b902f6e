"""A server on loopback that a test scripts by the byte, so that it can also break the rules."""

import asyncio
import contextlib
from typing import Self


def reply(status: int, *headers: str, body: bytes = b"", length: int | None = None) -> bytes:
    """A whole answer; `length` lies about how long its body is."""
    size = len(body) if length is None else length
    lines = [
        f"HTTP/1.1 {status} Whatever",
        f"Content-Length: {size}",
        "Connection: close",
        *headers,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


class Loopback:
    """Serves while its block lasts; what it answers is told by `answer`."""

    path = ""

    def __init__(self) -> None:
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}{self.path}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()  # what nobody reads would keep its socket open beyond the event loop
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        self._writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            await self.answer(reader, writer)
