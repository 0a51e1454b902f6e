"""Where an order's photos come from: files, other jobs' results, URLs, parts of the same request."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.datastructures import UploadFile
from starlette.requests import Request

from tinct.dialects.bodies import chunks
from tinct.dialects.dialect import backend_of, settings_of
from tinct.errors import ParameterError, TinctError
from tinct.jobs.files import File
from tinct.jobs.job import JobState

__all__ = ["collected"]

_RESULT = re.compile(r"(job_[0-9a-z]{26})(?:/(\d{1,4}))?", re.ASCII)
_URL = re.compile(r"https?://", re.IGNORECASE)


@asynccontextmanager
async def collected(
    request: Request, account: str, references: Mapping[str, str], parts: Mapping[str, UploadFile]
) -> AsyncIterator[tuple[dict[str, str], list[str]]]:
    """File ids by input name, and those of them that were made for this request.

    The latter are deleted again if the block raises.

    Raises
    ------
    ParameterError
        A reference is of no known kind, or an input came twice.
    TinctError
        What fetching, storing or finding raises.
    """
    made: list[str] = []
    try:
        found: dict[str, str] = {}
        for name, part in parts.items():
            if name in references:
                raise ParameterError(name, "a part and a reference", "one of the two")
            file = await backend_of(request).files.put(account, chunks(part), name=part.filename)
            made.append(file.id)
            found[name] = file.id
        for name, reference in references.items():
            if _URL.match(reference):
                made.append((await _fetched(request, account, reference)).id)
                found[name] = made[-1]
            else:
                found[name] = await _stored(request, account, name, reference)
        yield found, made
    except Exception:
        await discard(request, account, made)
        raise


async def discard(request: Request, account: str, file_ids: list[str]) -> None:
    """Delete files that were made for nothing."""
    for file_id in file_ids:
        try:
            await backend_of(request).files.delete(account, file_id)
        except TinctError:
            continue  # already gone


async def _fetched(request: Request, account: str, url: str) -> File:
    most = settings_of(request).max_upload_bytes
    async with request.app.state.fetcher.open(url, max_bytes=most) as answer:
        name = answer.url.partition("?")[0].rpartition("/")[2]
        return await backend_of(request).files.put(account, answer.chunks, name=name, max_bytes=most)


async def _stored(request: Request, account: str, name: str, reference: str) -> str:
    if reference.startswith("file_"):
        return reference
    result = _RESULT.fullmatch(reference)
    if result is None:
        raise ParameterError(name, reference, "a file id, a job id, <job id>/<n>, or an http(s) URL")
    job = await backend_of(request).jobs.get(account, result[1])
    number = int(result[2] or 0)
    if job.state is not JobState.SUCCEEDED or number >= len(job.results):
        found = f"{reference} ({job.state}, {len(job.results)} results)"
        raise ParameterError(name, found, "a result of a job that succeeded")
    return job.results[number].file_id
