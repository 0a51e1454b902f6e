"""The application: wire formats, downloads, health and metrics on one listener."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinct.backend import Backend
from tinct.dialects import downloads
from tinct.dialects.ailab.routes import DIALECT as AILAB
from tinct.dialects.cos.routes import DIALECT as COS
from tinct.dialects.dialect import Dialect, backend_of, settings_of
from tinct.dialects.native.routes import DIALECT as NATIVE
from tinct.dialects.native.routes import ROUTER
from tinct.errors import TinctError
from tinct.net.fetch import Fetcher
from tinct.server import docs
from tinct.server.front import Front, dialect_of
from tinct.server.metrics import Metrics
from tinct.settings import Settings

__all__ = ["DIALECTS", "create_app"]

DIALECTS: Sequence[Dialect] = (COS, AILAB, NATIVE)
"""Every wire format; the last takes what no other claims."""

_DESCRIPTION = (
    "Recolour, colour and retouch photos. Every effect is reached by the same four calls: upload a photo, "
    "submit a job, get the job, download its results."
)


def create_app(settings: Settings, backend: Backend, metrics: Metrics | None = None) -> FastAPI:
    """Build the server on a backend that is open and stays so."""
    app = FastAPI(
        title="Tinct",
        version="1",
        summary="A photo-colour server.",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings, app.state.backend = settings, backend
    app.state.fetcher = Fetcher(settings)
    app.state.metrics = metrics or Metrics()
    app.state.stopping = asyncio.Event()
    app.state.closing = asyncio.Event()
    for kind in (TinctError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _render)
    app.routes.extend(COS.routes)  # before all paths of others: its objects may have any name
    app.include_router(ROUTER)
    for dialect in DIALECTS:
        if dialect not in (NATIVE, COS):
            app.routes.extend(dialect.routes)
    app.routes.extend((*downloads.ROUTES, *_ROUTES))
    app.add_middleware(Front, dialects=DIALECTS, settings=settings, metrics=app.state.metrics)
    return app


async def _render(request: Request, error: Exception) -> Response:
    return dialect_of(request.scope).render(request, error)


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _ready(request: Request) -> Response:
    """Whether this server should get requests: it is not stopping, and its database answers and is whole."""
    if request.app.state.stopping.is_set():
        return JSONResponse({"status": "stopping"}, 503)
    try:
        async with asyncio.timeout(2):
            await backend_of(request).database.check()
    except (TinctError, TimeoutError):
        return JSONResponse({"status": "database unavailable"}, 503)
    return JSONResponse({"status": "ready"})


async def _metrics(request: Request) -> Response:
    """Loopback may read them, and whoever has the token."""
    token = settings_of(request).metrics_token
    given = request.headers.get("authorization", "")
    local = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    if not local and not (token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())):
        raise HTTPException(404)
    jobs = backend_of(request).jobs
    text = request.app.state.metrics.text(await jobs.depth(), await jobs.statistics())
    return Response(text, media_type="text/plain; version=0.0.4")


_ROUTES = (
    Route("/health", _health),
    Route("/ready", _ready),
    Route("/metrics", _metrics),
    Route("/docs", docs.page),
)
