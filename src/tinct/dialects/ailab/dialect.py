"""The endpoints: submit, poll by task id, poll by request id, balance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tinct.accounts.credential import Account
from tinct.dialects import bodies
from tinct.dialects.ailab import form, wire
from tinct.dialects.ailab.auth import Caller, addressed, caller, signed, vendor_host
from tinct.dialects.ailab.errors import AilabError, refusal
from tinct.dialects.content import link
from tinct.dialects.credentials import API_KEYS
from tinct.dialects.dialect import Claims, Dialect, application, backend_of, request_id_of
from tinct.dialects.guard import admit
from tinct.dialects.limits import CallLimits, usual
from tinct.dialects.refusals import refusal_headers
from tinct.errors import JobMissingError, KeyRefusedError, RateLimitError
from tinct.jobs.intake import Source, Upload
from tinct.jobs.job import FINAL, Job, JobState, Order
from tinct.settings import Settings

__all__ = ["DIALECT"]

_DAY = timedelta(hours=24)
_TASK_KEPT = _DAY  # how long a task id answers after the job ended
_REQUEST_KEPT = timedelta(minutes=30)  # the same for a request id
_TYPE = "HD_COLOUR_MIGRATION"
_TASK, _REQUEST = "ailab.task_id", "ailab.request_id"
_BODY_BYTES = 4 * form.MAX_FILE_BYTES  # both files, or one that is too large and still gets the right answer

Handler = Callable[[Request, Account, Caller], Awaitable[dict[str, Any]]]


async def _submit(request: Request, account: Account, who: Caller) -> dict[str, Any]:
    async with bodies.form(request) as data:
        ask = form.parse(await bodies.fields(data, form.MAX_FILE_BYTES), listed=who.listed)
    request_id, task = uuid4(), wire.task_id(datetime.now(UTC), uuid4())
    order = Order(
        account=account.id,
        effect="migrate",
        params=ask.params,
        format="png",
        keep_results_s=_DAY.total_seconds(),
        discard_inputs=True,
        dialect=DIALECT.name,
        aliases={_TASK: task, _REQUEST: str(request_id).upper()},
    )
    sources: dict[str, Source | Sequence[Source]] = {
        "image": Upload(chunks=ask.image, name="image", field="image")
    }
    if ask.reference is not None:
        sources["reference"] = Upload(chunks=ask.reference, name="ref", field="ref")
    await backend_of(request).intake.submit(order, sources, rule=form.PHOTO)
    return wire.submitted(request_id, task, current=ask.current, listed=who.listed)


async def _task(request: Request, account: Account, who: Caller) -> dict[str, Any]:
    job = await _find(request, account, _TASK, _query(request, "task_id"), _TASK_KEPT)
    if job.state in FINAL and job.state is not JobState.SUCCEEDED:
        raise job.error
    return wire.task_result(uuid4(), job.state, _urls(request, job), listed=who.listed)


async def _request(request: Request, account: Account, who: Caller) -> dict[str, Any]:
    kind = _query(request, "type")
    if kind != _TYPE:
        raise AilabError("ERROR_INVALID_PARAMETER", f"type is {kind[:40]!r}; allowed: {_TYPE}.")
    job = await _find(request, account, _REQUEST, _query(request, "job_id").upper(), _REQUEST_KEPT)
    return wire.job_result(uuid4(), job.state, _urls(request, job))


async def _credits(request: Request, account: Account, who: Caller) -> dict[str, Any]:
    balance = await backend_of(request).credits.balance(account.id)
    return wire.credits(uuid4(), balance, account.created_at)


def _query(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if value is None:
        raise AilabError("MISSING_PARAMETERS", f"{name} is missing from the query.")
    if not value.strip():
        raise AilabError("PARAMETERS_CANNOT_EMPTY", f"{name} is empty.")
    return value.strip()


async def _find(request: Request, account: Account, kind: str, value: str, kept: timedelta) -> Job:
    unknown = AilabError("ERROR_INVALID_PARAMETER", "There is no such job, or its result is no longer kept.")
    try:
        job = await backend_of(request).jobs.find(account.id, kind, value)
    except JobMissingError:
        raise unknown from None
    if job.finished_at and datetime.now(UTC) - job.finished_at > kept:
        raise unknown
    return job


def _urls(request: Request, job: Job) -> list[str]:
    seconds = _DAY.total_seconds()
    if job.results_expire_at:
        seconds = max((job.results_expire_at - datetime.now(UTC)).total_seconds(), 0)
    return [link(request, result.file_id, "png", seconds=seconds) for result in job.results]


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        who = caller(request.url.path, request.headers)
        account = await admit(request, who.key)
        return JSONResponse(await handler(request, account, who))

    return endpoint


def _words(request: Request, error: Exception) -> Response:
    who, headers = caller(request.url.path, request.headers), refusal_headers(error)
    if who.listed and isinstance(error, KeyRefusedError):
        return JSONResponse(wire.gateway("Invalid API key. Send a good one as X-RapidAPI-Key."), 401, headers)
    if who.listed and isinstance(error, RateLimitError):
        return JSONResponse(wire.gateway(error.message), 429, headers)
    found = refusal(error)
    return JSONResponse(wire.envelope(UUID(request_id_of(request)), found), found.status, headers)


def _limits(settings: Settings) -> CallLimits:
    return usual(settings, lambda connection: _BODY_BYTES)


_SUBMIT, _POLL_TASK = _endpoint(_submit), _endpoint(_task)
_POLL_REQUEST, _BALANCE = _endpoint(_request), _endpoint(_credits)

_ROUTES: tuple[BaseRoute, ...] = (
    Route("/api/image/effects/image-hd-color-migration", _SUBMIT, methods=["POST"]),
    Route("/image/effects/image-hd-color-migration", _SUBMIT, methods=["POST"]),
    Route("/api/common/query-async-task-result", _POLL_TASK, methods=["GET"]),
    Route("/api/rapidapi/query-async-task-result", _POLL_TASK, methods=["GET"]),
    Route("/api/image/asyn-task-results", _POLL_REQUEST, methods=["GET"]),
    Route("/image/get_async_job_result", _POLL_REQUEST, methods=["GET"]),
    Route("/api/common/query-credits", _BALANCE, methods=["GET"]),
)

DIALECT = Dialect(
    name="ailab",
    app=application(_ROUTES, _words),
    claims=Claims(signature=signed, path=addressed, host=vendor_host),
    errors=_words,
    limits=_limits,
    credentials=API_KEYS,
)
"""AILabTools' HD colour migration."""
