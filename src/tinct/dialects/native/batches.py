"""Jobs that belong together: all their results as one file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from tinct.dialects.content import part_of
from tinct.dialects.dialect import backend_of
from tinct.dialects.native import wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.replies import REFUSALS, ZIP
from tinct.storage.chunks import begun

__all__ = ["router"]

router = APIRouter(prefix="/v1/batches", tags=["Jobs"], responses=REFUSALS)


@router.get("/{batch}/results.zip", response_class=Response, responses=ZIP)
async def get_results(
    request: Request,
    account: Caller,
    batch: Annotated[str, Path(pattern=wire.BATCH, description="As in the orders.")],
    role: Annotated[list[wire.Text] | None, Query(description="Only results of these roles.")] = None,
) -> Response:
    """All results of a batch that are there now, as a ZIP that is written while it is sent.

    Files are called after the photos they were made from. The same results give the same bytes, so a download that
    broke off goes on by `Range` and `If-Range`.
    """
    archives = backend_of(request).archives
    archive = await archives.of_batch(account.id, batch, roles=role or ())
    etag = f'"{archive.etag}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{batch}.zip"',
    }
    part = part_of(request, archive.size, etag, headers)
    if isinstance(part, Response):
        return part
    stream = await begun(archives.stream(archive, part.start, part.end))
    return StreamingResponse(stream, status_code=part.status, headers=headers, media_type="application/zip")
