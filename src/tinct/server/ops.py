"""The server's own pages: health, readiness, metrics, downloads, documentation."""

from __future__ import annotations

import asyncio
import hmac
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tinct.dialects.content import content
from tinct.dialects.dialect import Claims, Dialect, application, backend_of, settings_of
from tinct.dialects.guard import refused
from tinct.dialects.limits import plain
from tinct.dialects.native.errors import words
from tinct.errors import LinkError, TinctError
from tinct.server import docs, studio
from tinct.server.metrics import Metrics

__all__ = ["operations"]

_LINK_S: Final = 3600  # that a browser may keep what a link led to
_READY_S: Final = 2.0  # that the database has to answer in


def operations(metrics: Metrics) -> Dialect:
    """The pages of a server whose counters are `metrics`. Errors are worded as the native API's."""

    async def counters(request: Request) -> Response:
        """Loopback may read them, and whoever has the token."""
        token = settings_of(request).metrics_token
        given = request.headers.get("authorization", "")
        local = request.client is not None and request.client.host in ("127.0.0.1", "::1")
        if not local and not (token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())):
            raise HTTPException(404)
        jobs = backend_of(request).jobs
        text = metrics.text(await jobs.depth(), await jobs.waiting(), await jobs.statistics())
        return Response(text, media_type="text/plain; version=0.0.4")

    routes = (
        Route("/", _front_door),
        Route("/health", _health),
        Route("/ready", _ready),
        Route("/metrics", counters),
        Route("/docs", docs.page),
        Route("/files/{name}", _download),
    )
    return Dialect(
        name="ops",
        app=application(routes, words),
        claims=Claims(signature=_link, path=_claims),
        errors=words,
        limits=plain,
    )


async def _front_door(request: Request) -> Response:
    """Whoever opens the printed address in a browser is led to the studio, a program to the documentation."""
    return RedirectResponse("/studio/" if studio.wanted(request) else "/docs", 307, {"Vary": "Accept"})


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _ready(request: Request) -> Response:
    """Whether this server should get requests: it is not stopping, and its database answers and is whole."""
    if request.state.stopping.is_set():
        return JSONResponse({"status": "stopping"}, 503)
    try:
        async with asyncio.timeout(_READY_S):
            await backend_of(request).database.check()
    except (TinctError, TimeoutError):
        return JSONResponse({"status": "database unavailable"}, 503)
    return JSONResponse({"status": "ready"})


async def _download(request: Request) -> Response:
    """What a signed link leads to; it needs no key."""
    path = request.scope["raw_path"].decode("ascii", "replace")
    backend = backend_of(request)
    try:
        backend.links.check(request.method, path, request.query_params)
    except LinkError:
        await refused(request)
        raise
    file_id, _, _ = request.path_params["name"].partition(".")
    return await content(request, await backend.files.get(None, file_id), max_age_s=_LINK_S)


def _link(connection: HTTPConnection) -> bool:
    """Whether a request follows a signed link; many clients send their key with it."""
    query: bytes = connection.scope["query_string"]
    return (
        connection.scope["path"].startswith("/files/")
        and b"signature=" in query
        and query.startswith(b"expires=")
    )


def _claims(connection: HTTPConnection) -> bool:
    path = connection.scope["path"]
    return path in ("/", "/health", "/ready", "/metrics", "/docs") or path.startswith("/files/")
