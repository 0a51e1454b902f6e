"""Reading a body without trusting its sender: forms of few parts and short texts, JSON of little depth."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tinct.storage.blobs import store_errors

__all__ = ["MAX_TEXT_BYTES", "chunks", "fields", "form", "json_object", "json_value"]

MAX_TEXT_BYTES = 256 * 1024  # of one part that is not a file
MAX_PARTS = 32
MAX_DEPTH = 32  # of nested lists and objects in JSON
_SHORT_BYTES = 16 * 1024  # of JSON that is parsed within a millisecond
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_READ = 256 * 1024  # bytes


@asynccontextmanager
async def form(request: Request) -> AsyncIterator[FormData]:
    """The form of a request, urlencoded or multipart; its temporary files go at the end of the block.

    The size of the whole is bounded by the server (`Dialect.body_limit`), which counts while it arrives.

    Raises
    ------
    starlette.exceptions.HTTPException
        400, the form is malformed, has too many parts, or holds a NUL character in a text, which no database text can;
        413, it is too large.
    StorageFullError, StorageAwayError
        There is no room for its files.
    """
    with store_errors():  # files go through the system's temporary folder
        data = await request.form(max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=MAX_TEXT_BYTES)
    try:
        if any("\0" in text for pair in data.multi_items() for text in pair if isinstance(text, str)):
            raise HTTPException(400, "The form holds a NUL character in a name or a text; remove it.")
        yield data
    finally:
        await data.close()


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


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object that is a request's body, whatever its content type says. Raises as `json_value`.

    The size of the whole is bounded by the wire format's `body_bytes`, which counts while it arrives.
    """
    found = await json_value(await request.body())
    if not isinstance(found, dict):
        raise HTTPException(400, "The body is no JSON object; send one.")
    return found


async def json_value(text: bytes) -> Any:
    """A value from JSON; a long text is read beside the event loop, so that nobody waits for it.

    Raises
    ------
    starlette.exceptions.HTTPException
        400, it is no JSON (RFC 8259: no NaN, no infinity), nested too deeply, or holds a NUL character, which no
        database text can.
    """
    return await asyncio.to_thread(_json, text) if len(text) > _SHORT_BYTES else _json(text)


def _json(text: bytes) -> Any:
    if _depth(text) > MAX_DEPTH:
        raise HTTPException(400, f"The JSON is nested too deeply; allowed: {MAX_DEPTH} levels.")
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not valid JSON; send an object.") from None
    if b"\\u0000" in text.lower():
        raise HTTPException(400, "The JSON holds a NUL character; remove it.")
    return found


def _depth(text: bytes) -> int:
    """Greatest depth of brackets outside of strings; of what is no JSON, some number."""
    depth = most = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", text)):
        depth += 1 if bracket[0] in b"[{" else -1
        most = max(most, depth)
    return most


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
