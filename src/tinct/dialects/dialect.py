"""What the server needs to know of a wire format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tinct.backend import Backend
from tinct.settings import Settings

__all__ = ["Dialect", "backend_of", "request_id_of", "settings_of"]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A wire format: its routes, and how it says no."""

    name: str
    """Also the ``dialect`` of the jobs that come by it."""
    routes: Sequence[BaseRoute]
    """Where it listens."""
    claims: Callable[[HTTPConnection], bool]
    """Whether a request is its own; decides who answers it, and who words an error."""
    render: Callable[[Request, Exception], Response]
    """The reply to an error: a `TinctError`, an ``HTTPException``, or anything else."""
    body_limit: Callable[[str, str, Settings], int]
    """Most bytes of a request's body, by method and path."""


def backend_of(connection: HTTPConnection) -> Backend:
    """The services behind the server that took this request."""
    backend: Backend = connection.app.state.backend
    return backend


def settings_of(connection: HTTPConnection) -> Settings:
    """The settings of the server that took this request."""
    settings: Settings = connection.app.state.settings
    return settings


def request_id_of(connection: HTTPConnection) -> str:
    """The id under which this request is logged."""
    return str(connection.scope.get("state", {}).get("request_id", ""))
