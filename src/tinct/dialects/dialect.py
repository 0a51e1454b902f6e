"""A wire format: an application of its own, and what the front has to know of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tinct.backend import Backend
from tinct.dialects.credentials import Credentials
from tinct.dialects.limits import CallLimits
from tinct.errors import TinctError
from tinct.settings import Settings

__all__ = [
    "Claims",
    "Dialect",
    "Words",
    "application",
    "backend_of",
    "dialect_of",
    "handlers",
    "request_id_of",
    "settings_of",
]

Claim = Callable[[HTTPConnection], bool]
Words = Callable[[Request, Exception], Response]
"""The reply to an error: a `TinctError`, an ``HTTPException``, or anything else."""
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def never(connection: HTTPConnection) -> bool:
    """Claims nothing."""
    return False


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Which requests are a wire format's own, in the order in which they count over all wire formats."""

    signature: Claim = never
    """By what only its clients send: a header or a parameter that proves who calls."""
    domain: Claim = never
    """By a host all of whose paths are its own, such as that of a bucket."""
    path: Claim = never
    """By where it goes."""
    host: Claim = never
    """By a host of its API, for paths that nobody knows."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A wire format."""

    name: str
    """Also the ``dialect`` of the jobs that come by it."""
    app: ASGIApp
    """Answers its requests, and words its own errors."""
    claims: Claims
    errors: Words
    """Words what stops a request before its application has it, or breaks the application itself."""
    limits: Callable[[Settings], CallLimits]
    """How much one request may bring, and how often who may call."""
    credentials: Credentials | None = None
    """Keys that its clients need; None where there are none."""


def application(routes: Sequence[BaseRoute], errors: Words) -> Starlette:
    """An application of some routes, all of whose errors are worded by `errors`."""
    app = Starlette(routes=routes, exception_handlers=handlers(errors))
    app.router.redirect_slashes = False
    return app


def handlers(errors: Words) -> dict[int | type[Exception], Handler]:
    """What an application of Starlette or FastAPI takes as ``exception_handlers``.

    What is neither of ours nor HTTP's goes on to the front, which logs it and has `errors` word it.
    """

    async def handle(request: Request, error: Exception) -> Response:
        return errors(request, error)

    async def go_on(request: Request, error: Exception) -> Response:
        raise error

    return {TinctError: handle, HTTPException: handle, Exception: go_on}


def backend_of(connection: HTTPConnection) -> Backend:
    """The services behind the server that took this request."""
    backend: Backend = connection.scope["state"]["backend"]
    return backend


def settings_of(connection: HTTPConnection) -> Settings:
    """The settings of the server that took this request."""
    return backend_of(connection).settings


def dialect_of(connection: HTTPConnection) -> Dialect:
    """The wire format that a request speaks."""
    dialect: Dialect = connection.scope["state"]["dialect"]
    return dialect


def request_id_of(connection: HTTPConnection) -> str:
    """The id under which this request is logged."""
    return str(connection.scope.get("state", {}).get("request_id", ""))
