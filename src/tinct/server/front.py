"""The outermost layer of the server: who answers, request ids, body limits, logs, metrics, the last word on errors."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import Message, Receive, Scope, Send

from tinct import logs
from tinct.backend import Backend
from tinct.dialects import guard
from tinct.dialects.dialect import Dialect, request_id_of
from tinct.errors import TinctError
from tinct.server.address import client_address
from tinct.server.metrics import Metrics
from tinct.server.routing import chosen

__all__ = ["Front"]

_log = logging.getLogger(__name__)
_DRAINED_BYTES = 8 * 2**20  # read and dropped after a refusal, so that the sender reads the reply
_DRAINED_S = 2.0
_CLIENT_GONE = 499  # logged where the client left before a reply; the number that nginx made usual


class Front:
    """An ASGI application that hands each request to the wire format whose it is.

    Parameters
    ----------
    backend : Backend
        Open, and it stays so.
    dialects : sequence of Dialect
        The last takes what none claims.
    metrics : Metrics
    """

    def __init__(self, backend: Backend, dialects: Sequence[Dialect], metrics: Metrics) -> None:
        self._backend, self._settings = backend, backend.settings
        self._dialects, self._metrics = dialects, metrics
        self.stopping = asyncio.Event()
        """Set it when no more requests should be sent here."""
        self.closing = asyncio.Event()
        """Set it to end replies that would go on for ever."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return
        headers, connection = Headers(scope=scope), HTTPConnection(scope)
        scope["client"] = self._client(connection)
        state = scope.setdefault("state", {})
        state |= {
            "request_id": str(uuid4()),
            "backend": self._backend,
            "stopping": self.stopping,
            "closing": self.closing,
        }
        state["dialect"] = dialect = chosen(self._dialects, connection)
        body = _Body(receive, dialect.limits(self._settings).body_bytes(connection), headers)
        reply = _Reply(send, connection, body)
        began = time.perf_counter()
        try:
            await self._serve(dialect, scope, body, reply)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.request(dialect.name, scope["method"], reply.status, seconds)
            logs.event(
                _log,
                "request",
                request_id=state["request_id"],
                dialect=dialect.name,
                method=scope["method"],
                path=scope["path"],
                status=reply.status,
                bytes_in=body.received,
                bytes_out=reply.sent,
                ms=round(seconds * 1000, 1),
                account=state.get("account"),
            )

    def _client(self, connection: HTTPConnection) -> tuple[str, int] | None:
        """Who calls, as the rest of the server sees it."""
        if connection.client is None or not self._settings.trusted_proxies:
            return connection.scope.get("client")
        address = client_address(
            connection.client.host,
            connection.headers,
            trusted=self._settings.trusted_proxies,
            header=self._settings.forwarded_header,
        )
        return address, connection.client.port

    async def _serve(self, dialect: Dialect, scope: Scope, body: _Body, reply: _Reply) -> None:
        request = Request(scope, body.receive)
        try:
            with self._backend.jobs.leases.arriving():
                await guard.arrived(request)
            await dialect.app(scope, body.receive, reply.send)
        except asyncio.CancelledError:
            raise
        except ClientDisconnect:
            reply.status = reply.status or _CLIENT_GONE
        except Exception as error:
            if not isinstance(error, TinctError):
                _log.exception("unexpected", extra={"fields": {"request_id": request_id_of(request)}})
            if not reply.status:
                response = dialect.errors(request, error)
                await response(scope, body.receive, reply.send)


class _Body:
    """Counts a request's body as it arrives, and refuses what goes beyond the limit."""

    def __init__(self, receive: Receive, limit: int, headers: Headers) -> None:
        self._receive, self._limit = receive, limit
        declared = headers.get("content-length", "")
        self._declared = int(declared) if declared.isdecimal() and len(declared) < 20 else 0
        self.unread = self._declared > 0 or "transfer-encoding" in headers
        self.received = 0
        self.answered = False

    async def receive(self) -> Message:
        if self._declared > self._limit and not self.answered:
            raise self._refusal()
        message = await self._receive()
        self.unread = message["type"] == "http.request" and message.get("more_body", False)
        self.received += len(message.get("body", b""))
        if self.received > self._limit and not self.answered:
            raise self._refusal()
        return message

    def _refusal(self) -> HTTPException:
        return HTTPException(
            413, f"The body is larger than {self._limit} bytes, the most that is accepted here."
        )

    async def drain(self) -> None:
        """Read on for a moment: a sender whose connection is cut while it sends never sees the reply."""
        until = self.received + _DRAINED_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAINED_S):
                while self.unread and self.received < until:
                    await self.receive()


class _Reply:
    """Adds the headers of every reply, notes what was sent, and ends what is still being sent to us."""

    def __init__(self, send: Send, connection: HTTPConnection, body: _Body) -> None:
        self._send, self._connection, self._body = send, connection, body
        self._closes = False
        self.status = 0
        self.sent = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._body.answered = True
            self._closes = self._body.unread
            self._complete(MutableHeaders(scope=message))
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
            if self._closes and not message.get("more_body", False):
                await self._send({**message, "more_body": True})
                await self._body.drain()
                message = {"type": "http.response.body"}
        await self._send(message)

    def _complete(self, headers: MutableHeaders) -> None:
        headers["X-Request-Id"] = request_id_of(self._connection)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if self._closes:
            headers["Connection"] = "close"
        for name, value in guard.rate_headers(self._connection).items():
            headers[name] = value
