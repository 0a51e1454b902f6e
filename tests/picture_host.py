"""A picture host on loopback, which can also redirect, drip, lie about a length, or say nothing."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any


class Site:
    """A path, and the raw bytes that are answered; None never answers, and a function writes as it likes."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Callable[[asyncio.StreamWriter], Any] | None] = {}
        self.asked: list[str] = []
        self._serving: set[asyncio.Task[None]] = set()

    def picture(
        self, path: str, content: bytes, *headers: str, status: int = 200, length: int | None = None
    ) -> str:
        size = len(content) if length is None else length
        head = [
            f"HTTP/1.1 {status} Whatever",
            f"Content-Length: {size}",
            "Connection: close",
            *headers,
            "",
            "",
        ]
        self.answers[path] = "\r\n".join(head).encode() + content
        return self.url + path

    async def __aenter__(self) -> "Site":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            line = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            self.asked.append(line)
            answer = self.answers.get(line, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
            if answer is None:
                await asyncio.sleep(3600)
            elif isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
