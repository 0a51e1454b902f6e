"""A whole wire format: the one that docs/adding-a-wire-format.md walks through."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinct.accounts.limits import Window
from tinct.dialects.bodies import json_object
from tinct.dialects.content import link
from tinct.dialects.credentials import API_KEYS
from tinct.dialects.dialect import Claims, Dialect, application, backend_of
from tinct.dialects.guard import admit
from tinct.dialects.limits import CallLimits
from tinct.dialects.refusals import ErrorTable, RefusalError, refusal_headers
from tinct.errors import (
    CreditError,
    FetchError,
    JobMissingError,
    KeyRefusedError,
    ParameterError,
    PhotoError,
    PhotoLimitError,
    RateLimitError,
    TinctError,
)
from tinct.jobs.intake import PhotoRule, Url
from tinct.jobs.job import JobState, Order
from tinct.settings import Settings

# tool -> effect, its parameters, its price in credits
TOOLS: dict[str, tuple[str, dict[str, Any], int]] = {"color": ("colorize", {}, 3), "copy": ("convert", {}, 1)}
PHOTO = PhotoRule(max_bytes=5 * 2**20, formats=frozenset({"jpeg", "png"}), min_side=32)
STATES = {JobState.QUEUED: "waiting", JobState.RUNNING: "working", JobState.SUCCEEDED: "done"}

# error -> HTTP status, code; a class without a row has its parent's, and jobs fail with classes of the same tree
ERRORS = ErrorTable[tuple[int, str]](
    rows={
        PhotoError: (400, "bad_photo"),
        PhotoLimitError: (400, "photo_size"),
        FetchError: (400, "bad_url"),
        ParameterError: (400, "bad_value"),
        JobMissingError: (404, "no_task"),
        KeyRefusedError: (401, "bad_key"),
        CreditError: (402, "no_credits"),
        RateLimitError: (429, "slow_down"),
        Exception: (500, "broken"),
    },
    statuses={404: (404, "no_such_call"), 400: (400, "bad_request")},
)


def words(request: Request, error: Exception) -> Response:
    """Every error of this wire format."""
    status, code = (error.status, error.name) if isinstance(error, RefusalError) else ERRORS.of(error)
    said = error.message if isinstance(error, TinctError) else "Look at the documentation."
    return JSONResponse({"ok": False, "code": code, "why": said}, status, refusal_headers(error))


async def submit(request: Request) -> Response:
    """``POST /toy/tasks`` with ``tool`` and ``photo``, a URL."""
    account = await admit(request, request.headers.get("toy-key"))
    asked = await json_object(request)
    tool, url = asked.get("tool"), asked.get("photo")
    if tool not in TOOLS:
        raise RefusalError(400, "no_tool", f"The tool is one of {', '.join(TOOLS)}.")
    if not isinstance(url, str):
        raise HTTPException(400)
    effect, params, price = TOOLS[tool]
    order = Order(
        account=account.id, effect=effect, params=params, credits=price, discard_inputs=True, dialect="toy"
    )
    done = await backend_of(request).intake.submit(order, {"image": Url(url=url, redirects=0)}, rule=PHOTO)
    return JSONResponse({"ok": True, "task": done.job.id})


async def poll(request: Request) -> Response:
    """``GET /toy/tasks/ID``."""
    account = await admit(request, request.headers.get("toy-key"))
    job = await backend_of(request).jobs.get(account.id, request.path_params["task"])
    if job.state.final and job.state is not JobState.SUCCEEDED:
        raise job.error
    urls = [
        link(request, result.file_id, result.media_type.partition("/")[2], seconds=600)
        for result in job.results
    ]
    return JSONResponse({"ok": True, "state": STATES[job.state], "urls": urls})


def limits(settings: Settings) -> CallLimits:
    """Ten calls a minute from an address, and five with one key."""
    return CallLimits(
        body_bytes=lambda connection: 4096,
        address=Window(10, 60),
        key=Window(5, 60),
        refused=Window(settings.refusals_per_minute, 60, pool="all"),
    )


def signed(connection: HTTPConnection) -> bool:
    """Only this wire format's clients send this header."""
    return "toy-key" in connection.headers


def addressed(connection: HTTPConnection) -> bool:
    """Its paths, for calls without a key."""
    return bool(connection.scope["path"].startswith("/toy/"))


DIALECT = Dialect(
    name="toy",
    app=application([Route("/toy/tasks", submit, methods=["POST"]), Route("/toy/tasks/{task}", poll)], words),
    claims=Claims(signature=signed, path=addressed),
    errors=words,
    limits=limits,
    credentials=API_KEYS,
)
