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
from tinct.jobs.catalogue import facts
from tinct.jobs.files import File
from tinct.jobs.job import Inputs, JobState

__all__ = ["collected"]

_RESULT = re.compile(r"(job_[0-9a-z]{26})(?:/(\d{1,4}))?", re.ASCII)
_URL = re.compile(r"https?://", re.IGNORECASE)


@asynccontextmanager
async def collected(
    request: Request,
    account: str,
    effect: str,
    references: Mapping[str, str | list[str]],
    parts: Mapping[str, list[UploadFile]],
) -> AsyncIterator[tuple[Inputs, list[str]]]:
    """File ids by input name, and those of them that were made for this request.

    The latter are deleted again if the block raises.

    Raises
    ------
    ParameterError
        There is no such effect, a reference is of no known kind, or an input came both as a part and as a reference.
    TinctError
        What fetching, storing or finding raises.
    """
    made: list[str] = []
    lists = {item.name for item in facts(effect).inputs if item.most > 1}
    try:
        found: dict[str, str | tuple[str, ...]] = {}
        for name, some in parts.items():
            if name in references:
                raise ParameterError(name, "a part and a reference", "one of the two")
            ids = []
            for part in some:
                file = await backend_of(request).files.put(account, chunks(part), name=part.filename)
                made.append(file.id)
                ids.append(file.id)
            found[name] = tuple(ids) if len(ids) > 1 or name in lists else ids[0]
        for name, named in references.items():
            if isinstance(named, str):
                found[name] = await _named(request, account, name, named, made)
            else:
                found[name] = tuple([await _named(request, account, name, each, made) for each in named])
        yield found, made
    except Exception:
        await discard(request, account, made)
        raise


async def _named(request: Request, account: str, name: str, reference: str, made: list[str]) -> str:
    """The file that a reference leads to; one that is fetched for it is noted in `made`."""
    if not _URL.match(reference):
        return await _stored(request, account, name, reference)
    file = await _fetched(request, account, reference)
    made.append(file.id)
    return file.id


async def discard(request: Request, account: str, file_ids: list[str]) -> None:
    """Delete files that were made for nothing."""
    for file_id in file_ids:
        try:
            await backend_of(request).files.delete(account, file_id)
        except TinctError:
            continue  # already gone


async def _fetched(request: Request, account: str, url: str) -> File:
    most = settings_of(request).max_upload_bytes
    async with backend_of(request).fetcher.open(url, max_bytes=most) as answer:
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
