"""Reading a form without trusting its sender: few parts, short texts, files counted as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

__all__ = ["chunks", "fields", "form"]

MAX_TEXT_BYTES = 256 * 1024  # of one part that is not a file
MAX_PARTS = 32
_READ = 256 * 1024  # bytes


@asynccontextmanager
async def form(request: Request) -> AsyncIterator[FormData]:
    """The form of a request, urlencoded or multipart; its temporary files go at the end of the block.

    The size of the whole is bounded by the server (`Dialect.body_limit`), which counts while it arrives.

    Raises
    ------
    starlette.exceptions.HTTPException
        400, the form is malformed or has too many parts; 413, it is too large.
    """
    async with request.form(max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=MAX_TEXT_BYTES) as data:
        yield data


async def fields(data: FormData, max_bytes: int) -> Mapping[str, bytes]:
    """Content of each part by name, the first of equal names; at most ``max_bytes + 1`` bytes of each."""
    found: dict[str, bytes] = {}
    for name, part in data.multi_items():
        if name not in found:
            found[name] = await part.read(max_bytes + 1) if isinstance(part, UploadFile) else part.encode()
    return found


async def chunks(part: UploadFile) -> AsyncIterator[bytes]:
    """An uploaded part in pieces."""
    while chunk := await part.read(_READ):
        yield chunk
