"""The calls: which one a request makes, whose it is, and its reply. Each generation is a record, for its own limits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinct.accounts.limits import Window
from tinct.dialects.dialect import Claims, Dialect, application, backend_of, settings_of
from tinct.dialects.limits import CallLimits
from tinct.dialects.refusals import refusal_headers
from tinct.dialects.youcam import files, styles, tasks, units, wire
from tinct.dialects.youcam.auth import CREDENTIALS, caller, sign_in
from tinct.dialects.youcam.errors import Generation, refusal
from tinct.dialects.youcam.tool import Tool
from tinct.dialects.youcam.tools import RESERVED, find
from tinct.settings import Settings

__all__ = ["DIALECTS"]

_HOSTS: Final = ("yce-api-01.perfectcorp.com", "yce-api-01.makeupar.com")
_JSON_BYTES: Final = 2**20
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}
_PATH: Final = re.compile(r"/s2s/v(1\.[01]|2\.[01])/(.+?)/?")
_SLUG: Final = re.compile(r"[a-z0-9/-]{1,40}")
_LINKS: Final = (files.UPLOADS, files.DOWNLOADS, styles.THUMBS)


async def _answer(request: Request) -> Response:
    path = request.url.path
    for start, methods, serve in (
        (files.UPLOADS, ("PUT",), files.upload),
        (files.DOWNLOADS, ("GET", "HEAD"), files.download),
        (styles.THUMBS, ("GET", "HEAD"), styles.thumb),
    ):
        if path.startswith(start):
            if request.method == "OPTIONS":
                return files.preflight()
            _only(request, *methods)
            reply = await serve(request, path.removeprefix(start))
            reply.headers.update(files.CORS)
            return reply
    if request.method == "OPTIONS" and (allowed := _allowed_origin(request)):
        return Response(status_code=204, headers=allowed | _PREFLIGHT)
    found = _PATH.fullmatch(path)
    if found is None:
        raise HTTPException(404, "There is no such call.")
    version, rest = f"v{found[1]}", found[2]
    said = await (_older if version < "v2" else _newer)(request, version, rest)
    return JSONResponse(said, headers=_allowed_origin(request))


async def _older(request: Request, version: str, rest: str) -> dict[str, Any]:
    """v1.0, and v1.1 for files and tasks."""
    area, _, name = rest.partition("/")
    if area == "client" and version == "v1.0":
        return await _client(request, name)
    if area == "file" and name:
        _file_slug(name)
        _only(request, "POST")
        who = await caller(request, newer=False)
        return wire.replied("result", await files.declare(request, who.account, version))
    if area != "task":
        raise HTTPException(404, "There is no such call.")
    for start, told in (("style-group/", styles.groups), ("style/", styles.styles)):
        if name.startswith(start):
            return wire.replied("result", await _listed(request, name.removeprefix(start), "v1", told))
    tool = _tool(name, "v1")
    _only(request, "POST", "GET")
    if request.method == "POST":
        return wire.replied("result", await _run(request, tool, "v1"))
    return await _polled(request, tool, request.query_params.get("task_id", ""), "v1")


async def _run(request: Request, tool: Tool, version: str) -> dict[str, Any]:
    async with backend_of(request).jobs.turns:
        who = await caller(request, newer=version != "v1")
    return await tasks.run(request, who.account, tool, version)


async def _polled(request: Request, tool: Tool, task_id: str, generation: Generation) -> dict[str, Any]:
    """A poll, which counts from its arrival on, however long it waits for its answer."""
    with backend_of(request).jobs.leases.waiting(task_id):
        who = await caller(request, newer=generation == "v2")
        return await tasks.poll(request, who.account, tool, task_id, generation)


async def _client(request: Request, name: str) -> dict[str, Any]:
    if name == "auth":
        _only(request, "POST")
        return wire.replied("result", await sign_in(request))
    if name not in ("credit", "credit/history"):
        raise HTTPException(404, "There is no such call.")
    _only(request, "GET")
    who = await caller(request, newer=False)
    if name == "credit":
        return {"status": 200, "results": await units.balance(request, who)}
    return wire.replied("result", await units.history(request, who))


async def _newer(request: Request, version: str, rest: str) -> dict[str, Any]:
    """v2.0 and v2.1."""
    area, _, name = rest.partition("/")
    if area == "file":
        if name:
            _file_slug(name)
        _only(request, "POST")
        who = await caller(request, newer=True)
        return wire.replied("data", await files.declare(request, who.account, version))
    if rest == "credit/feature-cost":
        _only(request, "GET")
        await caller(request, newer=True)
        return wire.replied("result", units.costs(request))
    if area != "task":
        raise HTTPException(404, "There is no such call.")
    if name.startswith("template/"):
        slug = name.removeprefix("template/")
        return wire.replied("data", await _listed(request, slug, version, styles.templates))
    if name == "delete":
        _only(request, "POST")
        await tasks.delete(request, (await caller(request, newer=True)).account)
        return {"status": 200}
    if find(name) is not None:
        tool = _tool(name, version)
        _only(request, "POST", "GET")
        if request.method == "POST":
            return wire.replied("data", await _run(request, tool, version))
        task_id = request.query_params.get("task_id", "")
    else:
        slug, _, task_id = name.rpartition("/")
        tool = _tool(slug, version)
        _only(request, "GET")
    return await _polled(request, tool, task_id, "v2")


async def _listed(
    request: Request, slug: str, version: str, told: Callable[[Request, Tool], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    tool = _tool(slug, version)
    if not tool.lists(version[:2]):
        raise HTTPException(404, "There is no such list.")
    _only(request, "GET")
    await caller(request, newer=version != "v1")
    return await told(request, tool)


def _tool(slug: str, version: str) -> Tool:
    tool = find(slug)
    if tool is None or slug.partition("/")[0] in RESERVED or tool.form(version) is None:
        raise HTTPException(404, "There is no such tool.")
    return tool


def _file_slug(name: str) -> None:
    """Files are bound to no tool, so that any name of one will do."""
    if not _SLUG.fullmatch(name):
        raise HTTPException(404, "There is no such tool.")


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        allowed = ", ".join(methods)
        message = f"{request.method} is not taken here; allowed: {allowed}"
        raise HTTPException(405, message, {"Allow": allowed})


def _allowed_origin(request: Request) -> dict[str, str]:
    """What lets the page read the reply that calls; empty for pages of other origins than the settings'."""
    origin, allowed = request.headers.get("origin", ""), settings_of(request).youcam_cors
    if not origin or not allowed & {origin.lower(), "*"}:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _words(request: Request, error: Exception) -> Response:
    found, headers = refusal(error), refusal_headers(error) | _allowed_origin(request)
    if request.url.path.startswith(_LINKS):
        headers |= files.CORS
    return JSONResponse(wire.refused(found), found.status, headers)


# -- what the front has to know --------------------------------------------------------------------


def _claims(version: str) -> Claims:
    def ours(connection: HTTPConnection) -> bool:
        path: str = connection.scope["path"]
        newer = path.startswith("/s2s/v2")
        return path.startswith("/s2s/") and newer is (version == "v2")

    def host(connection: HTTPConnection) -> bool:
        name = connection.headers.get("host", "").partition(":")[0].lower()
        return version == "v1" and name in _HOSTS

    return Claims(path=ours, host=host)


def _body_bytes(connection: HTTPConnection) -> int:
    if not connection.scope["path"].startswith(files.UPLOADS):
        return _JSON_BYTES
    return min(files.MAX_BYTES, settings_of(connection).max_photo_bytes)


def _exempt(connection: HTTPConnection) -> bool:
    return bool(connection.scope["path"].startswith(_LINKS))


def _limits(
    address: Callable[[Settings], str], token: Callable[[Settings], str]
) -> Callable[[Settings], CallLimits]:
    def limits(settings: Settings) -> CallLimits:
        return CallLimits(
            body_bytes=_body_bytes,
            address=_window(address(settings)),
            token=_window(token(settings)),
            refused=Window(settings.refusals_per_minute, 60, pool="all"),
            exempt=_exempt,
        )

    return limits


def _window(text: str) -> Window | None:
    """A window of the settings' ``calls/seconds``; None for 0 calls."""
    calls, _, seconds = text.partition("/")
    return Window(int(calls), float(seconds)) if int(calls) else None


_APP: Final = application([Route("/{path:path}", _answer, methods=_METHODS)], _words)

DIALECTS: Final = (
    Dialect(
        name="youcam",
        app=_APP,
        claims=_claims("v1"),
        errors=_words,
        limits=_limits(
            lambda settings: settings.youcam_address_calls, lambda settings: settings.youcam_token_calls
        ),
        credentials=CREDENTIALS,
    ),
    Dialect(
        name="youcam-v2",
        app=_APP,
        claims=_claims("v2"),
        errors=_words,
        limits=_limits(
            lambda settings: settings.youcam_v2_address_calls, lambda settings: settings.youcam_v2_key_calls
        ),
    ),
)
"""YouCam's API: both generations, by one application."""
