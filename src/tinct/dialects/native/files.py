"""Uploads and downloads."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from tinct.accounts.limits import Window
from tinct.dialects import bodies
from tinct.dialects.content import content, unchanged
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.guard import refused
from tinct.dialects.native import wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.records import file_record
from tinct.dialects.native.replies import BINARY, PREVIEW, REFUSALS
from tinct.errors import LinkError, ParameterError
from tinct.jobs.declarations import Declaration

__all__ = ["KEPT_S", "FileId", "router"]

router = APIRouter(prefix="/v1/files", tags=["Files"], responses=REFUSALS)

FileId = Annotated[str, Path(max_length=100, description="Id of a file.")]

KEPT_S: Final = 86_400
"""Seconds that a browser may keep a preview."""
_BYTES = {"type": "string", "format": "binary"}
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": _BYTES},
            "image/*": {"schema": _BYTES},
            "video/*": {"schema": _BYTES},
            "application/json": {"schema": wire.Declaration.model_json_schema()},
        },
    }
}
_SENT: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"*/*": {"schema": _BYTES}}},
    "security": [],
}


@router.post("", status_code=201, response_model=wire.File, openapi_extra=_UPLOAD)
async def upload(
    request: Request,
    account: Caller,
    name: Annotated[str | None, Query(max_length=255, description="File name, for a raw upload.")] = None,
) -> wire.File:
    """Upload a photo or a clip: the raw bytes as the body, or the part ``file`` of a form.

    It is stored while it arrives and checked before it is accepted; what it is, its content decides. With a JSON body
    it is only declared: the reply has its id, and an ``upload_url`` to which the bytes are then sent.
    """
    files, most = backend_of(request).files, settings_of(request).max_upload_bytes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        declared = await backend_of(request).declarations.declare(account.id, await _declaration(request))
        return file_record(request, declared)
    if kind != "multipart/form-data":
        stored = await files.put(
            account.id, request.stream(), name=name, max_bytes=most, accepted="photos and clips"
        )
        return file_record(request, stored)
    async with bodies.form(request) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise ParameterError("file", None, "a file, as the part called file")
        stored = await files.put(
            account.id,
            bodies.chunks(part),
            name=name or part.filename,
            max_bytes=most,
            accepted="photos and clips",
        )
    return file_record(request, stored)


async def _declaration(request: Request) -> Declaration:
    """What a JSON body says of a file; read no further than it may be long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > bodies.MAX_TEXT_BYTES:
            raise HTTPException(
                413,
                f"The declaration is larger than {bodies.MAX_TEXT_BYTES} bytes, the most that is accepted.",
            )
    try:
        return Declaration(**wire.Declaration.model_validate_json(body).model_dump())
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


@router.put("/{file_id}/content", response_class=Response, openapi_extra=_SENT)
async def send(
    request: Request,
    file_id: FileId,
    expires: Annotated[str, Query(max_length=20, description="As in the link.")],
    signature: Annotated[str, Query(max_length=100, description="As in the link.")],
) -> Response:
    """Send the bytes of a declared file to its ``upload_url``, whatever the headers; again, until a job names it."""
    backend = backend_of(request)
    path = request.scope["raw_path"].decode("ascii", "replace")
    try:
        backend.links.check("PUT", path, {"expires": expires, "signature": signature})
    except LinkError:
        await refused(request)
        raise
    most = settings_of(request).max_upload_bytes
    file = await backend.declarations.send(file_id, request.stream(), max_bytes=most)
    return Response(status_code=200, headers={"ETag": f'"{file.etag}"'})


@router.get("", response_model=wire.FileList)
async def list_files(
    request: Request,
    account: Caller,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[wire.Text | None, Query(max_length=100)] = None,
) -> wire.FileList:
    """The account's files, uploads and results, newest first."""
    found, next_cursor = await backend_of(request).files.list(account.id, limit=limit, cursor=cursor)
    return wire.FileList(files=[file_record(request, file) for file in found], next_cursor=next_cursor)


@router.get("/{file_id}", response_model=wire.File)
async def get_file(request: Request, account: Caller, file_id: FileId) -> wire.File:
    """What is known of a file, and a fresh link to it."""
    return file_record(request, await backend_of(request).files.find(account.id, file_id))


@router.get("/{file_id}/content", response_class=Response, responses=BINARY)
async def get_content(request: Request, account: Caller, file_id: FileId) -> Response:
    """The bytes of a file; ranges, ``If-None-Match`` and ``If-Range`` are obeyed."""
    return await content(request, await backend_of(request).files.get(account.id, file_id))


@router.get("/{file_id}/preview", response_class=Response, responses=PREVIEW)
async def get_preview(
    request: Request,
    account: Caller,
    file_id: FileId,
    side: Annotated[int, Query(ge=16, le=8192, description="Most pixels of the longer side.")] = 1200,
) -> Response:
    """A small picture of a photo, or of a clip's first frame, that every browser shows: JPEG, or PNG where it is clear.

    Upright, in sRGB, without metadata; no credit is taken. Not larger than the server's `TINCT_PREVIEW_SIDE`, and no
    more in a minute than `TINCT_PREVIEWS_PER_MINUTE`. The same file and side give the same picture: keep it.
    """
    backend, settings = backend_of(request), settings_of(request)
    file = await backend.files.get(account.id, file_id)
    side = min(side, settings.preview_side)
    headers = {"ETag": f'"{file.etag}-{side}"', "Cache-Control": f"private, max-age={KEPT_S}, immutable"}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    await backend.limits.take(f"native:previews:{account.id}", Window(settings.previews_per_minute, 60.0))
    made = await backend.previews.of(file, side)
    headers |= {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(made.name, safe='')}",
    }
    return Response(made.data, headers=headers, media_type=made.media_type)


@router.delete("/{file_id}", status_code=204)
async def delete_file(request: Request, account: Caller, file_id: FileId) -> None:
    """Delete a file at once."""
    await backend_of(request).files.delete(account.id, file_id)
