"""Picture hosts on loopback: one of a folder, and one that can redirect, drip, lie about a length, or say nothing."""

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from loopback import Loopback, reply


@contextlib.contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """The address at which the files of a folder can be fetched."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Site(Loopback):
    """A path, and the raw bytes that are answered; None never answers, and a function writes as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, bytes | Callable[[asyncio.StreamWriter], Any] | None] = {}
        self.asked: list[str] = []

    def picture(
        self, path: str, content: bytes, *headers: str, status: int = 200, length: int | None = None
    ) -> str:
        self.answers[path] = reply(status, *headers, body=content, length=length)
        return self.url + path

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
