"""Jobs: submit, look, wait, follow, cancel, delete."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.native import callbacks, events, ordering, wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.inputs import sources
from tinct.dialects.native.records import job_record
from tinct.dialects.native.replies import REFUSALS
from tinct.jobs.intake import PhotoRule
from tinct.jobs.job import Job, JobState, Order

__all__ = ["router"]

router = APIRouter(prefix="/v1/jobs", tags=["Jobs"], responses=REFUSALS)

JobId = Annotated[str, Path(max_length=100, description="Id of a job.")]


@router.post(
    "",
    status_code=202,
    response_model=wire.Job,
    responses={200: {"model": wire.Job, "description": "The idempotency key was known; this is its job."}},
    openapi_extra=ordering.BODY,
)
async def submit(
    request: Request,
    response: Response,
    account: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="Same key, same order: the same job, for a day."),
    ] = None,
) -> wire.Job:
    """Order an effect. Photos are named by file id, job id or URL, or come as parts of a form.

    With a form, the part `order` holds the order as JSON and every other part is a photo, called as the
    input it is for.
    """
    async with ordering.read(request) as (order, parts):
        submission = await backend_of(request).intake.submit(
            Order(
                account=account.id,
                effect=order.effect,
                params=order.params,
                format=order.format,
                quality=order.quality,
                priority=wire.PRIORITIES[order.priority],
                deadline_s=order.deadline_s,
                callbacks=await callbacks.wanted(backend_of(request), account.id, order.callback_url),
                idempotency_key=idempotency_key,
                batch=order.batch,
            ),
            sources(order.effect, order.inputs, parts),
            rule=PhotoRule(max_bytes=settings_of(request).max_upload_bytes),
        )
    if submission.replayed:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/v1/jobs/{submission.job.id}"
    return await _record(request, submission.job)


@router.get("", response_model=wire.JobList)
async def list_jobs(
    request: Request,
    account: Caller,
    state: Annotated[list[wire.State] | None, Query(description="Only these states.")] = None,
    effect: Annotated[wire.Text | None, Query(max_length=100, description="Only this effect.")] = None,
    batch: Annotated[str | None, Query(pattern=wire.BATCH, description="Only this batch.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
) -> wire.JobList:
    """The account's jobs, newest first. Places in the queue are not counted here; ask for one job."""
    page = await backend_of(request).jobs.list(
        account.id,
        states=[JobState(name) for name in state or ()],
        effect=effect,
        batch=batch,
        limit=limit,
        cursor=cursor,
    )
    return wire.JobList(jobs=[job_record(request, job) for job in page.jobs], next_cursor=page.next_cursor)


@router.get("/{job_id}", response_model=wire.Job)
async def get_job(
    request: Request,
    account: Caller,
    job_id: JobId,
    wait: Annotated[
        float, Query(ge=0, le=3600, description="Seconds to wait for the end; the server may cut it short.")
    ] = 0,
) -> wire.Job:
    """A job, now or as soon as it has ended."""
    jobs, most = backend_of(request).jobs, settings_of(request).max_wait_s
    if wait:
        waiting = asyncio.ensure_future(jobs.wait(account.id, job_id, min(wait, most)))
        if await events.done_before(waiting, request.state.stopping):  # else another server can be asked
            return await _record(request, waiting.result())
    return await _record(request, await jobs.get(account.id, job_id))


@router.get("/{job_id}/events", response_class=Response, responses=events.REPLIES)
async def follow(
    request: Request,
    account: Caller,
    job_id: JobId,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^[0-9]{1,18}$", description="Go on after this event.")
    ] = None,
) -> Response:
    """Follow a job as server-sent events: one `job` event per change, until it has ended.

    The id of an event is the job's revision; a comment every 15 seconds keeps the
    connection open.
    """
    await backend_of(request).jobs.get(account.id, job_id)
    return events.stream(request, account.id, job_id, int(last_event_id or 0))


@router.post("/{job_id}/cancel", response_model=wire.Job)
async def cancel(request: Request, account: Caller, job_id: JobId) -> wire.Job:
    """Cancel a job. It costs nothing; one that has ended stays as it is."""
    return await _record(request, await backend_of(request).jobs.cancel(account.id, job_id))


@router.delete("/{job_id}", status_code=204)
async def delete(request: Request, account: Caller, job_id: JobId) -> None:
    """Cancel a job if it has not ended, and remove it with its results."""
    await backend_of(request).jobs.delete(account.id, job_id)


async def _record(request: Request, job: Job) -> wire.Job:
    return job_record(request, job, await backend_of(request).jobs.position(job))
