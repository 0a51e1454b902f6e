"""A job's changes as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tinct.dialects.dialect import backend_of
from tinct.dialects.native.records import job_record
from tinct.jobs.job import Job

__all__ = ["REPLIES", "done_before", "stream"]

REPLIES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The events.", "content": {"text/event-stream": {}}}
}
"""What the stream looks like, for the API's documentation."""


def stream(request: Request, account: str, job_id: str, after: int) -> Response:
    """The events of a job after the revision `after`, as they come."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _lines(request, account, job_id, after), headers=headers, media_type="text/event-stream"
    )


async def _lines(request: Request, account: str, job_id: str, after: int) -> AsyncIterator[str]:
    yield ": connected\n\n"
    jobs = backend_of(request).jobs
    async for job in _until(jobs.events(account, job_id, after), request.state.closing):
        if job is None:
            yield ": still there\n\n"
        else:
            record = job_record(request, job, await jobs.position(job))
            yield f"id: {job.revision}\nevent: job\ndata: {record.model_dump_json()}\n\n"


async def _until(snapshots: AsyncIterator[Job | None], closing: asyncio.Event) -> AsyncIterator[Job | None]:
    """What comes, until the server closes."""
    while True:
        step = asyncio.ensure_future(anext(snapshots, ...))
        if not await done_before(step, closing) or (job := step.result()) is ...:
            return
        yield job


async def done_before(step: asyncio.Future[Any], over: asyncio.Event) -> bool:
    """Whether `step` is done before `over` is set; otherwise it is cancelled."""
    ending = asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({step, ending}, return_when=asyncio.FIRST_COMPLETED)
        return step.done()
    finally:
        ending.cancel()
        if not step.done():
            step.cancel()
            await asyncio.gather(step, return_exceptions=True)
