"""Uploads and downloads."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.datastructures import UploadFile

from tinct.dialects import bodies
from tinct.dialects.content import content
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.native import wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.replies import BINARY, REFUSALS
from tinct.errors import ParameterError

__all__ = ["FileId", "router"]

router = APIRouter(prefix="/v1/files", tags=["Files"], responses=REFUSALS)

FileId = Annotated[str, Path(max_length=100, description="Id of a file.")]

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
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post("", status_code=201, response_model=wire.File, openapi_extra=_UPLOAD)
async def upload(
    request: Request,
    account: Caller,
    name: Annotated[str | None, Query(max_length=255, description="File name, for a raw upload.")] = None,
) -> wire.File:
    """Upload a photo: the raw bytes as the body, or the part ``file`` of a form.

    It is stored while it arrives and checked before it is accepted; what it is, its content decides.
    """
    files, most = backend_of(request).files, settings_of(request).max_upload_bytes
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        stored = await files.put(account.id, request.stream(), name=name, max_bytes=most)
        return wire.file_record(request, stored)
    async with bodies.form(request) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise ParameterError("file", None, "a file, as the part called file")
        stored = await files.put(account.id, bodies.chunks(part), name=name or part.filename, max_bytes=most)
    return wire.file_record(request, stored)


@router.get("", response_model=wire.FileList)
async def list_files(
    request: Request,
    account: Caller,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[wire.Text | None, Query(max_length=100)] = None,
) -> wire.FileList:
    """The account's files, uploads and results, newest first."""
    found, next_cursor = await backend_of(request).files.list(account.id, limit=limit, cursor=cursor)
    return wire.FileList(files=[wire.file_record(request, file) for file in found], next_cursor=next_cursor)


@router.get("/{file_id}", response_model=wire.File)
async def get_file(request: Request, account: Caller, file_id: FileId) -> wire.File:
    """What is known of a file, and a fresh link to it."""
    return wire.file_record(request, await backend_of(request).files.get(account.id, file_id))


@router.get("/{file_id}/content", response_class=Response, responses=BINARY)
async def get_content(request: Request, account: Caller, file_id: FileId) -> Response:
    """The bytes of a file; ranges, ``If-None-Match`` and ``If-Range`` are obeyed."""
    return await content(request, await backend_of(request).files.get(account.id, file_id))


@router.delete("/{file_id}", status_code=204)
async def delete_file(request: Request, account: Caller, file_id: FileId) -> None:
    """Delete a file at once."""
    await backend_of(request).files.delete(account.id, file_id)
