"""The API put together: its application, what is its own, and its limits."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from tinct.dialects.credentials import API_KEYS
from tinct.dialects.dialect import Claims, Dialect, handlers
from tinct.dialects.limits import CallLimits, usual
from tinct.dialects.native import about, batches, callbacks, faces, files, jobs, looks, sessions
from tinct.dialects.native.described import Described
from tinct.dialects.native.errors import words
from tinct.errors import TinctError
from tinct.settings import Settings

__all__ = ["APP", "DIALECT"]

_PARTS = (
    about.router,
    files.router,
    faces.router,
    jobs.router,
    batches.router,
    looks.router,
    callbacks.router,
    sessions.router,
)
_AROUND_BYTES = 64 * 1024  # of a form, beside its photos

_DESCRIPTION = (
    "Recolour, colour and retouch photos. Every effect is reached by the same four calls: upload a photo, "
    "submit a job, get the job, download its results."
)


def _words(request: Request, error: Exception) -> Response:
    """As `words`; where the method is wrong, all right ones are named, not only those of the first route that fits."""
    response = words(request, error)
    if response.status_code == 405:
        routes = [route for part in _PARTS for route in part.routes if isinstance(route, APIRoute)]
        here = [route.methods or set() for route in routes if route.path_regex.match(request.url.path)]
        response.headers["Allow"] = ", ".join(sorted(set().union(*here)))
    return response


def _application() -> FastAPI:
    words_of = handlers(_words)
    app = Described(
        title="Tinct",
        version="1",
        summary="A photo-colour server.",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=words_of | {RequestValidationError: words_of[TinctError]},
    )
    for part in _PARTS:
        app.include_router(part)
    return app


def _claims(connection: HTTPConnection) -> bool:
    path: str = connection.scope["path"]
    return path.startswith("/v1/") or path == "/openapi.json"


def _limits(settings: Settings) -> CallLimits:
    def body_bytes(connection: HTTPConnection) -> int:
        path, form = connection.scope["path"], connection.headers.get("content-type", "").lower()
        brings = path == "/v1/files" or (path == "/v1/jobs" and form.startswith("multipart/form-data"))
        sends = connection.scope["method"] == "PUT" and path.startswith("/v1/files/")
        if sends or (connection.scope["method"] == "POST" and brings):
            return settings.max_upload_bytes + _AROUND_BYTES
        return settings.max_body_bytes

    return usual(settings, body_bytes, headers=True)


APP = _application()
DIALECT = Dialect(
    name="native",
    app=APP,
    claims=Claims(path=_claims),
    errors=_words,
    limits=_limits,
    credentials=API_KEYS,
)
"""Tinct's own API."""
