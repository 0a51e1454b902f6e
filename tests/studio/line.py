"""A line between a browser and a server that a test can break, slow down and mend."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CHUNK = 16 * 1024


@dataclass
class Break:
    """What breaks the line, once."""

    request: bytes
    """How the request begins that it happens to, such as ``POST /v1/files``."""
    after: int
    """Bytes of that request, or of the reply to it, that still go through."""
    of_reply: bool = False
    stays: bool = False
    """Whether the line stays away until it is mended."""
    happened: threading.Event = field(default_factory=threading.Event)


class Line:
    """Listens on loopback and passes all on to a server."""

    def __init__(self, server_url: str) -> None:
        self._to = urlsplit(server_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        """The head of each request that went through, as far as it came in its first piece."""
        self.breaks: Break | None = None
        self.reply_bytes_a_second: float | None = None
        self.away = False
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def mend(self) -> None:
        """Let everything through again."""
        self.away, self.breaks = False, None

    def cut(self, *, stays: bool = False) -> None:
        """Break all connections."""
        self.away = stays
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leaves no socket and no thread behind."""
        self.away = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes what waits in accept
        self._threads[0].join()
        self._listener.close()
        self.cut(stays=True)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.away:
                near.close()
                continue
            try:
                far = socket.create_connection((self._to.hostname, self._to.port))
            except OSError:
                near.close()
                continue
            self._open |= {near, far}
            self._threads.append(threading.Thread(target=self._carry, args=(near, far), daemon=True))
            self._threads[-1].start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        connection = _Connection(self, near, far)
        with near, far:
            down = threading.Thread(target=connection.down, daemon=True)
            down.start()
            connection.up()
            down.join()
        self._open -= {near, far}


class _Connection:
    def __init__(self, line: Line, near: socket.socket, far: socket.socket) -> None:
        self._line, self._near, self._far = line, near, far
        self._broken: Break | None = None
        self._left = 0

    def up(self) -> None:
        for piece in _pieces(self._near):
            if self._line.away:  # a browser sends again over another connection before that is broken too
                break
            if piece[:5] in (b"GET /", b"POST ", b"DELET", b"PUT /"):
                self._line.requests.append(piece.partition(b"\r\n\r\n")[0])
                chosen = self._line.breaks
                meant = chosen is not None and piece.startswith(chosen.request)
                self._broken = chosen if meant else None
                self._left = chosen.after if meant and chosen else 0
            if self._broken and not self._broken.of_reply and self._count(piece):
                break
            if not _sent(self._far, piece):
                break
        _end(self._near, self._far)

    def down(self) -> None:
        for piece in _pieces(self._far):
            if self._line.reply_bytes_a_second:
                time.sleep(len(piece) / self._line.reply_bytes_a_second)
            if self._broken and self._broken.of_reply and self._count(piece):
                break
            if not _sent(self._near, piece):
                break
        _end(self._near, self._far)

    def _count(self, piece: bytes) -> bool:
        """Whether the line breaks here."""
        self._left -= len(piece)
        if self._left > 0 or not self._broken:
            return False
        self._line.breaks = None
        self._broken.happened.set()
        self._line.cut(stays=self._broken.stays)
        return True


def _pieces(source: socket.socket):
    while True:
        try:
            piece = source.recv(CHUNK)
        except OSError:
            return
        if not piece:
            return
        yield piece


def _sent(to: socket.socket, piece: bytes) -> bool:
    try:
        to.sendall(piece)
    except OSError:
        return False
    return True


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
