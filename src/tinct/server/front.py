"""The outermost layer of the server: request ids, body limits, logs, metrics, and the last word on errors."""

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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tinct import logs
from tinct.accounts.limits import Allowance
from tinct.dialects.dialect import Dialect
from tinct.server.metrics import Metrics
from tinct.settings import Settings

__all__ = ["Front", "dialect_of"]

_log = logging.getLogger(__name__)
_DRAINED_BYTES = 8 * 2**20  # read and dropped after a refusal, so that the sender reads the reply
_DRAINED_S = 2.0
_CLIENT_GONE = 499  # logged where the client left before a reply; the number that nginx made usual


def dialect_of(scope: Scope) -> Dialect:
    """The wire format that a request speaks."""
    dialect: Dialect = scope["state"]["dialect"]
    return dialect


class Front:
    """Wraps the application.

    Parameters
    ----------
    app : ASGI application
    dialects : sequence of Dialect
        The first that claims a request words its errors; the last claims everything.
    """

    def __init__(
        self, app: ASGIApp, dialects: Sequence[Dialect], settings: Settings, metrics: Metrics
    ) -> None:
        self._app, self._dialects, self._settings, self._metrics = app, dialects, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, method, headers = scope["path"], scope["method"], Headers(scope=scope)
        connection = HTTPConnection(scope)
        dialect = next(dialect for dialect in self._dialects if dialect.claims(connection))
        state = scope.setdefault("state", {})
        state |= {"request_id": str(uuid4()), "dialect": dialect}
        limit = dialect.body_limit(method, path, self._settings)
        body = _Body(receive, limit, headers)
        reply = _Reply(send, scope, body)
        began = time.perf_counter()
        try:
            await self._serve(scope, body, reply)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.request(dialect.name, method, reply.status, seconds)
            logs.event(
                _log,
                "request",
                request_id=state["request_id"],
                dialect=dialect.name,
                method=method,
                path=path,
                status=reply.status,
                bytes_in=body.received,
                bytes_out=reply.sent,
                ms=round(seconds * 1000, 1),
                account=state.get("account"),
            )

    async def _serve(self, scope: Scope, body: _Body, reply: _Reply) -> None:
        try:
            await self._app(scope, body.receive, reply.send)
        except asyncio.CancelledError:
            raise
        except ClientDisconnect:
            reply.status = reply.status or _CLIENT_GONE
        except Exception as error:
            _log.exception("unexpected", extra={"fields": {"request_id": scope["state"]["request_id"]}})
            if not reply.status:
                response = dialect_of(scope).render(Request(scope, body.receive), error)
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

    def __init__(self, send: Send, scope: Scope, body: _Body) -> None:
        self._send, self._state, self._body = send, scope["state"], body
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
        headers["X-Request-Id"] = self._state["request_id"]
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if self._closes:
            headers["Connection"] = "close"
        if allowance := self._state.get("allowance"):
            _rate_headers(headers, allowance)


def _rate_headers(headers: MutableHeaders, allowance: Allowance) -> None:
    """The fields of the IETF draft on rate limits, and the older ones that clients know."""
    reset_s = max(round(allowance.reset_s), 0)
    headers["RateLimit-Policy"] = f'"account";q={allowance.limit};w=60'
    headers["RateLimit"] = f'"account";r={allowance.remaining};t={reset_s}'
    headers["RateLimit-Limit"] = str(allowance.limit)
    headers["RateLimit-Remaining"] = str(allowance.remaining)
    headers["RateLimit-Reset"] = str(reset_s)
